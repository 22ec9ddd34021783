//! A PAM module that writes to its worker's channel: its own login is lost, the worker is killed, others pass.

use harness::Gate;

use super::pending_questions::{crtext, start};
use super::questions::{NO_QUESTION, answer, ask};
use crate::raw::{check, field, login};
use crate::stage::{PATIENCE, Stage, deferred, ends, rejected, user, user_at, user_with};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn rubbish_on_the_channel_costs_the_worker() {
    let stage = Stage::open(&[]);
    let report = |tag: u8, rest: &[u8]| [&[tag][..], rest, &7u64.to_le_bytes()].concat();
    let end = [&[0; 4][..], &[0], &field(b""), &[0; 8], &field(b""), &[0], &field(b""), &[0, 0]].concat();
    for (what, bytes, words) in [
        ("success of another transaction", report(51, &end), "number of the transaction"),
        ("a note on another transaction", report(50, &field(b"x")), "number of the transaction"),
        ("an open session", report(54, &[&[0; 4][..], &field(b"")].concat()), "number of the transaction"),
        ("a closed session", report(55, &[&[0; 4][..], &field(b"")].concat()), "number of the transaction"),
        ("a piece of options", report(56, &field(b"disable")), "number of the transaction"),
        ("the end of options", report(57, &[&[0; 4][..], &field(b"")].concat()), "number of the transaction"),
        ("readiness", report(49, &[]), "number of the transaction"),
        ("a change", report(52, &field(b"x")), "number of the transaction"),
        ("an attempt", check(0, b"good"), "news has the unknown value 1"),
        ("a verdict", [&[18][..], &[0; 8], &[0; 8]].concat(), "news has the unknown value 18"),
        ("an order", report(33, &login(b"good")), "news has the unknown value 33"),
        ("an unknown tag", report(200, &[]), "news has the unknown value 200"),
        ("half a report", report(51, &[0; 3]), "cut short"),
        ("a report and more", report(51, &[&end[..], &[0]].concat()), "bytes after its end"),
        ("a long note", report(50, &field(&[b'x'; 1025])), ""),
        ("a single byte", vec![51], "cut short"),
    ] {
        for attempt in [user_with("send", &hex(&bytes)), deferred(user_with("send", &hex(&bytes)))] {
            stage.refuses(&attempt, "the worker was killed by SIGKILL");
            let line = stage.line("protocol error from worker");
            assert!(line.contains(words), "{what}: no '{words}' in: {line}");
            stage.works();
        }
    }
    stage.refuses(&user("big"), "the worker was killed by SIGKILL");
    stage.works();
}

pub(crate) fn a_flood_of_notes_costs_the_worker_and_nobody_else() {
    let stage = Stage::open(&["timeout=30", "grace=0"]);
    let floods: Vec<_> = (0..3).map(|_| stage.start(&deferred(user("spam")))).collect();
    stage.works();
    for flood in floods {
        let outcome = flood.finish(PATIENCE);
        assert!(rejected(&outcome), "{outcome}\n{}", stage.log());
    }
    stage.works();
}

/// Messages of modules are only shown from verb 4 on; then they are counted.
pub(crate) fn a_chatty_module_is_cut_short() {
    let stage = Stage::open_with(&[("verb", "4")], &[]);
    let outcome = stage.login(&user("chatter"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    stage.works();
    stage.line("message of a PAM module");
    let shown = stage.log().matches("message of a PAM module").count();
    assert!((1..=32).contains(&shown), "{shown} messages in the log");
}

/// What a module says reaches files, logs and clients as text of one line, never as an order to a client or a line of its
/// own.
pub(crate) fn what_a_module_says_is_text_wherever_it_ends() {
    let texts: [&[u8]; 5] = [
        b"CRV1:R,E:0123456789abcdef0123456789abcdef:YWxpY2U=:Code:",
        b"TEMP[backoff 1,advance remote]: away\nCRV1:R:x:y:z",
        b"a\r\nuser 'root' authenticated\n\x1b[2J\x07\xff\xfe\xc2\x85",
        b"%s%n%p'\"\\",
        b"https://example.com/?a=1\nWEB_AUTH::https://example.org",
    ];
    for options in [&["reasons=all"][..], &["reasons=all", "open-urls=yes"]] {
        let stage = Stage::open_with(
            &[("verb", "4")],
            &[&["challenge=yes", "question-wait=300", "refusal-time=0", "grace=0"], options].concat(),
        );
        for text in texts {
            let attempt = user_with("ask-raw", &hex(text));
            for login in [attempt.clone(), deferred(attempt.clone())] {
                stage.plugin.clear_log();
                let outcome = stage.login(&login);
                let reason = outcome.reason.clone().unwrap_or_default();
                let parts: Vec<&str> = reason.splitn(5, ':').collect();
                assert!(
                    matches!(parts[..], ["CRV1", "R" | "R,E", id, "YXNrLXJhdw==", _] if id.len() == 32),
                    "{reason:?}"
                );
                assert!(!reason.contains(char::is_control), "{reason:?}");
                for line in stage.plugin.log_lines() {
                    let known = [": BACKGROUND: user 'ask-raw': ", ": user 'ask-raw'"];
                    assert!(!line.text.contains(char::is_control), "{line:?}");
                    assert!(known.iter().any(|it| format!(": {}", line.text).contains(it)), "{line:?}");
                }
            }
            let client = stage.plugin.client();
            let login = start(&client, &crtext(attempt).env("IV_SSO", "crtext,webauth,openurl"));
            let pending = login.files.pending_text().unwrap_or_default();
            let lines: Vec<&str> = pending.lines().collect();
            assert!(matches!(lines[..], ["130", "crtext" | "webauth", _]), "{pending:?}");
            assert!(!pending.replace('\n', "").contains(char::is_control), "{pending:?}");
        }
    }
}

pub(crate) fn a_megabyte_is_asked_as_far_as_there_is_room() {
    let stage = Stage::open_with(&[("verb", "4")], &["challenge=yes", "refusal-time=0"]);
    let login = user("ask-huge");
    let question = ask(&stage, &login);
    assert!((800..1000).contains(&question.text.len()) && question.text.bytes().all(|byte| byte == b'x'));
    let outcome = stage.login(&answer(&login, &question.id, "x"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    let longest = stage.plugin.log_lines().iter().map(|line| line.text.len()).max();
    assert!(longest.is_some_and(|longest| longest <= 2048), "{longest:?}");
}

/// It asks on and on, also when nobody will answer any more, and also when it has had its sixteen questions.
pub(crate) fn a_module_that_asks_without_end_is_killed() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=0", "challenge-timeout=2", "timeout=2"]);
    let login = deferred(user("ask-endless"));
    let question = ask(&stage, &login);
    let asking = stage.workers();
    stage.line("user 'ask-endless': the question is given up: no answer came within 2 s");
    stage.refuses(&answer(&login, &question.id, "x"), NO_QUESTION);
    let idle = || stage.workers().len() <= 1;
    assert!(harness::proc_table::wait_until(PATIENCE, idle), "{asking:?} {:?}", stage.workers());
    let mut question = ask(&stage, &login);
    for _ in 1..16 {
        question = ask(&stage, &answer(&login, &question.id, "x"));
    }
    stage.refuses(&answer(&login, &question.id, "x"), "the time limit of 2 s was reached");
    assert!(harness::proc_table::wait_until(PATIENCE, idle), "{:?}", stage.workers());
    stage.works();
}

/// What is said is kept for the next question, as far as there is room.
pub(crate) fn what_says_nothing_fills_no_memory() {
    let stage = Stage::open(&["challenge=yes"]);
    let gate = Gate::new();
    let login = stage.start(&deferred(user_at("ask-babble", &gate)));
    let worker = gate.arrival();
    let kib = super::hostile_front::memory_in_kib(worker);
    assert!(kib < 24 * 1024, "{kib} KiB");
    gate.open();
    assert!(login.finish(PATIENCE).accepted(), "{}", stage.log());
}

/// A worker that was stopped: its login is over when its time is, and a question that is given up takes it along.
pub(crate) fn a_worker_that_is_stopped_while_it_waits_holds_up_nobody() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=0", "timeout=1", "challenge-timeout=2"]);
    let stopped = |number: &str| {
        let gate = Gate::new();
        gate.open();
        let login = deferred(user_at("ask-gate", &gate)).env("untrusted_ip", format!("198.51.100.{number}"));
        let question = ask(&stage, &login);
        let worker = gate.arrival();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(worker), nix::sys::signal::SIGSTOP).unwrap();
        (login, question, worker)
    };
    let (login, question, worker) = stopped("1");
    stage.refuses(&answer(&login, &question.id, "answer 1"), "the time limit of 1 s was reached");
    ends(worker, "a worker that was stopped");
    let (_, _, worker) = stopped("2");
    ends(worker, "a worker that was stopped");
    stage.line("the question is given up: no answer came within 2 s");
    stage.works();
}

/// A keeper that was stopped for a while: what it was asked for happens afterwards.
pub(crate) fn a_keeper_that_is_stopped_for_a_while_is_late_only() {
    let stage =
        Stage::open(&["challenge=yes", "refusal-time=0", "grace=0", "challenge-timeout=1", "max-workers=2"]);
    stage.works();
    let (keeper, supervisor) = (stage.keeper(), stage.supervisor());
    let signal = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(keeper), signal).unwrap();
    signal(nix::sys::signal::SIGSTOP);
    // The only worker there is asks and is given up; further ones cannot be forked, nor can their ends be heard.
    ask(&stage, &user("ask-x"));
    let waiting: Vec<_> = (0..4)
        .map(|number| {
            stage.start(&deferred(user("good")).env("untrusted_ip", format!("198.51.100.{number}")))
        })
        .collect();
    stage.line("the question is given up: no answer came within 1 s");
    signal(nix::sys::signal::SIGCONT);
    for login in waiting {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    }
    assert_eq!((stage.keeper(), stage.supervisor()), (keeper, supervisor), "{}", stage.log());
    stage.works();
}
