//! Which deferred logins are waited for, and how many workers those that compute get.

use std::time::Duration;

use harness::Gate;
use harness::proc_table;
use ovpn_plugin_host::{FuncResult, LoginOutcome, RunningLogin};

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than anything here takes, on whatever machine.
const LONG: Duration = Duration::from_secs(10);
/// As often something is tried that has to work soon.
const MANY: usize = 50;

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

/// A password hash, say. The login before it, which is no deferred one, only makes sure that the worker has loaded its
/// modules.
pub(crate) fn computing() {
    let subject = patient(&["auth/slow:compute=200"]);
    let ready = deferred("first", "192.0.2.1", NEW_CLIENT).without_env("deferred_auth_pam");
    assert!(subject.plugin.login(&ready, PATIENCE).expect("the call can be made").accepted());
    let outcome = finish(start(&subject, "slow"));
    assert_eq!(outcome.result, FuncResult::Success, "{outcome}");
    subject.close();
}

/// Logins that turn out to have been quick, though their worker slept: soon one is waited for. The first two are not,
/// and a next one not if it comes before the front was told of the last verdict.
pub(crate) fn learning() {
    let subject = patient(&["auth/sleep=50"]);
    let results: Vec<FuncResult> = (0..MANY)
        .map(|_| finish(start(&subject, "sleeper")).result)
        .take_while(|result| *result == FuncResult::Deferred)
        .collect();
    assert!((2..MANY).contains(&results.len()), "{} were deferred", results.len());
    subject.close();
}

/// As many logins that never end as would otherwise be reason enough not to start another worker.
pub(crate) fn spinning() {
    let processors = std::thread::available_parallelism().expect("number of processors").get();
    let spinners = 2 * processors;
    let subject = Subject::new("timeout=20 grace=0 max-workers=64", &["auth/spin:compute=60000"]);
    let spinning: Vec<RunningLogin> = (0..spinners).map(|_| start(&subject, "spin")).collect();
    let login = subject.plugin.start_login(&deferred("good", "192.0.2.2", NEW_CLIENT)).expect("the call");
    finish(login);
    // It did not have to wait until they were over.
    assert!(spinning.iter().all(|login| login.files.wait_for_verdict(Duration::ZERO).is_none()));
    spinning.into_iter().for_each(|login| assert!(!login.finish(PATIENCE).accepted()));
    subject.close();
}

/// A burst on a stack that computes: workers beyond the number of processors would only share them.
pub(crate) fn processors() {
    let processors = std::thread::available_parallelism().expect("number of processors").get();
    let logins = 16 * processors;
    let subject = Subject::new(
        &format!("max-workers={logins} grace=0 max-pending-per-address={logins}"),
        &["auth/compute=20"],
    );
    let running: Vec<RunningLogin> = (0..logins).map(|_| start(&subject, "many")).collect();
    running.into_iter().for_each(|login| drop(finish(login)));
    // Idle ones stay for a while.
    let workers = workers();
    assert!((1..=logins / 2).contains(&workers), "{workers} workers for {logins} logins");
    subject.close();
}

/// How many workers the plugin in this process has.
fn workers() -> usize {
    let all = proc_table::all();
    let host = i32::try_from(std::process::id()).expect("pid fits");
    let supervisors: Vec<i32> =
        all.iter().filter(|process| process.parent == host).map(|process| process.pid).collect();
    let works = |process: &proc_table::Process| {
        process.name == "auth-pam-worker" && supervisors.contains(&process.parent) && !process.is_zombie()
    };
    all.iter().filter(|process| works(process)).count()
}
