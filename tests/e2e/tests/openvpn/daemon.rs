//! `daemon`: the helper survives it, lets go of the terminal, and leaves with the server.

use harness::proc_table::descriptors;
use harness::{Daemon, Server, ServerConfig};

use crate::stack::{PASSWORD, Stack, WRONG};

/// What the helpers have as standard input, output and error.
fn standard_descriptors(server: &Server) -> Vec<String> {
    let helpers = server.helpers();
    assert!(!helpers.is_empty(), "the helper did not survive the way to the background");
    helpers
        .iter()
        .flat_map(|helper| descriptors(helper.pid))
        .filter(|(number, _)| *number <= 2)
        .map(|(_, target)| target)
        .collect()
}

fn logs_in_and_leaves(server: &Server) {
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("alice", WRONG).start().wait_refused();
    server.stop();
    assert_eq!(server.helpers(), [], "when the server has ended, its helpers have too");
}

/// `daemon_log_redirect`: what the helper says is in the log file, between OpenVPN's own lines.
#[test]
fn with_a_log_file() {
    let stack = Stack::with(&["auth/print"]);
    let server = ServerConfig::auth_pam(&stack.service).daemon(Daemon::WithLog).dropped().start();
    // It does not hold the log itself: a reader that is stuck must not stop it.
    let own = descriptors(server.supervisor().pid).into_iter().filter(|(number, _)| *number <= 2);
    assert!(own.clone().count() == 3 && own.into_iter().all(|(_, target)| target == "/dev/null"));
    let mark = server.mark();
    server.client("alice", WRONG).start().wait_refused();
    // Of the supervisor, about a login and about what a worker printed.
    server.wait_for(mark, "BACKGROUND: user 'alice' failed to authenticate");
    server.wait_for(mark, "printed by a PAM module: pam_test on stdout");
    logs_in_and_leaves(&server);
}

#[test]
fn with_syslog() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).daemon(Daemon::Syslog).dropped().start();
    for target in standard_descriptors(&server) {
        // Workers print into a pipe that the supervisor reads.
        let let_go = target.ends_with("/dev/null") || target.starts_with("pipe:");
        assert!(let_go, "the helper holds on to {target}, which the server was started with");
    }
    let mark = server.mark();
    server.client("alice", WRONG).start().wait_refused();
    server.wait_for(mark, "user 'alice' failed to authenticate");
    logs_in_and_leaves(&server);
}

#[test]
fn restarts_in_the_background() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).daemon(Daemon::WithLog).start();
    let before = server.helpers();
    server.restart(nix::sys::signal::Signal::SIGHUP);
    let after = server.helpers();
    assert!(!after.is_empty());
    assert!(before.iter().all(|old| after.iter().all(|new| new.pid != old.pid)), "{before:?} {after:?}");
    logs_in_and_leaves(&server);
}
