//! Right and wrong answers, late ones, second ones, other people's, from elsewhere.

use harness::needs::Need;
use harness::requires;
use std::time::Duration;

use harness::log::Mark;
use harness::proc_table::wait_gone;
use harness::question::QuestionKind;
use harness::server::READY;
use harness::{Gate, PATIENCE, Person, ServerConfig, side_by_side};

use crate::stage::{CODE, PASSWORD, QUESTION, Stage, WRONG, asks_for_code, everywhere};

const FAILED: &str = "user 'alice' failed to authenticate";

#[test]
fn right_and_wrong_ones_everywhere() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    everywhere("", |stage| {
        let alice = stage.server.person("alice", PASSWORD).answers(&[CODE]).start();
        alice.connects();
        let [question] = &alice.asked()[..] else { panic!("asked: {:?}", alice.asked()) };
        assert_eq!((question.kind, &question.text[..]), (QuestionKind::Dynamic, QUESTION));
        assert_eq!((question.shown, question.wants_answer), (false, true));
        assert_eq!(question.username, b"alice");
        // A client that is asked has not failed.
        stage.server.wait_for(Mark::START, "user 'alice': the client was asked a question");
        assert_eq!(stage.server.log().count(Mark::START, FAILED), 0, "{}", stage.server.log().text());

        let mark = stage.server.mark();
        let alice = stage.server.person("alice", PASSWORD).answers(&[WRONG]).start();
        alice.refused();
        assert_eq!(alice.asked().len(), 1);
        stage.server.wait_for(mark, FAILED);
        assert_eq!(stage.server.log().count(mark, FAILED), 1, "{}", stage.server.log().text());

        // A wrong password is no reason to ask anything.
        let alice = stage.server.person("alice", WRONG).answers(&[CODE]).start();
        alice.refused();
        assert_eq!(alice.asked(), []);
    });
}

/// Who answers nothing, and then too late.
#[test]
fn a_late_one_is_refused() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let gate = Gate::new();
        let actions = asks_for_code(&[&format!("auth/{}", gate.tell())]);
        let config = |config: ServerConfig<'static>| config.dropped().deferred_if(deferred);
        let stage = Stage::with("challenge-timeout=1", &actions, config);
        let alice = stage.server.person("alice", PASSWORD).start();
        let worker = gate.arrival();
        alice.question(0);
        assert!(wait_gone(worker, PATIENCE), "it still waits for an answer");
        alice.answer(CODE);
        alice.refused();
    });
}

#[test]
fn a_second_one_is_refused() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("");
    for first in [CODE, WRONG] {
        let alice = stage.server.person("alice", PASSWORD).answers(&[first]).start();
        let id = alice.question(0).id;
        if first == CODE {
            alice.connects();
        } else {
            alice.refused();
        }
        stage.server.client("alice", &format!("CRV1::{id}::{CODE}")).start().wait_refused();
    }
}

/// Both know the password, and one has seen the id of the other's question.
#[test]
fn that_of_another_user_is_refused() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("");
    let alice = stage.server.person("alice", PASSWORD).start();
    let id = alice.question(0).id;
    for bob in ["bob", "Alice", "alice "] {
        stage.server.client(bob, &format!("CRV1::{id}::{CODE}")).start().wait_refused();
    }
}

/// The same name with another certificate.
#[test]
fn that_of_another_certificate_is_refused() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("");
    let alice = stage.server.person("alice", PASSWORD).start();
    let id = alice.question(0).id;
    let other = stage.server.client("alice", &format!("CRV1::{id}::{CODE}")).with_certificate_of("other");
    other.start().wait_refused();
}

/// A telephone changes from one network to another between question and answer.
#[test]
fn one_from_another_address_counts() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let config = |config: ServerConfig<'static>| config.dropped().deferred_if(deferred);
        let stage = Stage::with("", &asks_for_code(&[]), config);
        let alice = stage.server.person("alice", PASSWORD).start();
        let id = alice.question(0).id;
        let mark = stage.server.mark();
        let elsewhere =
            stage.server.client("alice", &format!("CRV1::{id}::{CODE}")).from_address("127.0.0.2");
        elsewhere.start().wait_connected();
        assert!(stage.server.log().count(mark, "127.0.0.2:") > 0, "{}", stage.server.log().text());
    });
}

/// An answer of any text that a person can type.
#[test]
fn special_characters_arrive() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    for answer in ["", " ", "a:b::c", "\"quoted\" \\ 'too'", "äöü 日本"] {
        let (check, ask) = (format!("auth/password={PASSWORD}"), format!("auth/ask={QUESTION}"));
        let actions = [check, ask, format!("auth/expect={answer}")];
        let stage = Stage::with("", &actions, ServerConfig::dropped);
        stage.server.person("alice", PASSWORD).answers(&[answer]).start().connects();
    }
}

/// A client that comes again from the same address, with the same name and password, gets the same question, and PAM sends
/// no second message with another code. It is answered once.
#[test]
fn a_client_that_comes_again_is_asked_the_same() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("");
    let people: Vec<Person> = (0..3)
        .map(|_| {
            let alice = stage.server.person("alice", PASSWORD).start();
            alice.question(0);
            alice
        })
        .collect();
    people[1].answer(CODE);
    people[1].connects();
    for alice in [&people[0], &people[2]] {
        alice.answer(CODE);
        alice.refused();
    }
}

/// As many as the administrator allows.
#[test]
fn the_oldest_above_the_bound_is_given_up() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let config = |config: ServerConfig<'static>| config.dropped().deferred_if(deferred);
        let stage = Stage::with("max-suspended=2", &asks_for_code(&[]), config);
        let people: Vec<Person> = ["alice", "bob", "carol"]
            .iter()
            .map(|user| {
                let person = stage.server.person(user, PASSWORD).start();
                person.question(0);
                person
            })
            .collect();
        // It can be answered until the newest one may be known.
        stage.server.wait_for(Mark::START, "too many questions wait for an answer");
        people.iter().for_each(|person| person.answer(CODE));
        people[0].refused();
        people[1].connects();
        people[2].connects();
    });
}

/// One that waits for an answer is no worker that another login could miss.
#[test]
fn the_only_worker_is_not_held() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("max-workers=1");
    let alice = stage.server.person("alice", PASSWORD).start();
    alice.question(0);
    stage.server.person("bob", PASSWORD).answers(&[CODE]).start().connects();
    alice.answer(CODE);
    alice.connects();
}

/// The time limit is for PAM, not for the person.
#[test]
fn thinking_does_not_count_against_the_time_limit() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let gate = Gate::new();
    let actions = asks_for_code(&[&format!("auth/{}", gate.tell())]);
    let stage = Stage::with("timeout=1 challenge-timeout=60", &actions, ServerConfig::dropped);
    let alice = stage.server.person("alice", PASSWORD).start();
    let worker = gate.arrival();
    alice.question(0);
    assert!(!wait_gone(worker, Duration::from_millis(1500)), "it has not waited for the answer");
    alice.answer(CODE);
    alice.connects();
}

/// When keys are renegotiated, by default after an hour, nobody is at the client: it has a token, or it has to log
/// in again.
#[test]
fn later_a_token_counts() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    for (deferred, token) in [(false, true), (true, true), (false, false)] {
        let stage = Stage::with("", &asks_for_code(&[]), |config| {
            let config = config.dropped().deferred_if(deferred);
            if token { config.line("auth-gen-token 0 3600") } else { config }
        });
        let alice = stage.server.person("alice", PASSWORD).line("reneg-sec 5").answers(&[CODE]).start();
        alice.connects();
        let (mark, heard) = (stage.server.mark(), alice.heard().mark());
        if token {
            stage.server.wait_for(mark, "Username/auth-token authentication succeeded for username 'alice'");
        } else {
            stage.server.wait_for(mark, "no question waits for this answer");
            alice.heard().wait_for(heard, ">PASSWORD:Need 'Auth'", PATIENCE);
            alice.give_password(PASSWORD);
            alice.question(1);
            let mark = alice.client().log().mark();
            alice.answer(CODE);
            alice.client().log().wait_for(mark, READY, PATIENCE);
        }
    }
}
