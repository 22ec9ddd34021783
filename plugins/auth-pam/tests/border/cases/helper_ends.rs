//! The supervisor stopped or dead: OpenVPN does not hang, and nobody gets in.

use std::time::Duration;

use harness::Gate;
use harness::proc_table::{Process, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ovpn_plugin_host::FuncResult;

use crate::stage::{
    PATIENCE, Stage, become_nobody, deferred, ends, leave_for_the_end, rejected, user, user_at,
};

/// OpenVPN as nobody must not kill the supervisor, which is root's, and so must not wait for its end either.
pub(crate) fn a_stopped_supervisor_does_not_hold_up_closing() {
    let stage = Stage::open(&[]);
    stage.works();
    let supervisor = stage.supervisor();
    leave_for_the_end(supervisor);
    kill(Pid::from_raw(supervisor), Signal::SIGSTOP).unwrap();
    let stopped = || Process::look(supervisor).is_some_and(|process| process.state == 'T');
    assert!(wait_until(PATIENCE, stopped), "the supervisor is not stopped");
    become_nobody();
    // A wait for its end would have none, and exceed the time a case has.
    stage.plugin.close();
    assert!(stopped(), "the supervisor was not stopped to the end");
}

pub(crate) fn a_dead_supervisor_refuses_deferred_logins() {
    let stage = Stage::open(&[]);
    stage.works();
    let supervisor = stage.supervisor();
    harness::proc_table::kill9(supervisor);
    ends(supervisor, "the supervisor");
    become_nobody();
    for login in [deferred(user("good")), user("good"), deferred(user("good"))] {
        let outcome = stage.refuses(&login, "the supervisor is gone");
        assert_eq!(outcome.result, FuncResult::Error, "nobody would write the verdict");
    }
}

/// The login was sent, and then nobody is left to write its verdict.
pub(crate) fn a_supervisor_that_dies_during_the_grace_refuses() {
    let grace = Duration::from_secs(10);
    let stage = Stage::open(&[&format!("grace={}", grace.as_millis())]);
    // Quick ones, after which it is waited for the next.
    stage.works();
    stage.works();
    // What follows an accepted login within a millisecond is a burst, for which nobody waits.
    std::thread::sleep(Duration::from_millis(5));
    become_nobody();
    let outcome = stage.refuses(&deferred(user("killparent")), "the supervisor is gone");
    assert_eq!(outcome.result, FuncResult::Error, "{outcome}");
    assert!(outcome.took < grace, "only the end of the grace was seen: {outcome}");
}

pub(crate) fn killing_the_supervisor_kills_what_modules_started() {
    let gate = Gate::new();
    let stage = Stage::open(&["grace=0"]);
    let login = stage.start(&deferred(user_at("forkhang", &gate)));
    let child = gate.arrival();
    let workers = stage.workers();
    assert!(!workers.is_empty());
    harness::proc_table::kill9(stage.supervisor());
    workers.iter().for_each(|worker| ends(*worker, "a worker"));
    ends(child, "a child of a PAM module");
    // Nobody else decides it, so its client does not wait.
    assert!(rejected(&login.finish(PATIENCE)), "{}", stage.log());
    stage.line("user 'forkhang' failed to authenticate: the supervisor is gone");
}
