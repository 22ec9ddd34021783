//! The server goes, politely or by SIGKILL: no helper stays.

use harness::log::Mark;
use harness::proc_table::{sockets_of, wait_until};
use harness::{Daemon, Gate, PATIENCE, Server, ServerConfig};

use crate::stack::{PASSWORD, Stack};

fn no_helper_afterwards(server: &Server) {
    let helpers = server.helpers();
    assert!(!helpers.is_empty());
    server.kill9();
    assert!(wait_until(PATIENCE, || server.helpers().is_empty()), "{:?}", server.helpers());
}

#[test]
fn killed_while_idle() {
    for daemon in [Daemon::No, Daemon::WithLog] {
        let stack = Stack::new();
        let server = ServerConfig::auth_pam(&stack.service).dropped().daemon(daemon).start();
        server.client("alice", PASSWORD).start().wait_connected();
        no_helper_afterwards(&server);
    }
}

/// End of file never comes: somebody else holds copies of OpenVPN's sockets. The keeper watches the process itself; in the
/// background OpenVPN tells it with the first login which one that is.
#[test]
fn killed_while_another_process_holds_its_sockets() {
    for daemon in [Daemon::No, Daemon::WithLog] {
        let stack = Stack::new();
        let server = ServerConfig::auth_pam(&stack.service).dropped().daemon(daemon).start();
        server.client("alice", PASSWORD).start().wait_connected();
        let held = sockets_of(server.pid());
        assert!(!held.is_empty());
        no_helper_afterwards(&server);
        drop(held);
    }
}

#[test]
fn killed_while_a_module_hangs() {
    for deferred in [false, true] {
        let gate = Gate::new();
        let stack = Stack::with(&[&gate.tell(), "hang"]);
        let config = ServerConfig::auth_pam(&stack.service).dropped();
        let server = config.deferred_if(deferred).start();
        let _client = server.client("alice", PASSWORD).start();
        gate.arrival();
        no_helper_afterwards(&server);
    }
}

/// With nobody but the plugin to end it, a hanging module must not keep the server from stopping: closing would wait for
/// the supervisor only for so long, and say so.
#[test]
fn stopped_while_a_module_hangs() {
    let gate = Gate::new();
    let stack = Stack::with(&[&gate.tell(), "hang"]);
    let server = ServerConfig::auth_pam(&stack.service).deferred().dropped().start();
    let _client = server.client("alice", PASSWORD).start();
    gate.arrival();
    server.stop();
    server.wait_for(Mark::START, "[ended: ");
    assert_eq!(server.log().count(Mark::START, "did not end within"), 0, "{}", server.log().text());
    assert_eq!(server.helpers(), []);
}

#[test]
fn stopped_while_idle() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    server.stop();
    assert_eq!(server.helpers(), []);
}
