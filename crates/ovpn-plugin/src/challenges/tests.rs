//! Questions from both sides: what a client is asked, and what its answers are worth.

use super::*;
use crate::testing::{CallData, LoginFiles};
use crate::{ClientCrResponseReply, base64};

const MINUTE: Duration = Duration::from_secs(60);
const QUESTION: &str = "Code:";

fn challenges() -> Challenges<u32> {
    Challenges::new(MINUTE)
}

/// The client of a test: what it is, and what it can do.
#[derive(Clone, Copy)]
struct Client {
    name: &'static str,
    common_name: &'static str,
    address: &'static str,
    methods: &'static str,
}

const JOE: Client = Client { name: "joe", common_name: "laptop", address: "192.0.2.1", methods: "" };
/// The same with a client that can be asked while its login is pending.
const NEW_JOE: Client = Client { methods: "webauth,crtext", ..JOE };

fn call(client: Client, files: &LoginFiles, password: &str) -> CallData {
    let call = files.call().env("username", client.name).env("common_name", client.common_name);
    call.env("untrusted_ip", client.address).env("IV_SSO", client.methods).env("password", password)
}

/// Asks this client; its files have the question.
fn ask(challenges: &Challenges<u32>, client: Client, value: u32, now: Instant) -> LoginFiles {
    let files = LoginFiles::new().unwrap();
    let call = call(client, &files, "secret");
    let event: AuthUserPassVerify<'_> = call.event();
    assert!(matches!(challenges.login_at(&event, now), Login::Begins(login) if login.password_is(b"secret")));
    let Asked::Reply(reply) = challenges.ask_at(&event, QUESTION, true, value, now).unwrap() else {
        panic!("nothing was answered yet");
    };
    match reply {
        AuthReply::RejectWith(rejection) => {
            std::fs::write(files.control_file().with_file_name("reason"), rejection.text(true)).unwrap()
        }
        AuthReply::Pending(pending, _) => {
            std::fs::write(files.control_file().with_file_name("pending"), pending.lines()).unwrap()
        }
        other => panic!("{other:?}"),
    }
    files
}

fn asked_by_rejection(files: &LoginFiles) -> Challenge {
    Challenge::parse(&files.reason()).unwrap().expect("a question")
}

/// Comes again with this password.
fn log_in(challenges: &Challenges<u32>, client: Client, password: &[u8], now: Instant) -> Login<u32> {
    let files = LoginFiles::new().unwrap();
    let password = String::from_utf8(password.to_vec()).unwrap();
    challenges.login_at(&call(client, &files, &password).event(), now)
}

fn respond(
    challenges: &Challenges<u32>,
    client: Client,
    files: &LoginFiles,
    text: &str,
    now: Instant,
) -> Result<Answered<u32>, NotAsked> {
    let call = call(client, files, "").env("crresponse", text);
    challenges.response_at(&call.event(), now)
}

#[test]
fn by_a_rejection_and_a_second_login() {
    let (challenges, now) = (challenges(), Instant::now());
    let question = asked_by_rejection(&ask(&challenges, JOE, 7, now));
    assert_eq!(
        (question.question(), question.username(), question.is_shown()),
        (QUESTION, &b"joe"[..], true)
    );
    assert_eq!(question.state_id().len(), 32);
    let Login::Answered(answered) = log_in(&challenges, JOE, &question.password(b"12:34"), now) else {
        panic!("no answer");
    };
    assert_eq!(
        (answered.question_kind(), answered.round(), *answered.value()),
        (QuestionKind::Dynamic, 1, 7)
    );
    assert!(answered.is(b"12:34") && !answered.is(b"12:35"));
    assert_eq!((answered.answer(), answered.username()), (&b"12:34"[..], &b"joe"[..]));
    assert_eq!(AuthReply::from(answered.accept()), AuthReply::Accept);
    // It counts once.
    assert!(matches!(log_in(&challenges, JOE, &question.password(b"12:34"), now), Login::Refused(_)));
}

#[test]
fn while_the_login_is_pending() {
    let (challenges, now) = (challenges(), Instant::now());
    for accepted in [true, false] {
        let files = ask(&challenges, NEW_JOE, 7, now);
        let pending = Pending::parse(&files.pending()).unwrap();
        assert_eq!((pending.question(), files.reason().as_str()), (Some((QUESTION, true)), ""));
        assert_eq!(files.verdict(), None);
        // OpenVPN knows it by its keys: its address has changed meanwhile, and by `username-as-common-name` its common name.
        let elsewhere = Client { address: "198.51.100.9", common_name: "joe", ..NEW_JOE };
        let answered = respond(&challenges, elsewhere, &files, &base64::encode(b"1234"), now).unwrap();
        assert_eq!(
            (answered.question_kind(), *answered.value(), answered.is(b"1234")),
            (QuestionKind::Pending, 7, true)
        );
        let verdict =
            if accepted { answered.accept() } else { answered.reject_with(Rejection::because("wrong")) };
        assert_eq!(ClientCrResponseReply::from(verdict), ClientCrResponseReply::Done);
        assert_eq!(files.verdict(), Some(accepted));
        assert_eq!(files.reason(), if accepted { "" } else { "wrong" });
        let again = respond(&challenges, NEW_JOE, &files, &base64::encode(b"1234"), now);
        assert_eq!(again.unwrap_err(), NotAsked::NoQuestion);
    }
}

#[test]
fn a_static_challenge_is_answered_already() {
    let (challenges, files) = (challenges(), LoginFiles::new().unwrap());
    let call = call(NEW_JOE, &files, "SCRV1:c2VjcmV0:MTIzNA==");
    let event: AuthUserPassVerify<'_> = call.event();
    let Login::Begins(login) = challenges.login(&event) else { panic!("it begins") };
    assert!(login.password_is(b"secret"));
    let reply = challenges.ask(&event, QUESTION, 7).unwrap().reply(|answered| {
        assert_eq!(
            (answered.question_kind(), *answered.value(), answered.is(b"1234")),
            (QuestionKind::Static, 7, true)
        );
        answered.accept()
    });
    assert_eq!((reply, challenges.open()), (AuthReply::Accept, 0));
}

#[test]
fn the_answer_comes_from_whom_was_asked_in_time() {
    let (challenges, now) = (challenges(), Instant::now());
    let question = asked_by_rejection(&ask(&challenges, JOE, 7, now));
    let password = question.password(b"1234");
    let refused = |client: Client, password: &[u8], now| {
        let Login::Refused(reply) = log_in(&challenges, client, password, now) else { panic!("not refused") };
        reply
    };
    let told = refused(JOE, b"CRV1::00000000000000000000000000000000::1234", now);
    for other in [
        Client { name: "jim", ..JOE },
        Client { common_name: "telephone", ..JOE },
        Client { address: "192.0.2.2", ..JOE },
        Client { address: "", ..JOE },
    ] {
        assert_eq!(refused(other, &password, now), told, "the same words for each reason");
    }
    assert_eq!(refused(JOE, &password, now + MINUTE), told);
    // None of that took it from joe.
    assert!(matches!(log_in(&challenges, JOE, &password, now), Login::Answered(_)));
    assert_eq!(refused(JOE, b"CRV1::x", now), AuthReply::Reject);
}

#[test]
fn from_any_source_if_so_wanted() {
    let (challenges, now) = (challenges().from_any_source(), Instant::now());
    let question = asked_by_rejection(&ask(&challenges, JOE, 7, now));
    let elsewhere = Client { address: "2001:db8::1", ..JOE };
    let another = Client { name: "jim", ..elsewhere };
    assert!(matches!(log_in(&challenges, another, &question.password(b"1"), now), Login::Refused(_)));
    assert!(matches!(log_in(&challenges, elsewhere, &question.password(b"1"), now), Login::Answered(_)));
}

#[test]
fn an_answer_while_pending_belongs_to_its_login() {
    let (challenges, now) = (challenges(), Instant::now());
    let (first, second) = (ask(&challenges, NEW_JOE, 1, now), ask(&challenges, NEW_JOE, 2, now));
    let code = base64::encode(b"1234");
    assert_eq!(*respond(&challenges, NEW_JOE, &second, &code, now).unwrap().value(), 2);
    assert_eq!(second.verdict(), Some(false), "nobody has judged it");
    let jim = Client { name: "jim", ..NEW_JOE };
    assert_eq!(respond(&challenges, jim, &first, &code, now).unwrap_err(), NotAsked::NoQuestion);
    let nobody = LoginFiles::new().unwrap();
    assert_eq!(respond(&challenges, NEW_JOE, &nobody, &code, now).unwrap_err(), NotAsked::NoQuestion);
    assert_eq!(first.verdict(), None);
    assert_eq!(respond(&challenges, NEW_JOE, &first, "no base64", now).unwrap_err(), NotAsked::Malformed);
    assert_eq!(first.verdict(), Some(false));
}

#[test]
fn asked_again_by_a_rejection_whichever_way_it_was_before() {
    let (challenges, now) = (challenges(), Instant::now());
    let files = ask(&challenges, NEW_JOE, 1, now);
    let answered = respond(&challenges, NEW_JOE, &files, &base64::encode(b"wrong"), now).unwrap();
    let verdict = challenges.ask_again_at(answered, "Once more:", false, 2, now).unwrap();
    assert_eq!(ClientCrResponseReply::from(verdict), ClientCrResponseReply::Done);
    assert_eq!(files.verdict(), Some(false));
    let question = asked_by_rejection(&files);
    assert_eq!((question.question(), question.is_shown()), ("Once more:", false));
    let Login::Answered(answered) = log_in(&challenges, NEW_JOE, &question.password(b"1234"), now) else {
        panic!("no answer");
    };
    assert_eq!(
        (answered.question_kind(), answered.round(), *answered.value()),
        (QuestionKind::Dynamic, 2, 2)
    );
    let verdict = challenges.ask_again_at(answered, "And once more:", true, 3, now).unwrap();
    assert!(matches!(AuthReply::from(verdict), AuthReply::RejectWith(_)));
    assert_eq!(challenges.open(), 1);
}

#[test]
fn nobody_is_asked_while_keys_are_renegotiated() {
    let challenges = challenges();
    let login = |state: &str, name: &str| {
        let call = CallData::new().env("username", name).env("password", "token").env("session_state", state);
        match challenges.login(&call.event()) {
            Login::Begins(_) => "begins".to_owned(),
            Login::Renewed => "renewed".to_owned(),
            Login::Refused(AuthReply::RejectWith(rejection)) => rejection.text(true).to_owned(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(login("Initial", "joe"), "begins");
    assert_eq!(login("Authenticated", "joe"), "renewed");
    assert_eq!(login("Expired", "joe"), "SESSION: the token has expired");
    for other in ["Invalid", "AuthenticatedEmptyUser", "ExpiredEmptyUser", "Whatever"] {
        assert_eq!(login(other, "joe"), "SESSION: the token is not valid", "{other}");
    }
    assert_eq!(login("Authenticated", ""), "SESSION: the token is not valid");
}

#[test]
fn there_is_a_bound() {
    let (challenges, now) = (challenges().most(2), Instant::now());
    ask(&challenges, JOE, 1, now);
    let files = ask(&challenges, Client { name: "jim", ..NEW_JOE }, 2, now);
    let full = LoginFiles::new().unwrap();
    let ann = call(Client { name: "ann", ..NEW_JOE }, &full, "secret");
    let reply =
        |now| challenges.ask_at(&ann.event(), QUESTION, true, 3, now).unwrap().reply(Answered::accept);
    let AuthReply::RejectWith(busy) = reply(now) else { panic!("asked") };
    assert!(busy.text(true).starts_with("TEMP["), "{busy:?}");
    // The client of a login that waits is gone: OpenVPN has removed its files.
    std::fs::remove_file(files.control_file()).unwrap();
    assert!(matches!(reply(now), AuthReply::Pending(..)));
}

#[test]
fn the_older_question_of_one_user_gives_way() {
    let (challenges, now) = (challenges(), Instant::now());
    let asked: Vec<_> =
        (0..10).map(|n| ask(&challenges, NEW_JOE, n, now + Duration::from_millis(n.into()))).collect();
    let verdicts: Vec<_> = asked.iter().map(LoginFiles::verdict).collect();
    assert_eq!(verdicts[..2], [Some(false); 2]);
    assert_eq!((verdicts[2..].iter().flatten().count(), challenges.open()), (0, 8));
}

#[test]
fn a_client_is_asked_as_it_can_be() {
    let challenges = challenges();
    let way = |call: &CallData, question: &str| match challenges.ask(&call.event(), question, 1) {
        Ok(Asked::Reply(AuthReply::Pending(..))) => "pending",
        Ok(Asked::Reply(AuthReply::RejectWith(_))) => "dynamic",
        Err(AskError::TooOld) => "too old",
        other => panic!("{other:?}"),
    };
    let files = LoginFiles::new().unwrap();
    let new = call(NEW_JOE, &files, "secret");
    // Longer than what clients show.
    assert_eq!(way(&new, &"q".repeat(231)), "dynamic");
    assert_eq!(way(&new, &"q".repeat(230)), "pending");
    // The control file holds something: who has written it decides.
    std::fs::write(files.control_file(), "1").unwrap();
    assert_eq!(way(&new, QUESTION), "dynamic");
    let old = CallData::new().env("username", "joe").env("IV_SSO", "crtext");
    assert_eq!(way(&old, QUESTION), "too old");
    let error = challenges.ask(&call(JOE, &files, "x").event(), "a\nb", 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot ask the client: the question of a challenge holds a control character"
    );
    assert_eq!(challenges.open(), 3, "no question is kept that was not asked");
}

#[test]
fn an_answer_that_takes_time_is_judged_elsewhere() {
    let (challenges, now) = (challenges(), Instant::now());
    let question = asked_by_rejection(&ask(&challenges, JOE, 7, now));
    let files = LoginFiles::new().unwrap();
    let password = String::from_utf8(question.password(b"1234")).unwrap();
    let call = call(JOE, &files, &password);
    let event: AuthUserPassVerify<'_> = call.event();
    let Login::Answered(answered) = challenges.login_at(&event, now) else { panic!("no answer") };
    let (answered, _deferral) = answered.defer(&event).unwrap();
    std::thread::spawn(move || drop(answered.accept())).join().unwrap();
    assert_eq!(files.verdict(), Some(true));
}

#[test]
fn debug_text_holds_no_secret() {
    let (challenges, now) = (Challenges::<&str>::new(MINUTE), Instant::now());
    let files = LoginFiles::new().unwrap();
    let call = call(NEW_JOE, &files, "SCRV1:c2VjcmV0:aHVudGVyMg==");
    let login = challenges.login_at(&call.event(), now);
    let Asked::Answered(answered) = challenges.ask_at(&call.event(), "x", true, "hunter3", now).unwrap()
    else {
        panic!("answered");
    };
    let text = format!("{challenges:?} {login:?} {answered:?}");
    assert!(!text.contains("hunter") && !text.contains("104, 117") && !text.contains("secret"), "{text}");
}
