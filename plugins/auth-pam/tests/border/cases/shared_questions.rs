//! One question, and several attempts that were asked it: a client that connects again with the same is asked the same.

use std::time::Duration;

use harness::proc_table::wait_until;
use ovpn_plugin_host::{FuncResult, Login, Verdict};

use super::pending_questions::{answer, crtext, start};
use super::questions::{self, NO_QUESTION};
use crate::raw::{blocks, client, field, origin, send};
use crate::stage::{PATIENCE, Stage, deferred, ends, rejected, user};

fn stage(options: &[&str]) -> Stage {
    Stage::open(&[&["refusal-time=0", "grace=0", "challenge=yes", "question-wait=500"], options].concat())
}

fn again(login: Login) -> Login {
    login.env("untrusted_port", "40001")
}

/// OpenVPN notices only later that the first client is gone.
pub(crate) fn who_comes_back_keeps_the_question() {
    let stage = stage(&[]);
    let [gone, back] = [stage.plugin.client(), stage.plugin.client()];
    let first = start(&gone, &crtext(user("ask-x")));
    assert!(first.files.pending_text().is_some(), "{}", stage.log());
    let second = start(&back, &again(crtext(user("ask-x"))));
    assert!(second.files.pending_text().is_some(), "{}", stage.log());
    drop(first);
    // That is noticed within half a second. An attempt that is cancelled after it is a sign that it was.
    let later = start(&stage.plugin.client(), &crtext(user("ask-y")));
    drop(later);
    stage.line("user 'ask-y': the question is given up: the client has disconnected");
    assert_eq!(answer(&back, "answer 1"), FuncResult::Success);
    let outcome = second.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
}

/// Also a client that can be asked by a dynamic challenge only: it may still come.
pub(crate) fn it_ends_with_the_last_client_that_was_asked() {
    let stage = stage(&[]);
    let clients = [(); 2].map(|()| stage.plugin.client());
    let logins = clients.each_ref().map(|client| start(client, &crtext(user("ask-x"))));
    let workers = stage.workers();
    drop(logins);
    stage.line("user 'ask-x': the question is given up: the client has disconnected");
    assert!(wait_until(PATIENCE, || stage.workers().len() <= 1), "{workers:?}");
    let pending = start(&stage.plugin.client(), &crtext(user("ask-x")));
    let other = questions::ask(&stage, &again(deferred(user("ask-x"))));
    drop(pending);
    let later = start(&stage.plugin.client(), &crtext(user("ask-y")));
    drop(later);
    stage.line("user 'ask-y': the question is given up: the client has disconnected");
    let outcome = stage.login(&questions::answer(&deferred(user("ask-x")), &other.id, "answer 1"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
}

/// OpenVPN does not wait any longer for either of them.
pub(crate) fn all_who_are_being_asked_learn_when_it_is_no_more() {
    let stage = stage(&["challenge-timeout=2"]);
    let clients = [(); 3].map(|()| stage.plugin.client());
    let logins = clients.each_ref().map(|client| start(client, &crtext(user("ask-x"))));
    for login in logins {
        assert!(login.files.pending_text().is_some(), "{}", stage.log());
        assert_eq!(login.finish(Duration::from_secs(10)).verdict, Some(Verdict::Rejected), "{}", stage.log());
    }
}

/// PAM has asked once when several wait for it: all of them are asked.
pub(crate) fn who_has_joined_is_asked_too_and_keeps_the_question() {
    let stage = Stage::open(&["refusal-time=0", "grace=0", "challenge=Your code:"]);
    let gate = harness::Gate::new();
    let [gone, back] = [stage.plugin.client(), stage.plugin.client()];
    let login = crtext(crate::stage::user_at("ask-gate", &gate));
    let first = start(&gone, &login);
    let worker = gate.arrival();
    let second = start(&back, &again(login));
    gate.open();
    stage.line("the client was asked a question");
    drop(first);
    drop(start(&stage.plugin.client(), &crtext(user("ask-y"))));
    stage.line("user 'ask-y': the question is given up: the client has disconnected");
    assert_eq!(answer(&back, "answer 1"), FuncResult::Success);
    let outcome = second.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    ends(worker, "the worker");
}

/// However often: neither the list of those who were asked grows, nor a log that root writes. Somebody who holds the front could
/// ask for a question without end.
pub(crate) fn a_flood_of_repeated_questions_is_counted_only() {
    const MANY: u64 = 8_000;
    const BURST: usize = 5_000;
    let stage = Stage::open(&["challenge=yes", "grace=0"]);
    stage.works();
    let started = std::time::Instant::now();
    assert_eq!(crate::raw::flood(b"ask-x", MANY), MANY);
    stage.line("logins were not logged one by one: too many were refused without asking PAM");
    let most = BURST + 1 + usize::try_from(started.elapsed().as_millis() / 20).unwrap();
    let lines = stage.log().matches("user 'ask-x'").count();
    assert!(lines <= most, "{lines} lines, at most {most}");
    stage.works();
}

/// A stack that checks the password and asks all the same whatever came of it needs longer for somebody who has an account.
pub(crate) fn a_deferred_question_does_not_tell_how_long_pam_took() {
    let stage = Stage::open(&["grace=100", "challenge=yes"]);
    // Then OpenVPN waits for some, and finds the question within the grace.
    (0..3).for_each(|_| stage.works());
    std::thread::sleep(Duration::from_millis(5));
    let least = Duration::from_millis(250);
    let login = deferred(user("ask-x"));
    for login in [login.clone(), again(login)] {
        let outcome = stage.login(&login);
        assert!(rejected(&outcome) && outcome.took >= least, "{outcome}");
        questions::asked(&stage, &outcome);
    }
    // Nor does what a wrong answer leads to.
    let login = deferred(crate::stage::user_with("ask-many", "2"));
    let question = questions::ask(&stage, &login);
    let outcome = stage.login(&questions::answer(&login, &question.id, "answer 1"));
    assert!(outcome.took >= least, "{outcome}");
    questions::asked(&stage, &outcome);
}

/// OpenVPN waits for the question to a client that can be asked at once, and within the grace for any verdict. Many who are
/// asked and do not answer must not make it stand still.
pub(crate) fn clients_that_never_answer_do_not_stop_the_server() {
    for (options, client, least) in [
        (["grace=0", "question-wait=100"], crtext as fn(Login) -> Login, 8),
        // On a busy machine the stack soon counts as slow, and nobody is waited for any more.
        (["grace=100", "question-wait=0"], crtext, 1),
        // The first one is pending until its question may be known, and meanwhile nobody else waits.
        (["grace=100", "question-wait=0"], deferred, 1),
    ] {
        let stage = Stage::open(
            &[&options[..], &["refusal-time=300", "challenge=yes", "max-suspended=100"]].concat(),
        );
        // Then the stack is known to be quick.
        for _ in 0..3 {
            stage.works();
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut blocked = Vec::new();
        let mut logins = Vec::new();
        let clients: Vec<_> = (0..60).map(|_| stage.plugin.client()).collect();
        for (number, connection) in clients.iter().enumerate() {
            let login = user(&format!("ask-{number}")).env("untrusted_ip", format!("198.51.100.{number}"));
            let login = start(connection, &client(login));
            blocked.push(login.blocked());
            logins.push(login);
        }
        let wait = Duration::from_millis(100);
        let waits = blocked.iter().filter(|time| **time >= wait).count();
        assert!((least..30).contains(&waits), "{options:?}: {waits}, {blocked:?}");
    }
}

/// Two answers that come together, and more: one of them is one.
pub(crate) fn of_answers_that_come_together_one_counts() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=0", "grace=0"]);
    let question = questions::ask(&stage, &user("ask-x"));
    let id: Vec<u8> =
        (0..16).map(|at| u8::from_str_radix(&question.id[2 * at..2 * at + 2], 16).unwrap()).collect();
    let packet = |number: u64, username: &[u8]| {
        let sent = [&[1, 1][..], &id, &field(username), &field(b""), &field(b"")].concat();
        let block = [&field(b"answer 1")[..], &[0]].concat();
        let rest = [origin(b"192.0.2.7"), blocks(&block, &client())].concat();
        [&[1][..], &number.to_le_bytes(), &[1, 0], &sent, &rest].concat()
    };
    stage.plugin.clear_log();
    // The same number again and again, and a question that is cancelled by the number of its answer.
    for (number, username) in
        [(9, &b"ask-y"[..]), (9, b"ask-x"), (9, b"ask-x"), (10, b"ask-x"), (9, b"ask-x")]
    {
        send(&packet(number, username), &[]);
        send(&[&[2][..], &number.to_le_bytes()].concat(), &[]);
    }
    stage.line("user 'ask-x' authenticated");
    let refused = || stage.log().matches(&format!("failed to authenticate: {NO_QUESTION}")).count();
    assert!(wait_until(PATIENCE, || refused() == 4), "{}", stage.log());
    assert_eq!(stage.log().matches("authenticated").count(), 1, "{}", stage.log());
    stage.works();
}
