//! What happens to open questions when something ends or starts again.

use harness::needs::Need;
use harness::proc_table::{kill9, wait_gone};
use harness::requires;
use harness::{Gate, PATIENCE, ServerConfig, side_by_side};
use nix::sys::signal::Signal;

use crate::stage::{CODE, PASSWORD, Stage, asks_for_code};

/// A stage, and the gate at which each transaction says its process.
fn stage(deferred: bool, config: fn(ServerConfig<'static>) -> ServerConfig<'static>) -> (Gate, Stage) {
    let gate = Gate::new();
    let actions = asks_for_code(&[&format!("auth/{}", gate.tell())]);
    let stage = Stage::with("", &actions, |line| config(line.deferred_if(deferred)));
    (gate, stage)
}

/// The same for all of these, in both modes.
fn each(check: impl Fn(&Gate, &Stage) + Sync) {
    side_by_side([false, true], |deferred| {
        for config in [ServerConfig::dropped, |config: ServerConfig<'static>| config.dropped().chroot()] {
            let (gate, stage) = stage(deferred, config);
            check(&gate, &stage);
        }
    });
}

fn logs_in(stage: &Stage, user: &str) {
    stage.server.person(user, PASSWORD).answers(&[CODE]).start().connects();
}

#[test]
fn a_worker_that_was_killed_answers_nothing() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    each(|gate, stage| {
        let alice = stage.server.person("alice", PASSWORD).start();
        let (worker, supervisor) = (gate.arrival(), stage.server.supervisor().pid);
        alice.question(0);
        kill9(worker);
        assert!(wait_gone(worker, PATIENCE));
        alice.answer(CODE);
        alice.refused();
        logs_in(stage, "bob");
        assert_eq!(stage.server.supervisor().pid, supervisor);
    });
}

#[test]
fn a_supervisor_that_was_killed_takes_them_along() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    each(|gate, stage| {
        let alice = stage.server.person("alice", PASSWORD).start();
        let worker = gate.arrival();
        alice.question(0);
        stage.server.replace_supervisor();
        assert!(wait_gone(worker, PATIENCE), "it waits for an answer that cannot come");
        alice.answer(CODE);
        alice.refused();
        logs_in(stage, "bob");
    });
}

#[test]
fn they_survive_a_soft_restart() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    each(|gate, stage| {
        let alice = stage.server.person("alice", PASSWORD).start();
        gate.arrival();
        alice.question(0);
        stage.server.restart(Signal::SIGUSR1);
        alice.answer(CODE);
        alice.connects();
    });
}

/// Modules learn of the end: they may have files to remove.
#[test]
fn a_hard_restart_ends_them_in_order() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let (gate, end) = (Gate::new(), Gate::new());
        let (tell, at_end) = (format!("auth/{}", gate.tell()), format!("auth/{}", end.at_end()));
        let stage = Stage::with("", &asks_for_code(&[&tell, &at_end]), |config| config.deferred_if(deferred));
        let alice = stage.server.person("alice", PASSWORD).start();
        let worker = gate.arrival();
        alice.question(0);
        stage.server.restart(Signal::SIGHUP);
        assert_eq!(end.arrival(), worker, "pam_end");
        assert!(wait_gone(worker, PATIENCE));
        let mark = stage.server.mark();
        alice.answer(CODE);
        alice.refused();
        stage.server.wait_for(mark, "no question waits for this answer");
        logs_in(&stage, "bob");
    });
}

#[test]
fn the_servers_end_ends_them_in_order() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |chroot| {
        let (gate, end) = (Gate::new(), Gate::new());
        let (tell, at_end) = (format!("auth/{}", gate.tell()), format!("auth/{}", end.at_end()));
        let stage = Stage::with("", &asks_for_code(&[&tell, &at_end]), |config| {
            if chroot { config.dropped().chroot() } else { config.dropped() }
        });
        let alice = stage.server.person("alice", PASSWORD).start();
        let worker = gate.arrival();
        alice.question(0);
        stage.server.stop();
        assert_eq!(end.arrival(), worker, "pam_end");
        assert!(wait_gone(worker, PATIENCE));
        assert!(harness::proc_table::wait_until(PATIENCE, || stage.server.helpers().is_empty()));
    });
}

/// The server that is killed has no time for anything.
#[test]
fn a_killed_server_leaves_none() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let (gate, stage) = stage(true, ServerConfig::dropped);
    let alice = stage.server.person("alice", PASSWORD).start();
    let worker = gate.arrival();
    alice.question(0);
    stage.server.kill9();
    assert!(wait_gone(worker, PATIENCE));
    assert!(harness::proc_table::wait_until(PATIENCE, || stage.server.helpers().is_empty()));
}
