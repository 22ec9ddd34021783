//! Questions that reach a client while its login is pending.

use harness::log::Mark;
use harness::needs::Need;
use harness::proc_table::{kill9, wait_gone};
use harness::question::QuestionKind;
use harness::requires;
use harness::{Gate, PATIENCE, Person, ServerConfig};

use crate::stage::{CODE, PASSWORD, QUESTION, Stage, WRONG, asks_for_code};

/// Long enough for a module that asks at once. OpenVPN waits so long for each client that can be asked.
const WAITS: &str = "deferred=yes question-wait=300";

/// The question is known as soon as the password was checked.
#[test]
fn where_the_client_can_be_asked() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    for config in [ServerConfig::dropped, |config: ServerConfig<'static>| config.dropped().chroot()] {
        let stage = Stage::with(WAITS, &asks_for_code(&[]), config);
        let alice = stage.server.person("alice", PASSWORD).announcing("crtext").answers(&[CODE]).start();
        alice.connects();
        let [question] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
        assert_eq!((question.kind, &question.text[..]), (QuestionKind::Pending, QUESTION));
        assert_eq!((question.shown, question.wants_answer), (false, true));
        let alice = stage.server.person("alice", PASSWORD).announcing("crtext").answers(&[WRONG]).start();
        alice.refused();
        assert_eq!(alice.asked().len(), 1);
        // Without the announcement as ever.
        let alice = stage.server.person("alice", PASSWORD).answers(&[CODE]).start();
        alice.connects();
        assert_eq!(alice.asked()[0].kind, QuestionKind::Dynamic);
    }
}

/// Only one can be asked so.
#[test]
fn the_second_question_is_a_dynamic_challenge() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = [
        format!("auth/password={PASSWORD}"),
        format!("auth/ask={QUESTION}"),
        format!("auth/expect={CODE}"),
        "auth/show=Colour:".to_string(),
        "auth/expect=blue".to_string(),
    ];
    let stage = Stage::with(WAITS, &actions, ServerConfig::dropped);
    let alice = stage.server.person("alice", PASSWORD).announcing("crtext").answers(&[CODE, "blue"]).start();
    alice.connects();
    let ways: Vec<QuestionKind> = alice.asked().iter().map(|question| question.kind).collect();
    assert_eq!(ways, [QuestionKind::Pending, QuestionKind::Dynamic]);
}

/// OpenVPN has no answer to wait for.
#[test]
fn never_where_nothing_is_deferred() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("");
    let alice = stage.server.person("alice", PASSWORD).announcing("crtext").answers(&[CODE]).start();
    alice.connects();
    assert_eq!(alice.asked()[0].kind, QuestionKind::Dynamic);
}

/// A module that needs longer than OpenVPN can be kept waiting for: the question comes by a dynamic challenge.
#[test]
fn a_question_that_comes_late() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = asks_for_code(&["auth/sleep=700"]);
    for (options, way) in
        [("deferred=yes", QuestionKind::Dynamic), ("deferred=yes question-wait=2000", QuestionKind::Pending)]
    {
        let stage = Stage::with(options, &actions, ServerConfig::dropped);
        let alice = stage.server.person("alice", PASSWORD).announcing("crtext").answers(&[CODE]).start();
        alice.connects();
        assert_eq!(alice.asked()[0].kind, way, "{options}");
    }
}

/// The administrator knows what is asked: the client is asked at once, before PAM is, and however long that takes.
#[test]
fn before_pam_asks() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = asks_for_code(&["auth/sleep=700"]);
    for config in [ServerConfig::dropped, |config: ServerConfig<'static>| config.dropped().chroot()] {
        let stage = Stage::with("deferred=yes 'challenge=Your code?'", &actions, config);
        let log_in = |password: &str, answer: &str| -> Person {
            stage.server.person("alice", password).announcing("crtext").answers(&[answer]).start()
        };
        let alice = log_in(PASSWORD, CODE);
        alice.connects();
        let [question] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
        assert_eq!((question.kind, &question.text[..]), (QuestionKind::Pending, "Your code?"));
        log_in(PASSWORD, WRONG).refused();
        // Everybody is asked, whatever the password.
        let alice = log_in(WRONG, CODE);
        alice.refused();
        // A client that cannot be asked so is asked by PAM.
        let alice = stage.server.person("alice", PASSWORD).answers(&[CODE]).start();
        alice.connects();
        let [question] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
        assert_eq!((question.kind, &question.text[..]), (QuestionKind::Dynamic, QUESTION));
    }
}

/// The worker that waits for the answer is killed, or its supervisor.
#[test]
fn what_ends_while_the_question_is_open() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let gate = Gate::new();
    let actions = asks_for_code(&[&format!("auth/{}", gate.tell())]);
    let stage = Stage::with(WAITS, &actions, ServerConfig::dropped);
    let ask = || {
        let alice = stage.server.person("alice", PASSWORD).announcing("crtext").start();
        let worker = gate.arrival();
        assert_eq!(alice.question(0).kind, QuestionKind::Pending);
        (alice, worker)
    };
    let (alice, worker) = ask();
    kill9(worker);
    alice.refused();

    let (alice, worker) = ask();
    stage.server.replace_supervisor();
    alice.refused();
    assert!(wait_gone(worker, PATIENCE));

    let (alice, worker) = ask();
    alice.answer(CODE);
    alice.connects();
    assert!(wait_gone(worker, PATIENCE));
}

/// OpenVPN notices a few seconds after its end that a client is gone.
const KEEPALIVE: &str = "keepalive 1 4";

/// A client that is gone answers no more. When OpenVPN has noticed, the question ends: modules get `pam_end`, the
/// worker leaves, and the place is free for somebody else.
#[test]
fn whose_client_is_gone() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let (gate, end) = (Gate::new(), Gate::new());
    let (tell, at_end) = (format!("auth/{}", gate.tell()), format!("auth/alice:{}", end.at_end()));
    for config in [ServerConfig::dropped, |config: ServerConfig<'static>| config.dropped().chroot()] {
        let options = format!("{WAITS} max-suspended=1");
        let stage =
            Stage::with(&options, &asks_for_code(&[&tell, &at_end]), |line| config(line).line(KEEPALIVE));
        let alice = stage.server.person("alice", PASSWORD).announcing("crtext").start();
        let worker = gate.arrival();
        assert_eq!(alice.question(0).kind, QuestionKind::Pending);
        kill9(alice.client().pid());
        assert_eq!(end.arrival(), worker, "pam_end");
        assert!(wait_gone(worker, PATIENCE));
        stage
            .server
            .wait_for(Mark::START, "user 'alice': the question is given up: the client has disconnected");
        let bob = stage.server.person("bob", PASSWORD).announcing("crtext").start();
        gate.arrival();
        assert_eq!(bob.question(0).kind, QuestionKind::Pending);
        bob.answer(CODE);
        bob.connects();
        assert!(!stage.server.log().text().contains("too many questions"), "{}", stage.server.log().text());
    }
}

/// A client that loses the connection and comes back is asked the same. Its answer lets it in, also after OpenVPN has noticed
/// that the first client is gone.
#[test]
fn who_was_gone_and_comes_back() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let gate = Gate::new();
    let actions = asks_for_code(&[&format!("auth/alice:{}", gate.tell())]);
    let stage = Stage::with(WAITS, &actions, |config| config.dropped().line(KEEPALIVE));
    let log_in = |user: &str| {
        let person = stage.server.person(user, PASSWORD).announcing("crtext").start();
        assert_eq!(person.question(0).kind, QuestionKind::Pending);
        person
    };
    let gone = log_in("alice");
    let worker = gate.arrival();
    kill9(gone.client().pid());
    let back = log_in("alice");
    // This one goes later, so that what is said of it comes later.
    kill9(log_in("bob").client().pid());
    stage.server.wait_for(Mark::START, "user 'bob': the question is given up: the client has disconnected");
    back.answer(CODE);
    back.connects();
    assert!(wait_gone(worker, PATIENCE));
}

/// An answer that no question led to.
#[test]
fn answers_of_those_who_were_not_asked() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let gate = Gate::new();
    let actions = asks_for_code(&[&format!("auth/bob:{}", gate.wait())]);
    let stage = Stage::with("deferred=yes", &actions, ServerConfig::dropped);
    let bob = stage.server.person("bob", PASSWORD).announcing("crtext").start();
    let pending = "PUSH_REQUEST";
    stage.server.wait_for(Mark::START, pending);
    bob.say("cr-response MTIzNDU2");
    bob.say("cr-response !!!!");
    gate.open();
    let question = bob.question(0);
    assert_eq!(question.kind, QuestionKind::Dynamic);
    bob.answer(CODE);
    bob.connects();
}
