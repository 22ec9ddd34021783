//! SIGHUP and SIGUSR1: the plugin is there again afterwards, and nothing of the old one is.

use harness::needs::Need;
use harness::requires;
use harness::{Gate, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::stack::{PASSWORD, Stack, WRONG};

fn good_and_bad(server: &Server) {
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("alice", WRONG).start().wait_refused();
}

#[test]
fn sighup_as_root() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).start();
    good_and_bad(&server);
    server.restart(Signal::SIGHUP);
    good_and_bad(&server);
}

#[test]
fn sighup_reads_the_configuration_of_pam_anew() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).start();
    stack.change(&["alice:deny"]);
    server.restart(Signal::SIGHUP);
    server.client("alice", PASSWORD).start().wait_refused();
    server.client("bob", PASSWORD).start().wait_connected();
}

/// Opened again without root's rights, the plugin still does what it can with those it has.
#[test]
fn sighup_dropped_to_nobody() {
    requires!(Need::Openvpn(2, 6, 0), "a server that is not root cannot make its device again after SIGHUP");
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().readable_by_nobody().start();
    good_and_bad(&server);
    server.restart(Signal::SIGHUP);
    good_and_bad(&server);
}

#[test]
fn sigusr1_keeps_the_helper() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    good_and_bad(&server);
    let before: Vec<i32> = server.helpers().iter().map(|helper| helper.pid).collect();
    server.restart(Signal::SIGUSR1);
    good_and_bad(&server);
    let after: Vec<i32> = server.helpers().iter().map(|helper| helper.pid).collect();
    assert!(before.iter().all(|old| after.contains(old)), "{before:?} {after:?}");
}

#[test]
fn sighup_while_a_module_hangs() {
    let gate = Gate::new();
    let tell = format!("eve:{}", gate.tell());
    let stack = Stack::with(&[&tell, "eve:hang"]);
    let server = ServerConfig::auth_pam(&stack.service).deferred().start();
    let _eve = server.client("eve", PASSWORD).start();
    let hanging = gate.arrival();
    server.restart(Signal::SIGHUP);
    assert!(server.helpers().iter().all(|helper| helper.pid != hanging), "the hanging worker is still there");
    good_and_bad(&server);
}
