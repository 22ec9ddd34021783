//! Supervisor or keeper stopped or dead: OpenVPN does not hang, nobody gets in by it, and the next login works if that is
//! possible.

use std::time::Duration;

use harness::Gate;
use harness::proc_table::{Process, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ovpn_plugin_host::FuncResult;

use crate::raw::{check, send_as};
use crate::stage::{
    PATIENCE, Stage, become_nobody, deferred, ends, kill9, rejected, user, user_at, user_with,
};

fn stop(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    let stopped = || Process::look(pid).is_some_and(|process| process.state == 'T');
    assert!(wait_until(PATIENCE, stopped), "{pid} is not stopped");
}

/// OpenVPN as nobody cannot kill the supervisor, which is root's; the keeper can.
pub(crate) fn a_stopped_supervisor_does_not_hold_up_closing() {
    let stage = Stage::open(&[]);
    stage.works();
    let (keeper, supervisor) = (stage.keeper(), stage.supervisor());
    stop(supervisor);
    become_nobody();
    stage.plugin.close();
    for pid in [keeper, supervisor] {
        assert!(Process::look(pid).is_none_or(|process| process.is_zombie()), "{pid} outlives the plugin");
    }
}

/// Nor can it kill the keeper, and so it must not wait for its end. The supervisor ends all the same.
pub(crate) fn a_stopped_keeper_does_not_hold_up_closing() {
    let stage = Stage::open(&[]);
    stage.works();
    let (keeper, supervisor) = (stage.keeper(), stage.supervisor());
    case_runner::may_stay(keeper);
    stop(keeper);
    become_nobody();
    // A wait for its end would have none, and exceed the time a case has.
    stage.plugin.close();
    // Nobody reaps it as long as the keeper is stopped.
    let ended = Process::look(supervisor).is_none_or(|process| process.is_zombie());
    assert!(ended, "the supervisor outlives the plugin");
}

/// OpenVPN has no rights any more, and forks nobody: the keeper does.
pub(crate) fn a_supervisor_that_was_killed_is_replaced() {
    let stage = Stage::open(&[]);
    stage.works();
    let (keeper, first) = (stage.keeper(), stage.supervisor());
    kill9(first);
    let second = stage.next_supervisor(first);
    become_nobody();
    stage.works();
    assert_eq!((stage.keeper(), stage.supervisor()), (keeper, second));
    stage
        .line(&format!("supervisor, process {first}, is gone (was killed by SIGKILL); starting another one"));
}

/// Not for ever: the third death within ten seconds is the last.
pub(crate) fn a_supervisor_that_dies_again_and_again_is_given_up() {
    let stage = Stage::open(&[]);
    stage.works();
    let keeper = stage.keeper();
    let mut supervisor = stage.supervisor();
    for _ in 0..2 {
        kill9(supervisor);
        supervisor = stage.next_supervisor(supervisor);
    }
    kill9(supervisor);
    ends(keeper, "the keeper");
    become_nobody();
    stage.line("the third within 10 s; giving up; restart OpenVPN");
    let lines = stage.log();
    assert_eq!(lines.matches("giving up").count(), 1, "{lines}");
    for login in [deferred(user("good")), user("good"), deferred(user("good"))] {
        let outcome =
            stage.refuses(&login, "the supervisor is gone: logins are refused until OpenVPN is restarted");
        assert_eq!(outcome.result, FuncResult::Error, "nobody would write the verdict");
    }
}

/// Nobody would start workers, or end what they leave: all of them end.
pub(crate) fn without_a_keeper_nobody_stays() {
    let gate = Gate::new();
    let stage = Stage::open(&["grace=0"]);
    let login = stage.start(&deferred(user_at("forkhang", &gate)));
    let mut all = vec![gate.arrival(), stage.supervisor()];
    all.extend(stage.workers());
    kill9(stage.keeper());
    stage.line("the keeper is gone: no worker can be started");
    all.iter().for_each(|process| ends(*process, "a helper"));
    assert!(rejected(&login.finish(PATIENCE)), "{}", stage.log());
    stage.line("the supervisor and its keeper, process");
    let outcome = stage.refuses(&user("good"), "logins are refused until OpenVPN is restarted");
    assert_eq!(outcome.result, FuncResult::Error);
}

/// A worker is a child of the keeper's, and modules run as root.
pub(crate) fn a_module_that_kills_its_parent_ends_logins_and_nobody_gets_in() {
    let stage = Stage::open(&[]);
    stage.works();
    let supervisor = stage.supervisor();
    stage.refuses(&user("killparent"), "the supervisor is gone");
    ends(supervisor, "the supervisor");
    stage.refuses(&user("good"), "logins are refused until OpenVPN is restarted");
}

/// What was meant for a supervisor that is gone is not run by the next one: the front has refused it.
pub(crate) fn a_request_for_an_earlier_supervisor_is_not_run() {
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    stage.works();
    let first = stage.supervisor();
    kill9(first);
    stage.next_supervisor(first);
    // The one worker would run them in this order, and they would be refused without delay.
    send_as(1, &check(0, b"stale"), &[]);
    send_as(3, &check(0, b"early"), &[]);
    send_as(2, &check(1, b"good"), &[]);
    stage.line("user 'good' authenticated");
    let log = stage.log();
    assert!(!log.contains("'stale'") && !log.contains("'early'"), "{log}");
    stage.works();
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
    let supervisor = stage.supervisor().to_string();
    become_nobody();
    let outcome = stage.refuses(&deferred(user_with("kill", &supervisor)), "the supervisor is gone");
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
    kill9(stage.supervisor());
    workers.iter().for_each(|worker| ends(*worker, "a worker"));
    ends(child, "a child of a PAM module");
    // Nobody else decides it, so its client does not wait.
    assert!(rejected(&login.finish(PATIENCE)), "{}", stage.log());
    stage.line("user 'forkhang' failed to authenticate: the supervisor is gone");
}
