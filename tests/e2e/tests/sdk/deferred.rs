//! Deferred decisions where the files are out of reach, and on the way out.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{Daemon, Outcome, ServerConfig};
use nix::sys::signal::Signal;

use crate::examples::{example, server_with};

#[test]
fn in_a_chroot_after_privileges_are_gone() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let server = server_with("deferred-auth", "C 200 foo bar").chroot().start();
    server.client("foo", "bar").connect();
    let refused = server.client("foo", "wrong").outcome();
    assert!(matches!(&refused, Outcome::Refused { reason, .. } if reason == "wrong password"), "{refused:?}");
}

/// Threads are started after the fork of `daemon`, so there they are.
#[test]
fn as_a_daemon() {
    let server = server_with("deferred-auth", "D 200 foo bar").daemon(Daemon::WithLog).start();
    server.client("foo", "bar").connect();
    server.wait_for(Mark::START, "D: deferred: true");
}

/// A decision that is not due for an hour does not keep the server from ending: `stop` waits for far less than that.
#[test]
fn closing_does_not_wait_for_decisions() {
    let server = server_with("deferred-auth", "E 3600000 foo bar").start();
    let mark = server.mark();
    let _client = server.client("foo", "bar").start();
    server.wait_for(mark, "PLUGIN_AUTH_USER_PASS_VERIFY status=2");
    server.stop();
}

/// Threads were used before each restart: SIGUSR1 keeps the plugin, SIGHUP closes and opens it.
#[test]
fn across_restarts() {
    let words = "R 200 foo bar";
    let server = ServerConfig::default().plugin_file(&example("deferred-auth"), words).start();
    server.client("foo", "bar").connect();
    for signal in [Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGHUP] {
        server.restart(signal);
        let mark = server.mark();
        server.client("foo", "bar").connect();
        server.wait_for(mark, "R: deferred: true");
    }
    assert_eq!(server.log().count(Mark::START, "PLUGIN_CLOSE: "), 2);
}
