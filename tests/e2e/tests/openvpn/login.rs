//! A good and a bad login in every way a server is commonly run.

use std::fs;

use harness::scratch::Scratch;
use harness::{Account, EtcPamService, Gate, Server, ServerConfig};

use crate::stack::{PASSWORD, Stack, WRONG};

/// The right password gets in, the wrong one does not, and the log says so as log watchers expect.
fn good_and_bad(server: &Server) {
    server.client("alice", PASSWORD).start().wait_connected();
    let mark = server.mark();
    server.client("alice", WRONG).start().wait_refused();
    server.wait_for(mark, "user 'alice' failed to authenticate: Authentication failure");
    assert!(server.is_alive());
}

#[test]
fn default_mode() {
    let stack = Stack::new();
    good_and_bad(&ServerConfig::auth_pam(&stack.service).start());
}

#[test]
fn deferred_mode() {
    let stack = Stack::new();
    good_and_bad(&ServerConfig::auth_pam(&stack.service).deferred().start());
}

#[test]
fn dropped_to_nobody() {
    let stack = Stack::new();
    good_and_bad(&ServerConfig::auth_pam(&stack.service).dropped().start());
}

#[test]
fn dropped_to_nobody_deferred() {
    let stack = Stack::new();
    good_and_bad(&ServerConfig::auth_pam(&stack.service).dropped().deferred().start());
}

#[test]
fn in_a_chroot() {
    let stack = Stack::new();
    good_and_bad(&ServerConfig::auth_pam(&stack.service).chroot().start());
}

/// Where the C plugin lets nobody in: its helper looks for the control file outside the chroot.
#[test]
fn in_a_chroot_deferred() {
    let stack = Stack::new();
    good_and_bad(&ServerConfig::auth_pam(&stack.service).chroot().dropped().deferred().start());
}

#[test]
fn without_client_certificates() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).without_client_certificates().start();
    server.client("alice", PASSWORD).without_certificate().start().wait_connected();
    server.client("alice", WRONG).without_certificate().start().wait_refused();
}

/// The line of a server.conf written for the C plugin: a service in /etc/pam.d and nothing else.
#[test]
fn accounts_of_the_machine() {
    let service = EtcPamService::new("auth required pam_unix.so nodelay\naccount required pam_unix.so\n");
    let (valid, expired) = (Account::new(PASSWORD), Account::expired(PASSWORD));
    let server = ServerConfig::auth_pam_words(service.name()).dropped().start();
    server.client(valid.name(), PASSWORD).start().wait_connected();
    server.client(valid.name(), WRONG).start().wait_refused();
    let mark = server.mark();
    server.client(expired.name(), PASSWORD).start().wait_refused();
    let said = format!("user '{}' failed to authenticate: User account has expired", expired.name());
    server.wait_for(mark, &said);
}

/// What the modules are given: name and password as typed, the client's address, root's rights.
#[test]
fn what_modules_see() {
    let scratch = Scratch::new();
    let file = scratch.join("record");
    let stack = Stack::with(&[&format!("account/record={}", file.display())]);
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    let seen = fs::read_to_string(&file).expect("the account phase ran");
    for field in ["phase=account", " uid=0 ", " user=alice ", " rhost=127.0.0.1 "] {
        assert!(seen.contains(field), "{field} not in {seen}");
    }
    assert_eq!(seen.lines().count(), 1, "{seen}");
}

#[test]
fn a_slow_stack_holds_up_only_its_own_login() {
    let gate = Gate::new();
    let (tell, wait) = (format!("slow:{}", gate.tell()), format!("slow:{}", gate.wait()));
    let stack = Stack::with(&[&tell, &wait]);
    let server = ServerConfig::auth_pam(&stack.service).deferred().dropped().start();
    let slow = server.client("slow", PASSWORD).start();
    gate.arrival();
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("bob", WRONG).start().wait_refused();
    // Twice: once per phase.
    gate.open();
    gate.open();
    slow.wait_connected();
}
