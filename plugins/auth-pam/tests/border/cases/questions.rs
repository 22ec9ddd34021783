//! Questions of PAM modules: the client is refused with the question, and comes again with the answer.

use harness::proc_table::{Process, wait_until};
use harness::{Gate, scratch};
use ovpn_plugin_host::{FuncResult, Login, LoginOutcome};

use crate::dev_log::DevLog;
use crate::stage::{PATIENCE, Stage, deferred, ends, kill9, rejected, user, user_at, user_with};

pub(super) const NO_QUESTION: &str = "no question waits for this answer";

fn stage(options: &[&str]) -> Stage {
    Stage::open(&[&["challenge=yes", "refusal-time=0"], options].concat())
}

/// What the client is asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) flags: String,
    pub(super) text: String,
}

/// The question that a login has led to.
pub(super) fn asked(stage: &Stage, outcome: &LoginOutcome) -> Asked {
    assert!(rejected(outcome), "{outcome}\n{}", stage.log());
    let reason = outcome.reason.clone().unwrap_or_default();
    let parts: Vec<&str> = reason.splitn(5, ':').collect();
    let [crv1, flags, id, _user, text] = parts[..] else {
        panic!("{reason:?} is no question\n{}", stage.log())
    };
    assert_eq!(crv1, "CRV1");
    Asked { id: id.into(), flags: flags.into(), text: text.into() }
}

pub(super) fn ask(stage: &Stage, login: &Login) -> Asked {
    asked(stage, &stage.login(login))
}

/// The same client with the answer.
pub(super) fn answer(login: &Login, id: &str, text: &str) -> Login {
    login.clone().env("password", format!("CRV1::{id}::{text}"))
}

/// Both modes.
pub(super) fn both(login: Login) -> [Login; 2] {
    [login.clone(), deferred(login)]
}

pub(crate) fn questions_are_asked_one_after_the_other() {
    let stage = stage(&[]);
    for login in both(user_with("ask-many", "10")) {
        let mut outcome = stage.login(&login);
        for number in 1..=10 {
            let question = asked(&stage, &outcome);
            assert_eq!(question.text, format!("Message {number} Question {number}:"));
            assert_eq!(question.flags, if number % 2 == 1 { "R" } else { "R,E" });
            outcome = stage.login(&answer(&login, &question.id, &format!("answer {number}")));
        }
        assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    }
    // No question is a failure, and the workers have gone.
    assert!(!stage.log().contains("failed to authenticate"), "{}", stage.log());
    stage.works();
}

pub(crate) fn the_questions_of_one_call_are_asked_one_by_one() {
    let stage = stage(&[]);
    for login in both(user("ask-all")) {
        let mut outcome = stage.login(&login);
        for (number, text) in [
            (1, "text 0 text 1"),
            (2, "text 2"),
            (4, "text 3 text 4"),
            (5, "text 5"),
            (6, "text 6"),
            (8, "text 7 text 8"),
        ] {
            let question = asked(&stage, &outcome);
            assert_eq!(question.text, text);
            outcome = stage.login(&answer(&login, &question.id, &format!("to {number}")));
        }
        assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    }
}

pub(crate) fn more_than_sixteen_questions_are_not_asked() {
    let stage = stage(&[]);
    let login = user_with("ask-many", "17");
    let mut outcome = stage.login(&login);
    for number in 1..=16 {
        let question = asked(&stage, &outcome);
        outcome = stage.login(&answer(&login, &question.id, &format!("answer {number}")));
    }
    assert!(rejected(&outcome) && outcome.reason.is_none(), "{outcome}");
    stage.line("the PAM service asks more than 16 questions");
}

/// Each is refused as any other login, and says the same; the question is still there for the user who was asked.
pub(crate) fn an_answer_that_fits_no_question_is_refused() {
    let stage = stage(&[]);
    let own = user("ask-own").env("common_name", "laptop");
    let question = ask(&stage, &own);
    let other = user("ask-other").env("common_name", "laptop");
    ask(&stage, &other);
    let id = &question.id[..];
    let (upper, long) = (id.to_uppercase(), "a".repeat(3000));
    let mut changed = id.to_string();
    let last = if changed.pop() == Some('0') { '1' } else { '0' };
    changed.push(last);
    for id in
        ["", "1", &id[1..], &changed, &upper, &long, "../../../etc/passwd", "\u{1f511}", "%s%n", "a\n'b"]
    {
        for login in both(answer(&own, id, "answer 1")) {
            stage.refuses(&login, NO_QUESTION);
        }
    }
    for malformed in ["CRV1::", &format!("CRV1::{id}"), &format!("CRV1::{id}:answer 1")] {
        stage.refuses(&own.clone().env("password", malformed), NO_QUESTION);
    }
    for foreign in [
        other.clone(),
        user("ask-own"),
        own.clone().env("common_name", "Laptop"),
        user("ask-Own").env("common_name", "laptop"),
    ] {
        for login in both(answer(&foreign, id, "answer 1")) {
            stage.refuses(&login, NO_QUESTION);
        }
    }
    // The address may be another one. Then it is used up.
    let elsewhere = answer(&own, id, "answer 1").env("untrusted_ip", "198.51.100.9");
    let outcome = stage.login(&elsewhere);
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    for login in both(answer(&own, id, "answer 1")) {
        stage.refuses(&login, NO_QUESTION);
    }
}

pub(crate) fn a_wrong_answer_ends_the_transaction() {
    let stage = stage(&[]);
    for login in both(user("ask-x")) {
        let question = ask(&stage, &login);
        let wrong = answer(&login, &question.id, "hunter2");
        stage.refuses(&wrong, "Authentication failure");
        stage.refuses(&answer(&login, &question.id, "answer 1"), NO_QUESTION);
    }
}

/// A refused answer is as late as a refused password, also one that fits no question; a question is not late.
pub(crate) fn refusals_of_answers_take_their_time() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=1500", "grace=0"]);
    let login = deferred(user("ask-x"));
    let questions: Vec<_> = (0..3).map(|_| stage.login(&login)).collect();
    let quickest = questions.iter().map(|outcome| outcome.took).min();
    let id = asked(&stage, &questions[2]).id;
    let early = std::time::Duration::from_millis(1400);
    for refused in [answer(&login, &id, "wrong"), answer(&login, &id, "wrong"), answer(&login, "x", "wrong")]
    {
        let outcome = stage.login(&refused);
        assert!(rejected(&outcome) && outcome.took > early && outcome.reason.is_none(), "{outcome}");
        assert!(quickest < Some(outcome.took), "{quickest:?}: {outcome}");
    }
}

/// Where passwords only lead to questions, OpenVPN waits for none of them, but for answers.
pub(crate) fn answers_have_a_grace_of_their_own() {
    let stage = Stage::open(&["challenge=yes", "grace=10000"]);
    let login = deferred(user("ask-x"));
    for round in 0..4 {
        // What follows an accepted login within a millisecond is a burst, for which nobody waits.
        std::thread::sleep(std::time::Duration::from_millis(5));
        let outcome = stage.login(&login);
        assert_eq!(outcome.result, FuncResult::Deferred, "{outcome}");
        let outcome = stage.login(&answer(&login, &asked(&stage, &outcome).id, "answer 1"));
        assert!(outcome.accepted(), "{outcome}");
        assert_eq!(outcome.result == FuncResult::Success, round >= 2, "{round}: {outcome}");
    }
}

/// A worker that asks is missing for the next attempt, which shall not wait for a fork.
pub(crate) fn another_worker_is_started_for_one_that_waits() {
    let stage = stage(&[]);
    ask(&stage, &user("ask-x"));
    assert!(wait_until(PATIENCE, || stage.workers().len() == 2), "{:?}", stage.workers());
}

/// The person takes its time, and nobody else waits for that.
pub(crate) fn a_question_holds_no_worker() {
    let stage = stage(&["max-workers=1", "timeout=1"]);
    let gate = Gate::new();
    let login = user("ask-gate");
    let running = stage.start(&deferred(user_at("ask-gate", &gate)));
    let worker = gate.arrival();
    gate.open();
    let first = asked(&stage, &running.finish(PATIENCE));
    stage.works();
    // A login that began later has had all the time that one may take.
    let outcome = stage.login(&user_at("gate-good", &Gate::new()));
    assert!(!outcome.accepted(), "{outcome}\n{}", stage.log());
    stage.works();
    let outcome = stage.login(&answer(&login, &first.id, "answer 1"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    // What has held a question is never used again.
    ends(worker, "a worker that has asked");
}

/// The modules see an end of the conversation, and pam_end is run.
pub(crate) fn a_question_that_nobody_answers_is_given_up() {
    let gate = Gate::new();
    let stage = stage(&["challenge-timeout=1"]);
    let login = user_at("ask-end", &gate);
    let question = ask(&stage, &login);
    let worker = gate.arrival();
    ends(worker, "the worker");
    stage.line("user 'ask-end': the question is given up: no answer came within 1 s");
    stage.refuses(&answer(&login, &question.id, "answer 1"), NO_QUESTION);
    assert!(!stage.log().contains("printed by a PAM module"), "{}", stage.log());
}

pub(crate) fn closing_ends_the_transactions_that_wait() {
    let gate = Gate::new();
    let stage = stage(&[]);
    ask(&stage, &user_at("ask-end", &gate));
    stage.plugin.close();
    gate.arrival();
}

/// Its own end may take a module a moment, also where no other worker is there that would have to be waited for.
pub(crate) fn closing_leaves_time_for_the_end_of_what_waits() {
    let gate = Gate::new();
    let stage = stage(&["max-workers=1"]);
    ask(&stage, &user_at("ask-slow-end", &gate));
    // The one that took its place dies at once.
    assert!(wait_until(PATIENCE, || stage.workers().len() == 2), "{:?}", stage.workers());
    stage.plugin.close();
    gate.arrival();
}

/// However many: of one user and source two, and over all as many as there may be.
pub(crate) fn abandoned_questions_are_bounded() {
    let stage = stage(&["max-suspended=4", "max-workers=1"]);
    let honest = user("ask-honest");
    let question = ask(&stage, &honest);
    for number in 0..60 {
        let login = user(&format!("ask-{}", number % 20)).env("untrusted_ip", "198.51.100.9");
        ask(&stage, &login);
    }
    // Those that are given up need a moment to leave.
    let few = || stage.workers().len() <= 5;
    assert!(wait_until(PATIENCE, few), "{:?}", stage.workers());
    stage.line("the question is given up: too many questions wait for an answer (see max-suspended)");
    assert!(stage.login(&answer(&honest, &question.id, "answer 1")).accepted(), "{}", stage.log());
    stage.works();
}

pub(crate) fn a_third_question_of_a_user_gives_up_the_first() {
    let stage = stage(&[]);
    // With other passwords: with the same one it is the same question.
    let login = user("ask-x");
    let ids: Vec<String> =
        (0..3).map(|number| ask(&stage, &user_with("ask-x", &format!("{number}"))).id).collect();
    stage.refuses(&answer(&login, &ids[0], "answer 1"), NO_QUESTION);
    for id in &ids[1..] {
        assert!(stage.login(&answer(&login, id, "answer 1")).accepted(), "{}", stage.log());
    }
}

/// A client that has lost the connection meanwhile gets no second message with another code.
pub(crate) fn a_client_that_comes_again_is_asked_the_same() {
    let stage = stage(&[]);
    let others = [user_with("ask-x", "other"), user("ask-x").env("common_name", "other")];
    for (login, other) in both(user("ask-x")).into_iter().zip(others) {
        let question = ask(&stage, &login);
        let again = ask(&stage, &login.clone().env("untrusted_port", "40001"));
        assert_eq!((&question.id, &question.text), (&again.id, &again.text));
        assert_ne!(ask(&stage, &other).id, question.id);
        assert!(stage.login(&answer(&login, &again.id, "answer 1")).accepted(), "{}", stage.log());
        // It is good once, and the next login is another transaction.
        stage.refuses(&answer(&login, &question.id, "answer 1"), NO_QUESTION);
        let next = ask(&stage, &login);
        assert_ne!(next.id, question.id);
        assert!(stage.login(&answer(&login, &next.id, "answer 1")).accepted(), "{}", stage.log());
    }
}

pub(crate) fn a_worker_that_dies_while_it_waits_costs_its_question_only() {
    let stage = stage(&[]);
    let gate = Gate::new();
    let login = user("ask-gate");
    let running = stage.start(&deferred(user_at("ask-gate", &gate)));
    let worker = gate.arrival();
    gate.open();
    let question = asked(&stage, &running.finish(PATIENCE));
    kill9(worker);
    stage.line("user 'ask-gate': the worker that waited for an answer was killed by SIGKILL");
    stage.refuses(&answer(&login, &question.id, "answer 1"), NO_QUESTION);
    let login = user("ask-x");
    let question = ask(&stage, &login);
    assert!(stage.login(&answer(&login, &question.id, "answer 1")).accepted(), "{}", stage.log());
}

pub(crate) fn a_supervisor_that_dies_takes_the_questions_along() {
    let stage = stage(&[]);
    let login = user("ask-x");
    let question = ask(&stage, &login);
    let (workers, supervisor) = (stage.workers(), stage.supervisor());
    kill9(supervisor);
    stage.next_supervisor(supervisor);
    workers.into_iter().for_each(|worker| ends(worker, "a worker"));
    stage.refuses(&answer(&login, &question.id, "answer 1"), NO_QUESTION);
    let question = ask(&stage, &login);
    assert!(stage.login(&answer(&login, &question.id, "answer 1")).accepted(), "{}", stage.log());
}

/// Without the option nothing is asked, and a password may begin like an answer.
pub(crate) fn nothing_is_asked_unless_the_administrator_wants_it() {
    let stage = Stage::open(&["refusal-time=0"]);
    let outcome = stage.refuses(&user_with("ask-x", "CRV1::a::b"), "Authentication failure");
    assert_eq!(outcome.reason, None);
    let outcome = stage.login(&user_with("ask-x", "answer 1"));
    assert!(outcome.accepted(), "the second prompt gets the password too: {outcome}\n{}", stage.log());
}

/// Guesses at an answer count like guesses at a password, and questions that nobody answers do not.
pub(crate) fn wrong_answers_slow_their_source_down_and_questions_do_not() {
    let stage = stage(&[]);
    for _ in 0..15 {
        ask(&stage, &user("ask-forgetful"));
    }
    stage.works_from("203.0.113.1");
    let guesser = user("ask-x").env("IV_PROTO", "990");
    let open = ask(&stage, &user("ask-late"));
    for number in 0..10 {
        let question = ask(&stage, &guesser);
        // The same each time: the code could have become the right one.
        let _ = number;
        stage.refuses(&answer(&guesser, &question.id, "guess"), "Authentication failure");
    }
    let outcome = stage.refuses(&guesser, "too many failed logins from this address");
    assert!(outcome.reason.unwrap_or_default().starts_with("TEMP["), "no temporary failure");
    // A user who was asked before is let in all the same, and that opens the source again.
    assert!(stage.login(&answer(&user("ask-late"), &open.id, "answer 1")).accepted(), "{}", stage.log());
    stage.works();
}

/// What a person types is in no log, whatever comes of it.
pub(crate) fn nothing_that_is_typed_is_logged() {
    let stage = Stage::open_with(&[("verb", "11")], &["challenge=yes", "refusal-time=0"]);
    for login in both(user_with("ask-many", "2")) {
        let question = ask(&stage, &login);
        let question = ask(&stage, &answer(&login, &question.id, "answer 1"));
        let id = question.id.clone();
        assert!(rejected(&stage.login(&answer(&login, &id, "hunter2"))));
        assert!(rejected(&stage.login(&answer(&login, &id, "hunter2"))));
        assert!(rejected(&stage.login(&answer(&login, "hunter2", "hunter2"))));
        let log = stage.log();
        assert!(!log.contains("answer 1") && !log.contains("hunter2") && !log.contains(&id), "{log}");
    }
    stage.line("prompt 'Question 1: ' (Hidden input) is asked");
}

pub(crate) fn a_question_has_an_audit_line_of_its_own() {
    let log = DevLog::open();
    let stage = Stage::open(&["challenge=yes", "syslog=auth", "refusal-time=0"]);
    let login = user("ask-x");
    let question = ask(&stage, &login);
    log.wait_for("login challenged: address=192.0.2.7 port=40000");
    stage.line("BACKGROUND: user 'ask-x': the client was asked a question (192.0.2.7:40000");
    stage.refuses(&answer(&login, "x", "y"), NO_QUESTION);
    log.wait_for("login not decided: address=192.0.2.7 port=40000");
    stage.refuses(&answer(&login, &question.id, "wrong"), "Authentication failure");
    log.wait_for("login rejected: address=192.0.2.7 port=40000");
}

/// A front that was taken over gains nothing by answers without questions: they are held only in bounded number.
pub(crate) fn a_flood_of_answers_does_not_fill_the_memory() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=30000"]);
    stage.works();
    for number in 0..20_000u32 {
        let name = format!("u{number}");
        let none = crate::raw::field(b"");
        let names = [&[1, 0][..], &crate::raw::field(name.as_bytes()), &none, &none].concat();
        let blocks = crate::raw::blocks(&crate::raw::block(), &crate::raw::client());
        let packet = [
            &[1][..],
            &(1000 + u64::from(number)).to_le_bytes(),
            &[1, 0],
            &names,
            &crate::raw::origin(b""),
            &blocks,
        ]
        .concat();
        while crate::raw::try_send(&packet) == Err(nix::errno::Errno::EAGAIN) {
            std::thread::yield_now();
        }
    }
    stage.line("too many logins are waiting");
    stage.works();
    let rss = Process::look(stage.supervisor()).map(|_| memory(stage.supervisor())).unwrap_or_default();
    assert!(rss < 32 * 1024, "{rss} KiB");
}

fn memory(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(u64::MAX)
}

/// Pairs: `ASK` asks without the option, and what somebody types is never whom PAM checks.
pub(crate) fn a_pair_may_ask() {
    let scratch = scratch::Scratch::new();
    let place = crate::stage::place();
    let file = std::fs::read_to_string(place.join("border")).unwrap();
    scratch.write("pairs", &file, 0o644);
    let open = |pairs: &[&str]| Stage::open_pairs(scratch.path(), "pairs", &["refusal-time=0"], pairs);
    let stage = open(&["login", "USERNAME", "password", "PASSWORD", "question", "answer {ASK}"]);
    let login = user("ask-x");
    let question = ask(&stage, &login);
    assert_eq!(question.text, "Message 1 Question 1:");
    assert!(stage.login(&answer(&login, &question.id, "1")).accepted(), "{}", stage.log());
    stage.works();
    drop(stage);
    let stage = open(&["login", "ASK", "password", "PASSWORD"]);
    let question = ask(&stage, &user("alice"));
    assert_eq!(question.flags, "R,E");
    stage.refuses(
        &answer(&user("alice"), &question.id, "good"),
        "accepted another user than the one who logs in",
    );
}
