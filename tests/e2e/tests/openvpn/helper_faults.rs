//! Helpers that are killed: logins fail closed, and come back where they can.

use std::time::Duration;

use harness::proc_table::{kill9, wait_gone, wait_until};
use harness::{Gate, PATIENCE, Server, ServerConfig};

use crate::bystander::{Bystander, TIME_LIMIT, TIMEOUT};
use crate::stack::{PASSWORD, Stack, WRONG};

fn kill_supervisor(server: &Server) {
    let supervisor = server.supervisor();
    kill9(supervisor.pid);
    assert!(wait_gone(supervisor.pid, PATIENCE));
}

/// Without root's rights there is no way to a new helper: every login is refused, at once and with a reason.
#[test]
fn supervisor_killed_under_a_dropped_server() {
    for deferred in [false, true] {
        let stack = Stack::new();
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").dropped();
        let server = config.deferred_if(deferred).start();
        let bystander = Bystander::of(&server);
        kill_supervisor(&server);
        for _ in 0..2 {
            let mark = server.mark();
            server.client("alice", PASSWORD).start().wait_refused();
            server.wait_for(mark, "user 'alice' failed to authenticate: the supervisor is gone");
        }
        assert!(server.is_alive());
        assert!(wait_until(Duration::from_secs(1), || server.helpers().is_empty()), "{:?}", server.helpers());
        bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
    }
}

#[test]
fn supervisor_killed_under_a_server_that_is_still_root() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").start();
    let bystander = Bystander::of(&server);
    let old = server.supervisor();
    kill_supervisor(&server);
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("alice", WRONG).start().wait_refused();
    assert_ne!(server.supervisor().pid, old.pid);
    bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
}

/// The login under way is refused at once: nobody waits for an answer that can not come.
#[test]
fn supervisor_killed_during_a_login() {
    let gate = Gate::new();
    let stack = Stack::with(&[&format!("alice:{}", gate.tell()), "alice:hang"]);
    let server = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").dropped().start();
    let bystander = Bystander::of(&server);
    let client = server.client("alice", PASSWORD).start();
    let worker = gate.arrival();
    kill_supervisor(&server);
    client.wait_refused();
    bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
    assert!(wait_gone(worker, Duration::from_secs(1)), "the hanging worker outlives its supervisor");
    assert!(server.is_alive());
}

#[test]
fn worker_killed_during_a_login() {
    for deferred in [false, true] {
        let gate = Gate::new();
        let (tell, wait) = (format!("eve:{}", gate.tell()), format!("eve:{}", gate.wait()));
        let stack = Stack::with(&[&tell, &wait]);
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").dropped();
        let server = config.deferred_if(deferred).start();
        let bystander = Bystander::of(&server);
        let mark = server.mark();
        let eve = server.client("eve", PASSWORD).start();
        kill9(gate.arrival());
        eve.wait_refused();
        server.wait_for(mark, "user 'eve' failed to authenticate: the worker was killed by SIGKILL");
        bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

#[test]
fn idle_workers_killed() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    for worker in server.workers() {
        kill9(worker.pid);
        assert!(wait_gone(worker.pid, PATIENCE));
    }
    server.client("alice", PASSWORD).start().wait_connected();
}

/// `ps` explains itself.
#[test]
fn helpers_have_names_of_their_own() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    let supervisor = server.supervisor();
    assert!(supervisor.title.starts_with("auth-pam: supervisor"), "{supervisor:?}");
    let workers = server.workers();
    assert!(!workers.is_empty());
    for worker in &workers {
        assert!(worker.title.starts_with("auth-pam: worker"), "{worker:?}");
        assert_eq!(worker.parent, supervisor.pid);
    }
    assert_eq!(server.helpers().len(), 1 + workers.len());
}
