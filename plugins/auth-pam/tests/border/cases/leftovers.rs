//! Processes that modules leave behind: they decide about no login, and they end.

use harness::{Gate, proc_table};

use crate::stage::{PATIENCE, Stage, deferred, ends, rejected, user, user_at};

/// Two worker loops on one channel: without a check the child would report its own success for whoever is next.
pub(crate) fn a_child_that_comes_back_out_of_a_module_speaks_for_nobody() {
    let (stray, next) = (Gate::new(), Gate::new());
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    stage.refuses(&user_at("forkreturn", &stray), "Authentication failure");
    let child = stray.arrival();
    let login = stage.start(&deferred(user_at("gate-deny", &next)));
    let worker = next.arrival();
    stray.open();
    ends(child, "the child");
    next.open();
    let outcome = login.finish(PATIENCE);
    assert!(rejected(&outcome), "another user's login: {outcome}\n{}", stage.log());
    // Refused by PAM and not because something was found wrong with the worker: the child said nothing at all.
    stage.line("user 'gate-deny' failed to authenticate: Authentication failure");
    assert_eq!(stage.workers(), [worker]);
    stage.works();
    stage.plugin.close();
    ends(worker, "the worker");
}

/// A child that knows the format but not the number of the login.
pub(crate) fn a_child_that_reports_success_opens_nothing() {
    for action in ["forklie", "forklie-zero"] {
        let (stray, next) = (Gate::new(), Gate::new());
        let stage = Stage::open(&["max-workers=1", "grace=0"]);
        stage.refuses(&user_at(action, &stray), "Authentication failure");
        let child = stray.arrival();
        let login = stage.start(&deferred(user_at("gate-deny", &next)));
        next.arrival();
        stray.open();
        let outcome = login.finish(PATIENCE);
        assert!(rejected(&outcome), "another user's login: {outcome}\n{}", stage.log());
        stage.line("sent something else than a report");
        stage.line("user 'gate-deny' failed to authenticate");
        ends(child, "the child");
        stage.works();
        // The same while the worker has nothing to do.
        let stray = Gate::new();
        stage.refuses(&user_at(action, &stray), "Authentication failure");
        let child = stray.arrival();
        stray.open();
        stage.line("sent something else than a report");
        ends(child, "the child");
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
    let stage = Stage::open(&[]);
    let [forked, twice] = [Gate::new(), Gate::new()];
    assert!(stage.login(&user_at("forkgood", &forked)).accepted(), "{}", stage.log());
    assert!(stage.login(&user_at("doublefork", &twice)).accepted(), "{}", stage.log());
    let children = [forked.arrival(), twice.arrival()];
    stage.refuses(&user("nothing"), "Authentication failure");
    assert!(children.iter().all(|child| proc_table::Process::look(*child).is_some()), "nothing to be seen");
    let (supervisor, workers) = (stage.supervisor(), stage.workers());
    stage.plugin.close();
    assert!(proc_table::Process::look(supervisor).is_none(), "closing did not wait for the supervisor");
    workers.iter().for_each(|worker| ends(*worker, "a worker"));
    children.iter().for_each(|child| ends(*child, "the child of a module"));
}
