//! A PAM module that goes wrong takes its own login with it and nothing else.

use std::time::Instant;

use harness::log::Mark;
use harness::proc_table::kill9;
use harness::{Gate, Server, ServerConfig};

use crate::bystander::Bystander;
use crate::stack::{PASSWORD, Stack};

/// What a module may do to the process it runs in, as the log names it afterwards.
const FAULTS: [(&str, &str); 5] = [
    ("crash", "the worker was killed by SIGSEGV"),
    ("abort", "the worker was killed by SIGABRT"),
    ("exit", "the worker exited with status 0"),
    ("hang", "the time limit of 2 s was reached"),
    // Without its channel it leaves by itself, or is killed because that has ended, whichever is first.
    ("closefds", "the worker "),
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
    server.client("alice", PASSWORD).start().wait_connected();
}

fn in_default_mode(phase: &str) {
    for (fault, word) in FAULTS {
        let stack = Stack::with(&[&format!("{phase}/eve:{fault}")]);
        let server = ServerConfig::auth_pam_with("timeout=2", &stack.service, "").dropped().start();
        let bystander = Bystander::of(&server);
        refuses_only_eve(&server, fault, word);
        bystander.lost_nothing(fault);
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

/// With deferring switched on, a client that is already connected does not even notice a module that hangs.
#[test]
fn deferred_mode_beside_a_hanging_module() {
    let gate = Gate::new();
    let stack = Stack::with(&[&format!("auth/eve:{}", gate.tell()), "auth/eve:hang"]);
    let server = ServerConfig::auth_pam_with("timeout=0", &stack.service, "").deferred().dropped().start();
    let bystander = Bystander::of(&server);
    let mark = server.mark();
    let eve = server.client("eve", PASSWORD).start();
    let worker = gate.arrival();
    bystander.goes_on();
    // Nothing but this ends her login.
    assert_eq!(server.log().count(mark, "user 'eve'"), 0, "{}", server.log().text());
    kill9(worker);
    eve.wait_refused();
    bystander.lost_nothing("hang");
}

#[test]
fn deferred_mode_beside_a_busy_tunnel() {
    for (fault, word) in FAULTS {
        let stack = Stack::with(&[&format!("auth/eve:{fault}")]);
        let server =
            ServerConfig::auth_pam_with("timeout=2", &stack.service, "").deferred().dropped().start();
        let bystander = Bystander::of(&server);
        refuses_only_eve(&server, fault, word);
        bystander.lost_nothing(fault);
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

/// What a module prints is no part of any protocol, and reaches the log with control bytes made visible.
#[test]
fn a_module_that_prints() {
    const PRINTED: [&str; 2] = [
        r"printed by a PAM module: pam_test on stdout \x1b[31mred\x07\r",
        r"printed by a PAM module: pam_test on stderr \x1b[31mred\x07\r",
    ];
    let stack = Stack::with(&["print"]);
    for config in [ServerConfig::auth_pam(&stack.service), ServerConfig::auth_pam(&stack.service).deferred()]
    {
        let server = config.dropped().start();
        server.client("alice", PASSWORD).start().wait_connected();
        server.client("alice", crate::stack::WRONG).start().wait_refused();
        server.stop();
        let lines = server.log().since(Mark::START);
        for printed in PRINTED {
            // Both phases of the good login, one of the bad one.
            let count = lines.iter().filter(|line| line.text.ends_with(printed)).count();
            assert_eq!(count, 3, "{printed}:\n{}", server.log().text());
        }
        let about: Vec<_> = lines.iter().filter(|line| line.text.contains("pam_test on")).collect();
        assert_eq!(about.len(), 6, "{about:?}");
        let raw: Vec<_> = lines.iter().filter(|line| line.text.contains(char::is_control)).collect();
        assert!(raw.is_empty(), "{raw:?}");
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
