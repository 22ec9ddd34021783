//! A thousand logins at once, some of which crash or hang their module.

use std::time::Duration;

use harness::proc_table;
use ovpn_plugin_host::{FuncResult, RunningLogin, Verdict};

use crate::check::{NEW_CLIENT, Subject, deferred};

const LOGINS: usize = 1000;
/// Longer than a thousand logins take.
const OPTIONS: &str = "timeout=10";
const TIME_LIMIT: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(40);
/// The most there can be by default, and the supervisor.
const MOST_PROCESSES: usize = 513;

pub(crate) fn run() {
    let arguments = ["auth/crash*:crash", "auth/hang*:hang", "auth/password=word", "auth/wrong*:deny"];
    let subject = Subject::new(OPTIONS, &arguments);
    let mut running = Vec::new();
    for number in 0..LOGINS {
        let address = format!("10.0.{}.{}", number / 250, number % 250);
        let login = deferred(&format!("{}{number}", kind(number)), &address, NEW_CLIENT);
        running.push(subject.plugin.start_login(&login).expect("the call can be made"));
        if number % 100 == 0 {
            let processes = processes();
            assert!(processes <= MOST_PROCESSES, "{processes} processes");
        }
    }
    for (number, login) in running.into_iter().enumerate() {
        answered(number, login);
    }
    // And afterwards all is as before.
    let outcome = subject.plugin.login(&deferred("good", "10.1.1.1", NEW_CLIENT), PATIENCE).expect("a login");
    assert!(outcome.accepted(), "{outcome}");
    subject.close();
}

/// One in twenty crashes, one in twenty hangs, one in twenty is refused.
fn kind(number: usize) -> &'static str {
    match number % 20 {
        3 => "crash",
        9 => "hang",
        15 => "wrong",
        _ => "good",
    }
}

fn answered(number: usize, login: RunningLogin) {
    let outcome = login.finish(PATIENCE);
    let user = kind(number);
    // A login that hangs takes the whole time limit: no call may have waited for one.
    assert!(outcome.blocked < TIME_LIMIT, "login {number} blocked for {:?}", outcome.blocked);
    let decided = outcome.result != FuncResult::Deferred || outcome.verdict.is_some();
    assert!(decided, "login {number} of {user} was not answered: {outcome}");
    if let Some(verdict) = outcome.verdict {
        assert!(!matches!(verdict, Verdict::Unreadable(_)), "login {number}: {outcome}");
    }
    assert_eq!(outcome.accepted(), user == "good", "login {number} of {user}: {outcome}");
    let temporary = outcome.reason.as_deref().is_some_and(|reason| reason.starts_with("TEMP["));
    assert_eq!(temporary, user == "hang" || user == "crash", "login {number} of {user}: {outcome}");
}

fn processes() -> usize {
    let own = i32::try_from(std::process::id()).expect("pid fits");
    let all = proc_table::all();
    let child = |parent| all.iter().find(|process| process.parent == parent).map_or(0, |process| process.pid);
    let keeper = child(own);
    1 + all.iter().filter(|process| process.parent == keeper && !process.is_zombie()).count()
}
