//! What the pages of the guide say about OpenVPN, with a real server, where no other test has it.

use harness::needs::Need;
use harness::requires;
use std::os::unix::fs::PermissionsExt;

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{Outcome, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::examples::{server_with, test_plugin};

fn clients() -> ServerConfig<'static> {
    ServerConfig::default().plugin_file(&test_plugin("clients"), "")
}

fn count(server: &Server, text: &str) -> usize {
    server.log().count(Mark::START, text)
}

/// Accounting: a login that is rejected has no end, and neither has a client that leaves before it is decided about. What
/// is kept for a client is dropped in each case.
#[test]
fn whose_end_is_reported() {
    // For the one that waits, which says no goodbye.
    let server = clients().line("keepalive 1 3").start();
    let refused = server.client("bad", "x").outcome();
    assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
    server.wait_for(Mark::START, "its state is dropped");

    let mark = server.mark();
    let waits = server.client("waits", "x").start();
    server.wait_for(mark, "PLUGIN_CLIENT_CONNECT status=2");
    waits.disconnect();
    server.wait_for(mark, "its state is dropped");
    assert_eq!(count(&server, "has left"), 0);

    let mark = server.mark();
    server.client("joe", "x").connect().disconnect();
    server.wait_for(mark, "has left, was let in: true");
    server.wait_for(mark, "its state is dropped");
}

/// Accounting: SIGTERM reports each client that is there, SIGKILL none.
#[test]
fn the_end_of_openvpn_reports_clients_unless_it_is_killed() {
    for killed in [false, true] {
        let server = clients().start();
        let _there = ["one", "two"].map(|name| server.client(name, "x").connect());
        if killed {
            server.kill9();
        } else {
            server.stop();
            server.wait_for(Mark::START, "process exiting");
        }
        assert_eq!(count(&server, "has left, was let in: true"), if killed { 0 } else { 2 });
    }
}

/// Restarts: the second `open` is that of the user whom OpenVPN has become.
#[test]
fn what_only_root_may_read_ends_openvpn_at_sighup() {
    requires!(
        Need::Openvpn(2, 6, 0),
        "a server that is not root cannot make its device again after a restart"
    );
    let scratch = Scratch::of_root();
    let file = scratch.write("policy", "client\n", 0o600);
    let config = || server_with("policy", file.to_str().unwrap()).readable_by_nobody();
    let server = config().start();
    let mark = server.mark();
    server.signal(Signal::SIGHUP);
    server.wait_for(mark, "PLUGIN POLICY: ");
    server.wait_for(mark, "Exiting due to fatal error");
    // And if it may read it.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    config().start().hang_up();
}

/// Threads: both are a minute by default, and nothing here takes that long.
#[test]
fn nobody_decides_and_openvpn_gives_up() {
    for line in ["hand-window 4", "reneg-sec 8"] {
        let server = clients().line(line).start();
        let client = server.client("undecided", "x").line("hand-window 60").start();
        server.wait_for(Mark::START, "wanted at the end: false");
        client.wait_refused();
    }
    assert!(PATIENCE.as_secs() < 60);
}

/// Threads: OpenVPN has no limit for a client that nobody decides about when it connects. The client has one.
#[test]
fn nobody_decides_about_a_connecting_client() {
    requires!(Need::Openvpn(2, 6, 0), "a client asks for its options for a minute before it gives up");
    let server = clients().line("hand-window 4").start();
    let client = server.client("waits", "x").line("hand-window 4").start();
    client.log().wait_for(Mark::START, "No reply from server to push requests", PATIENCE);
    assert_eq!(count(&server, "PLUGIN_CLIENT_CONNECT status=2"), 1);
    assert_eq!(count(&server, "its state is dropped"), 0);
}

/// Logs: the level that is shown from `verb 1` on is not shown by `verb 0`.
#[test]
fn verb_0_shows_nothing() {
    for (verb, shown) in [(0, 0), (1, 1)] {
        let config = ServerConfig::default().plugin_file(&test_plugin("statics"), "");
        let failed = config.line(&format!("verb {verb}")).start_expecting_failure();
        assert_eq!(failed.log.count(Mark::START, "PLUGIN STATICS: wanted: plugin FILE WORK"), shown);
    }
}
