//! What a PAM module changes about its process is gone when the next login comes.

use crate::stage::{PATIENCE, Stage, deferred, user};

/// The process as the PAM module finds it; the module prints it.
fn state(stage: &Stage) -> String {
    stage.plugin.clear_log();
    let outcome = stage.login(&user("state"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    stage.line("state: ")
}

pub(crate) fn what_a_module_changes_does_not_meet_the_next_login() {
    let stage = Stage::open(&["max-workers=1"]);
    let clean = state(&stage);
    assert!(
        clean.contains("uid 0/0/0") && clean.contains("threads 1") && clean.contains("timer 0"),
        "{clean}"
    );
    // More than once: whether the next login meets a worker that is about to leave is a matter of moments.
    for _ in 0..5 {
        for change in ["seteuid", "setgroups", "umask", "chdir", "thread", "alarm", "block", "ignore"] {
            let outcome = stage.login(&user(change));
            assert!(outcome.accepted(), "{change}: {outcome}\n{}", stage.log());
            assert_eq!(state(&stage), clean, "after {change}");
        }
    }
}

/// A login that waits in the queue is handed out the moment the one before is over, when the worker may be leaving.
pub(crate) fn a_login_in_the_queue_meets_no_worker_that_is_leaving() {
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    for round in 0..50 {
        let first = stage.start(&deferred(user("umask")));
        let others: Vec<_> = (0..3).map(|_| stage.start(&deferred(user("good")))).collect();
        for login in std::iter::once(first).chain(others) {
            let outcome = login.finish(PATIENCE);
            assert!(outcome.accepted(), "round {round}: {outcome}\n{}", stage.log());
        }
    }
}

pub(crate) fn closed_descriptors_cost_the_module_its_own_login() {
    let stage = Stage::open(&[]);
    for _ in 0..3 {
        stage.refuses(&user("closeall"), "the worker");
        stage.works();
    }
}
