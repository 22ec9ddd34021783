//! Processes that modules leave behind: they decide about no login, and they end.

use harness::Gate;
use harness::proc_table::{Process, wait_until};

use crate::stage::{PATIENCE, Stage, deferred, ends, modern, rejected, user, user_at, user_with};

/// Two worker loops on one channel: without a check the child would report its own success.
pub(crate) fn a_child_that_comes_back_out_of_a_module_speaks_for_nobody() {
    let stray = Gate::new();
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    let login = stage.start(&deferred(user_at("forkreturn", &stray)));
    let (child, worker) = (stray.arrival(), stage.workers());
    stray.open();
    let outcome = login.finish(PATIENCE);
    assert!(rejected(&outcome), "{outcome}\n{}", stage.log());
    // Refused by PAM and not because something was found wrong with the worker: the child said nothing at all.
    stage.line("user 'forkreturn' failed to authenticate: Authentication failure");
    ends(child, "the child");
    stage.works();
    assert_eq!(stage.workers(), worker);
}

/// A child that knows the format but not the number of the login. What it says while the module waits for it costs the
/// worker; when the login is over, its worker is, too, and nobody hears it.
pub(crate) fn a_child_that_reports_success_opens_nothing() {
    for action in ["forklie", "forklie-zero"] {
        let (stray, next) = (Gate::new(), Gate::new());
        let stage = Stage::open(&["max-workers=1", "grace=0"]);
        let login = stage.start(&deferred(user_at(action, &stray)));
        let child = stray.arrival();
        let waiting = stage.start(&deferred(user_at("gate-deny", &next)));
        stray.open();
        stage.line("protocol error from worker");
        let outcome = login.finish(PATIENCE);
        assert!(rejected(&outcome), "{outcome}\n{}", stage.log());
        ends(child, "the child");
        next.arrival();
        next.open();
        let outcome = waiting.finish(PATIENCE);
        assert!(rejected(&outcome), "another user's login: {outcome}\n{}", stage.log());
        stage.line("user 'gate-deny' failed to authenticate: Authentication failure");
        stage.works();
    }
}

pub(crate) fn a_crash_takes_the_modules_children_along() {
    let stage = Stage::open(&[]);
    for login in [user_at, |action: &str, gate: &Gate| deferred(user_at(action, gate))] {
        let gate = Gate::new();
        stage.refuses(&login("forkabort", &gate), "the worker was killed by SIGABRT");
        ends(gate.arrival(), "the child of a module that aborted");
        stage.works();
    }
}

pub(crate) fn closing_takes_the_modules_children_along() {
    let stage = Stage::open(&["grace=0"]);
    let forked = Gate::new();
    let _hanging = stage.start(&deferred(user_at("forkhang", &forked)));
    let (_hanging_too, daemon, gate) = leave_a_daemon(&stage, "-hang");
    gate.open();
    let children = [forked.arrival(), daemon];
    assert!(children.iter().all(|child| Process::look(*child).is_some()), "nothing to be seen");
    let (supervisor, workers) = (stage.supervisor(), stage.workers());
    stage.plugin.close();
    assert!(Process::look(supervisor).is_none(), "closing did not wait for the supervisor");
    workers.iter().for_each(|worker| ends(*worker, "a worker"));
    children.iter().for_each(|child| ends(*child, "the child of a module"));
}

/// The login of a module that leaves a daemon, up to the daemon's number.
fn leave_a_daemon(stage: &Stage, how: &str) -> (ovpn_plugin_host::RunningLogin, i32, Gate) {
    let gate = Gate::new();
    let login = stage.start(&deferred(user_at(&format!("daemon{how}"), &gate)));
    let daemon = gate.arrival();
    (login, daemon, gate)
}

/// Whatever becomes of the transaction. A daemon has a session and a parent of its own, as a program of pam_exec's has.
pub(crate) fn a_daemon_of_a_module_ends_with_its_worker() {
    let stage = Stage::open(&["grace=0"]);
    for (how, words) in [
        ("", "authenticated"),
        ("-deny", "Authentication failure"),
        ("-exit", "the worker exited with status 3"),
        ("-crash", "the worker was killed by SIGABRT"),
    ] {
        stage.plugin.clear_log();
        let (login, daemon, gate) = leave_a_daemon(&stage, how);
        assert!(Process::look(daemon).is_some());
        gate.open();
        let outcome = login.finish(PATIENCE);
        assert_eq!(outcome.accepted(), how.is_empty(), "{how}: {outcome}\n{}", stage.log());
        stage.line(words);
        stage.line("PAM modules left 1 process(es) running");
        ends(daemon, "a daemon");
        stage.works();
    }
}

pub(crate) fn a_daemon_of_a_module_ends_with_the_time_limit() {
    let stage = Stage::open(&["grace=0", "timeout=1"]);
    let (login, daemon, gate) = leave_a_daemon(&stage, "-hang");
    gate.open();
    assert!(rejected(&login.finish(PATIENCE)), "{}", stage.log());
    stage.line("the time limit of 1 s was reached");
    ends(daemon, "a daemon");
    stage.works();
}

pub(crate) fn a_daemon_has_time_to_leave() {
    let stage = Stage::open(&["grace=0"]);
    let (login, daemon, gate) = leave_a_daemon(&stage, "-polite");
    gate.open();
    assert!(login.finish(PATIENCE).accepted(), "{}", stage.log());
    assert_eq!(gate.arrival(), daemon, "no SIGTERM, or no time to do something about it");
    ends(daemon, "a daemon");
}

/// Neither does one that is born meanwhile get more time.
pub(crate) fn a_daemon_that_ignores_sigterm_is_killed_and_its_children_are() {
    for closing in [false, true] {
        let stage = Stage::open(&["grace=0"]);
        let (login, daemon, gate) = leave_a_daemon(&stage, "-stubborn");
        let children: Vec<i32> = harness::proc_table::all()
            .into_iter()
            .filter(|process| process.parent == daemon)
            .map(|process| process.pid)
            .collect();
        assert_eq!(children.len(), 1);
        gate.open();
        assert!(login.finish(PATIENCE).accepted(), "{}", stage.log());
        if closing {
            stage.plugin.close();
        } else {
            stage.works();
        }
        ends(daemon, "a daemon");
        ends(children[0], "the child of a daemon");
    }
}

/// The keeper has a supervisor, a worker, and nothing else.
fn wait_for_quiet(stage: &Stage) {
    let mut quiet = 0;
    let keeper = stage.keeper();
    let calm = wait_until(PATIENCE, || {
        let children = harness::proc_table::all().iter().filter(|it| it.parent == keeper).count();
        quiet = if children == 2 { quiet + 1 } else { 0 };
        quiet == 10
    });
    assert!(calm, "there are still processes");
}

pub(crate) fn a_crowd_ends_and_nobody_waits_for_it() {
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    assert!(stage.login(&user_with("crowd", "800")).accepted(), "{}", stage.log());
    stage.works();
    wait_for_quiet(&stage);
}

pub(crate) fn a_process_that_goes_on_as_its_own_child_ends_and_nobody_waits_for_it() {
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    assert!(stage.login(&user("bomb")).accepted(), "{}", stage.log());
    stage.works();
    wait_for_quiet(&stage);
    stage.works();
}

/// A signal is no verdict of PAM's: the client may come again. An exit is one.
pub(crate) fn a_crash_is_a_temporary_failure_and_an_exit_is_a_refusal() {
    let stage = Stage::open(&[]);
    // A source from which somebody was accepted is not slowed down.
    stage.works();
    for (action, words, temporary) in [
        ("segv", "the worker was killed by SIGSEGV", true),
        ("exit", "the worker exited with status 3", false),
        ("big", "the worker was killed by SIGKILL", false),
    ] {
        for _ in 0..if temporary { 12 } else { 1 } {
            let outcome = stage.refuses(&modern(action), words);
            let reason = outcome.reason.unwrap_or_default();
            let expected = "TEMP[backoff 15,advance no]: the authentication service was interrupted";
            assert_eq!(reason.starts_with(expected), temporary, "{action}: {reason}");
        }
        stage.works();
    }
}

/// The kernel's way when memory is short.
pub(crate) fn a_worker_that_is_killed_from_outside_is_a_temporary_failure() {
    let gate = Gate::new();
    let stage = Stage::open(&["grace=0"]);
    let login = stage.start(&deferred(user_at("gate-good", &gate).env("IV_PROTO", "990")));
    harness::proc_table::kill9(gate.arrival());
    let outcome = login.finish(PATIENCE);
    assert!(rejected(&outcome), "{outcome}");
    let reason = outcome.reason.unwrap_or_default();
    assert!(reason.contains("the authentication service was interrupted"), "{reason}");
    stage.works();
}
