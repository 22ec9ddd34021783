//! More logins than may wait.

use std::time::Duration;

use harness::Gate;
use ovpn_plugin_host::{Login, LoginOutcome, RunningLogin};

use crate::check::{NEW_CLIENT, OLD_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);

/// A plugin whose only worker is busy until the gate opens.
struct Busy {
    subject: Subject,
    gate: Gate,
    waiting: Vec<RunningLogin>,
}

impl Busy {
    fn new(options: &str) -> Self {
        let gate = Gate::new();
        let arguments = [format!("auth/{}", gate.tell()), format!("auth/{}", gate.wait())];
        let subject =
            Subject::new(&format!("max-workers=1 {options}"), &arguments.each_ref().map(String::as_str));
        let mut busy = Self { subject, gate, waiting: Vec::new() };
        busy.wait(&deferred("first", "192.0.2.1", NEW_CLIENT));
        busy.gate.arrival();
        busy
    }

    /// A login that is to wait.
    fn wait(&mut self, login: &Login) {
        self.waiting.push(self.subject.plugin.start_login(login).expect("the call can be made"));
    }

    /// A login that is to be refused at once, while the worker is still busy.
    fn refused(&self, login: &Login) -> LoginOutcome {
        let outcome = self.subject.plugin.login(login, PATIENCE).expect("the call can be made");
        assert!(!outcome.accepted() && outcome.verdict.is_some(), "{outcome}");
        outcome
    }

    /// All that waited get in.
    fn end(self) {
        self.waiting.iter().for_each(|_| self.gate.open());
        for login in self.waiting {
            let outcome = login.finish(PATIENCE);
            assert!(outcome.accepted(), "{outcome}");
        }
        self.subject.close();
    }
}

fn fill() -> Busy {
    let mut busy = Busy::new("max-pending=2");
    for number in 2..4 {
        busy.wait(&deferred("waiting", &format!("192.0.2.{number}"), NEW_CLIENT));
    }
    busy
}

fn temporary(outcome: &LoginOutcome, words: &str) {
    let reason = outcome.reason.as_deref().unwrap_or_default();
    let (backoff, text) = reason
        .strip_prefix("TEMP[backoff ")
        .and_then(|rest| rest.split_once(",advance no]: "))
        .unwrap_or_else(|| panic!("not what OpenVPN reads: {outcome}"));
    assert!(backoff.parse::<u32>().is_ok_and(|seconds| seconds > 0), "{outcome}");
    assert!(text.contains(words), "{outcome}");
}

pub(crate) fn full_temporary() {
    let busy = fill();
    temporary(&busy.refused(&deferred("late", "192.0.2.9", NEW_CLIENT)), "busy");
    let logged = "user 'late' failed to authenticate: too many logins are waiting";
    busy.subject.plugin.wait_for_log_text(logged, PATIENCE).expect("logged");
    busy.end();
}

pub(crate) fn full_plain() {
    let busy = fill();
    for login in
        [deferred("late", "192.0.2.9", OLD_CLIENT), deferred("late", "192.0.2.9", "").without_env("IV_PROTO")]
    {
        let outcome = busy.refused(&login);
        let reason = outcome.reason.clone().unwrap_or_default();
        assert!(reason.starts_with("the authentication service is busy (reference "), "{outcome}");
    }
    busy.end();
}

/// As OpenVPN before 2.6 calls.
pub(crate) fn full_without_reason_file() {
    let busy = fill();
    let outcome = busy.refused(&deferred("late", "192.0.2.9", NEW_CLIENT).env("auth_failed_reason_file", ""));
    assert_eq!(outcome.reason, None, "{outcome}");
    busy.end();
}

/// An option of the past: it does nothing, and the log says so.
pub(crate) fn old_option() {
    let subject = Subject::new("max-pending-per-address=1", &["auth/sleep=500"]);
    let lines = subject.plugin.log_lines();
    let warned = lines.iter().any(|line| line.is_warning() && line.text.contains("max-pending-per-address"));
    assert!(warned, "{lines:?}");
    let logins: Vec<RunningLogin> = (0..20)
        .map(|number| deferred(&format!("user{number}"), "192.0.2.1", NEW_CLIENT))
        .map(|login| subject.plugin.start_login(&login).expect("the call can be made"))
        .collect();
    for login in logins {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    subject.close();
}

/// When the queue is full, the newest of the source that has most in it gives its place.
pub(crate) fn longest_gives() {
    let mut busy = Busy::new("max-pending=4");
    for number in 1..4 {
        busy.wait(&deferred(&format!("many{number}"), "192.0.2.66", NEW_CLIENT));
    }
    busy.wait(&deferred("one", "192.0.2.2", NEW_CLIENT));
    // It is the source with most itself.
    temporary(&busy.refused(&deferred("many4", "192.0.2.66", NEW_CLIENT)), "busy");
    busy.wait(&deferred("alice", "2001:db8::1", NEW_CLIENT));
    let gave = busy.waiting.remove(3).finish(PATIENCE);
    assert!(!gave.accepted(), "{gave}");
    temporary(&gave, "busy");
    busy.subject.plugin.wait_for_log_text("user 'many3' failed to authenticate", PATIENCE).expect("logged");
    busy.end();
}
