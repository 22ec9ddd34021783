//! Which deferred logins are waited for, and how many workers those that compute get.

use std::time::Duration;

use harness::Gate;
use harness::proc_table;
use ovpn_plugin_host::{FuncResult, LoginOutcome, RunningLogin};

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than anything here takes, on whatever machine.
const LONG: Duration = Duration::from_secs(10);

/// A plugin that would wait very long for a deferred login.
fn patient(arguments: &[&str]) -> Subject {
    Subject::new("grace=10000", arguments)
}

fn start(subject: &Subject, user: &str) -> RunningLogin {
    let login = subject.plugin.start_login(&deferred(user, "192.0.2.1", NEW_CLIENT));
    login.expect("the call can be made")
}

fn finish(login: RunningLogin) -> LoginOutcome {
    let outcome = login.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}");
    outcome
}

/// The first login could be quick or not: its worker is found to wait, for a gate that opens only after the call.
pub(crate) fn waiting() {
    let gate = Gate::new();
    let subject = patient(&[&format!("auth/{}", gate.wait())]);
    let login = start(&subject, "first");
    gate.open();
    let outcome = finish(login);
    assert_eq!(outcome.result, FuncResult::Deferred);
    assert!(outcome.took < LONG, "it was waited for: {outcome}");
    subject.close();
}

/// A password hash, say.
pub(crate) fn computing() {
    let subject = patient(&["auth/compute=200"]);
    let outcome = finish(start(&subject, "first"));
    assert_eq!(outcome.result, FuncResult::Success, "{outcome}");
    subject.close();
}

/// A first login that turns out to have been quick, though its worker slept: the next one is waited for.
pub(crate) fn learning() {
    let subject = patient(&["auth/sleep=200"]);
    assert_eq!(finish(start(&subject, "first")).result, FuncResult::Deferred);
    let outcome = finish(start(&subject, "second"));
    assert_eq!(outcome.result, FuncResult::Success, "{outcome}");
    subject.close();
}

/// A burst on a stack that computes: workers beyond the number of processors would only share them.
pub(crate) fn processors() {
    let processors = std::thread::available_parallelism().expect("number of processors").get();
    let logins = 8 * processors;
    let subject = Subject::new(
        &format!("max-workers={logins} grace=0 max-pending-per-address={logins}"),
        &["auth/compute=50"],
    );
    let running: Vec<RunningLogin> = (0..logins).map(|_| start(&subject, "many")).collect();
    running.into_iter().for_each(|login| drop(finish(login)));
    // Idle ones stay for a while.
    let workers = proc_table::all().iter().filter(|process| is_worker(process, std::process::id())).count();
    assert!((1..=4 * processors).contains(&workers), "{workers} workers for {logins} logins");
    subject.close();
}

/// Whether this is a worker of the plugin in the process `host`.
fn is_worker(process: &proc_table::Process, host: u32) -> bool {
    let parent = proc_table::all().into_iter().find(|other| other.pid == process.parent);
    process.name == "auth-pam-worker"
        && parent.is_some_and(|supervisor| u32::try_from(supervisor.parent) == Ok(host))
}
