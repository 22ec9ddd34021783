//! Questions of PAM modules to clients that can be asked while their login is pending.

use std::time::{Duration, Instant};

use harness::Gate;
use harness::management::base64;
use harness::proc_table::wait_until;
use ovpn_plugin_host::{Call, Client, FuncResult, Login, RunningLogin, Verdict};

use crate::stage::{PATIENCE, Stage, become_nobody, deferred, kill9, rejected, user, user_at, user_with};

const CLIENT_CRRESPONSE: i32 = 15;

fn stage(options: &[&str]) -> Stage {
    Stage::open(&[&["refusal-time=0", "grace=0"], options].concat())
}

/// OpenVPN waits for PAM's question, which is quick, and a question costs the whole wait.
fn patient() -> Stage {
    stage(&["challenge=yes", "question-wait=1000"])
}

pub(super) fn crtext(login: Login) -> Login {
    deferred(login).env("IV_SSO", "openurl,crtext")
}

pub(super) fn start(client: &Client<'_>, login: &Login) -> RunningLogin {
    client.start_login(login).unwrap_or_else(|error| panic!("{error}"))
}

/// The client answers.
pub(super) fn answer(client: &Client<'_>, text: &str) -> FuncResult {
    answer_raw(client, &base64(text.as_bytes()))
}

fn answer_raw(client: &Client<'_>, text: &str) -> FuncResult {
    let call = Call::new(CLIENT_CRRESPONSE).env("crresponse", text).env("username", "somebody else");
    client.call(&call).unwrap_or_else(|error| panic!("{error}")).result
}

pub(crate) fn a_question_that_is_known_is_asked_at_once() {
    let stage = patient();
    become_nobody();
    for (text, verdict) in
        [("answer 1", Verdict::Accepted), ("answer 2", Verdict::Rejected), ("", Verdict::Rejected)]
    {
        let client = stage.plugin.client();
        let login = start(&client, &crtext(user("ask-x")));
        assert_eq!(login.result, FuncResult::Deferred, "{}", stage.log());
        // When PAM has asked, and so that the password was right, must not show in how long the server stands still.
        assert!(login.blocked() >= Duration::from_secs(1), "{:?}", login.blocked());
        assert_eq!(
            login.files.pending_text().as_deref(),
            Some("130\ncrtext\nCR_TEXT:R:Message 1 Question 1:\n")
        );
        assert_eq!(login.files.verdict(), None);
        assert_eq!(answer(&client, text), FuncResult::Success);
        assert_eq!(answer(&client, text), FuncResult::Error, "a second answer");
        assert_eq!(login.finish(PATIENCE).verdict, Some(verdict), "{}", stage.log());
    }
    stage.line("user 'ask-x' failed to authenticate: Authentication failure");
}

/// Only the first one: then OpenVPN does not read the file any more.
pub(crate) fn a_further_question_makes_the_client_come_again() {
    let stage = patient();
    let client = stage.plugin.client();
    let login = crtext(user_with("ask-many", "2"));
    let first = start(&client, &login);
    assert_eq!(answer(&client, "answer 1"), FuncResult::Success);
    let outcome = first.finish(PATIENCE);
    assert!(rejected(&outcome), "{outcome}");
    let reason = outcome.reason.unwrap_or_default();
    let id = reason.split(':').nth(2).unwrap_or_default();
    assert!(reason.starts_with("CRV1:R,E:") && reason.ends_with(":Message 2 Question 2:"), "{reason}");
    let again = login.env("password", format!("CRV1::{id}::answer 2"));
    assert!(start(&stage.plugin.client(), &again).finish(PATIENCE).accepted(), "{}", stage.log());
}

/// By the configuration, by the client, or because there is too much to ask.
pub(crate) fn who_cannot_be_asked_at_once_comes_again() {
    for (options, login) in [
        (&["challenge=yes"][..], crtext(user("ask-x"))),
        (&["challenge=yes", "question-wait=1000"], deferred(user("ask-x"))),
        (&["challenge=yes", "question-wait=1000"], deferred(user("ask-x")).env("IV_SSO", "crtex,webauth")),
        (&["challenge=yes", "question-wait=1000"], user("ask-x").env("IV_SSO", "crtext")),
        (&["challenge=yes", "question-wait=1000"], crtext(user("ask-long"))),
        (&["challenge=Your code:"], deferred(user("ask-x"))),
    ] {
        let stage = stage(options);
        let outcome = start(&stage.plugin.client(), &login).finish(PATIENCE);
        assert!(rejected(&outcome) && outcome.pending.is_none(), "{options:?}: {outcome}\n{}", stage.log());
        assert!(outcome.reason.unwrap_or_default().starts_with("CRV1:R:"), "{options:?}");
    }
}

/// The answer comes before or after PAM has asked.
pub(crate) fn a_question_can_be_asked_before_pam_does() {
    let stage = stage(&["challenge=Your code:"]);
    for early in [true, false] {
        for (text, verdict) in [("answer 1", Verdict::Accepted), ("no", Verdict::Rejected)] {
            let gate = Gate::new();
            let client = stage.plugin.client();
            let login = start(&client, &crtext(user_at("ask-gate", &gate)));
            assert_eq!(login.files.pending_text().as_deref(), Some("130\ncrtext\nCR_TEXT:R:Your code:\n"));
            gate.arrival();
            if early {
                assert_eq!(answer(&client, text), FuncResult::Success);
                gate.open();
            } else {
                stage.plugin.clear_log();
                gate.open();
                stage.line("the client was asked a question");
                assert_eq!(answer(&client, text), FuncResult::Success);
            }
            assert_eq!(login.finish(PATIENCE).verdict, Some(verdict), "{early}: {}", stage.log());
        }
    }
    // PAM need not ask: then its verdict counts.
    for (name, accepted) in [("good", true), ("nothing", false)] {
        let login = start(&stage.plugin.client(), &crtext(user(name)));
        assert!(login.files.pending_text().is_some());
        assert_eq!(login.finish(PATIENCE).accepted(), accepted);
    }
}

/// PAM asks later than the client answers, as for a name that has an account: how much later must not show in the refusal. So
/// a client that answers in between is refused after it.
pub(crate) fn an_early_answer_is_refused_as_late_as_any() {
    const REFUSAL_TIME: Duration = Duration::from_secs(2);
    // Longer than what is added at random.
    const LATER: Duration = REFUSAL_TIME.checked_div(3).unwrap();
    let stage = Stage::open(&["refusal-time=2000", "grace=0", "challenge=Your code:"]);
    let gate = Gate::new();
    let (early_client, late_client) = (stage.plugin.client(), stage.plugin.client());
    let late = start(&late_client, &crtext(user("ask-x")));
    stage.line("user 'ask-x': the client was asked a question");
    let early = start(&early_client, &crtext(user_at("ask-gate", &gate)));
    gate.arrival();
    let answered = Instant::now();
    assert_eq!(answer(&early_client, "no"), FuncResult::Success);
    std::thread::sleep(LATER);
    assert_eq!(answer(&late_client, "no"), FuncResult::Success);
    std::thread::sleep(LATER);
    gate.open();
    let refused_at = |login: &RunningLogin| {
        let verdict = login.files.wait_for_verdict(PATIENCE);
        assert_eq!(verdict, Some(Verdict::Rejected), "{}", stage.log());
        let written = std::fs::metadata(login.files.control()).and_then(|file| file.modified());
        written.unwrap_or_else(|error| panic!("{error}"))
    };
    let early = refused_at(&early);
    assert!(answered.elapsed() >= REFUSAL_TIME, "{:?}", answered.elapsed());
    // Written later, or so soon after it that the clock of files does not tell.
    assert!(early <= refused_at(&late), "it is later by as much as PAM asks later");
}

pub(crate) fn an_answer_that_is_none_refuses_the_login() {
    let stage = patient();
    for bad in ["not base64", &base64(b"a\0b"), &base64(&[b'x'; 4097])] {
        let client = stage.plugin.client();
        let login = start(&client, &crtext(user("ask-x")));
        stage.plugin.clear_log();
        assert_eq!(answer_raw(&client, bad), FuncResult::Error);
        assert_eq!(login.finish(PATIENCE).verdict, Some(Verdict::Rejected));
        stage.line("user 'ask-x' failed to authenticate: the answer is malformed");
        stage.line("the question is given up: the client has disconnected");
    }
    // The longest that is one.
    let client = stage.plugin.client();
    let login = start(&client, &crtext(user("ask-x")));
    assert_eq!(answer(&client, &"x".repeat(4096)), FuncResult::Success);
    assert_eq!(login.finish(PATIENCE).verdict, Some(Verdict::Rejected));
    stage.line("failed to authenticate: Authentication failure");
}

/// Each client answers its own question.
pub(crate) fn an_answer_belongs_to_its_client() {
    let stage = patient();
    let (one, other) = (stage.plugin.client(), stage.plugin.client());
    let login = start(&one, &crtext(user("ask-x")));
    assert_eq!(answer(&other, "answer 1"), FuncResult::Error);
    assert_eq!(login.files.verdict(), None);
    // A login that waits for a person holds up nobody: OpenVPN waits for this one's question too.
    let second = start(&other, &crtext(user("ask-y")));
    assert!(second.files.pending_text().is_some(), "{}", stage.log());
    assert_eq!(answer(&other, "wrong"), FuncResult::Success);
    assert_eq!(second.finish(PATIENCE).verdict, Some(Verdict::Rejected));
    assert_eq!(answer(&one, "answer 1"), FuncResult::Success);
    assert_eq!(login.finish(PATIENCE).verdict, Some(Verdict::Accepted));
}

pub(crate) fn a_client_that_goes_takes_its_question_along() {
    let stage = patient();
    let client = stage.plugin.client();
    let login = start(&client, &crtext(user("ask-x")));
    drop(login);
    stage.line("user 'ask-x': the question is given up: the client has disconnected");
    assert!(wait_until(PATIENCE, || stage.workers().len() <= 1), "{:?}", stage.workers());
    assert_eq!(answer(&client, "answer 1"), FuncResult::Error);
    stage.works();
}

pub(crate) fn a_lost_supervisor_refuses_who_is_being_asked() {
    let stage = patient();
    let client = stage.plugin.client();
    let login = start(&client, &crtext(user("ask-x")));
    kill9(stage.supervisor());
    assert_eq!(login.finish(PATIENCE).verdict, Some(Verdict::Rejected));
    stage.line("user 'ask-x' failed to authenticate: the supervisor is gone");
    assert_eq!(answer(&client, "answer 1"), FuncResult::Error);
}

/// Its worker is killed, or there are too many, or its time is over: OpenVPN does not wait any longer either.
pub(crate) fn who_is_being_asked_learns_when_the_question_is_no_more() {
    let stage = stage(&["challenge=yes", "question-wait=1000", "challenge-timeout=3", "max-suspended=1"]);
    let gate = Gate::new();
    let [one, two] = [stage.plugin.client(), stage.plugin.client()];
    // The gate is open already.
    gate.open();
    let login = start(&one, &crtext(user_at("ask-gate", &gate)));
    assert!(login.files.pending_text().is_some(), "{}", stage.log());
    kill9(gate.arrival());
    assert_eq!(login.finish(PATIENCE).verdict, Some(Verdict::Rejected), "{}", stage.log());
    let pushed_out = start(&one, &crtext(user("ask-x")));
    let login = start(&two, &crtext(user("ask-y")));
    assert_eq!(pushed_out.finish(PATIENCE).verdict, Some(Verdict::Rejected), "{}", stage.log());
    assert_eq!(login.files.verdict(), None);
    assert_eq!(login.finish(PATIENCE).verdict, Some(Verdict::Rejected), "{}", stage.log());
    assert_eq!(answer(&two, "answer 1"), FuncResult::Error);
}
