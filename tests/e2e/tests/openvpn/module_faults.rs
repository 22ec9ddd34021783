//! A PAM module that goes wrong takes its own login with it and nothing else.

use std::time::{Duration, Instant};

use harness::{Server, ServerConfig};

use crate::stack::{PASSWORD, Stack};

/// What a module may do to the process it runs in, as the log names it afterwards.
const FAULTS: [(&str, &str); 5] = [
    ("crash", "worker"),
    ("abort", "worker"),
    ("exit", "worker"),
    ("hang", "time limit of 2 s"),
    ("closefds", "worker"),
];

/// eve's login meets the fault and is refused with a line about it; alice's, right after, works.
fn refuses_only_eve(server: &Server, fault: &str, word: &str) {
    let mark = server.mark();
    let eve = server.client("eve", PASSWORD).start();
    eve.wait_refused();
    let end = Instant::now() + harness::PATIENCE;
    let line = server.log().wait_match(mark, end, |text| {
        text.contains("user 'eve' failed to authenticate") && text.contains(word)
    });
    assert!(line.is_some(), "no line about eve and {word:?} for {fault}:\n{}", server.log().text());
    let alice = server.client("alice", PASSWORD).start().wait_connected();
    assert!(alice < Duration::from_secs(10), "{fault}: alice waited {alice:?}");
}

fn in_default_mode(phase: &str) {
    for (fault, word) in FAULTS {
        let stack = Stack::with(&[&format!("{phase}/eve:{fault}")]);
        let server = ServerConfig::auth_pam_with("timeout=2", &stack.service, "").dropped().start();
        refuses_only_eve(&server, fault, word);
    }
}

#[test]
fn default_mode_in_the_auth_phase() {
    in_default_mode("auth");
}

#[test]
fn default_mode_in_the_account_phase() {
    in_default_mode("account");
}

/// With deferring switched on, a client that is already connected does not even notice.
#[test]
fn deferred_mode_beside_a_busy_tunnel() {
    for (fault, word) in FAULTS {
        let stack = Stack::with(&[&format!("auth/eve:{fault}")]);
        let server =
            ServerConfig::auth_pam_with("timeout=2", &stack.service, "").deferred().dropped().start();
        let bystander = server.client("bystander", PASSWORD).with_tunnel().connect();
        let ping = bystander.ping();
        refuses_only_eve(&server, fault, word);
        let report = ping.finish();
        assert!(report.lost.is_empty(), "{fault}: {report:?}");
        assert!(report.slowest < Duration::from_secs(1), "{fault}: {report:?}");
    }
}

#[test]
fn many_crashes_at_once() {
    let stack = Stack::with(&["eve:crash"]);
    let server = ServerConfig::auth_pam(&stack.service).deferred().dropped().start();
    let eves: Vec<_> = (0..8).map(|_| server.client("eve", PASSWORD).start()).collect();
    let alices: Vec<_> = (0..4).map(|_| server.client("alice", PASSWORD).start()).collect();
    for eve in &eves {
        eve.wait_refused();
    }
    for alice in &alices {
        alice.wait_connected();
    }
}

/// What a module prints is no part of any protocol and can not put bare control bytes into the log.
#[test]
fn a_module_that_prints() {
    let stack = Stack::with(&["print"]);
    for config in [ServerConfig::auth_pam(&stack.service), ServerConfig::auth_pam(&stack.service).deferred()]
    {
        let server = config.dropped().start();
        server.client("alice", PASSWORD).start().wait_connected();
        server.client("alice", crate::stack::WRONG).start().wait_refused();
    }
}

#[test]
fn errors_of_modules_are_named() {
    let stack =
        Stack::with(&["eve:code=PAM_AUTHINFO_UNAVAIL", "bob:code=PAM_MAXTRIES", "account/carol:deny"]);
    let server = ServerConfig::auth_pam(&stack.service).start();
    for (user, words) in [
        ("eve", "Authentication service cannot retrieve authentication info"),
        ("bob", "Have exhausted maximum number of retries for service"),
        ("carol", "Authentication failure"),
    ] {
        let mark = server.mark();
        server.client(user, PASSWORD).start().wait_refused();
        server.wait_for(mark, &format!("user '{user}' failed to authenticate: {words}"));
    }
}
