//! A pool of threads in a plugin at a real server, with logins and connecting clients that it answers: its bound, its
//! panics, and its end.

use harness::needs::Need;
use harness::requires;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::server::READY;
use harness::{Daemon, Outcome, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::examples::test_plugin;

/// A server with the plugin, and the file that lets waiting logins go on.
struct Site {
    server: Server,
    gate: PathBuf,
    _scratch: Scratch,
}

impl Site {
    fn new(config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>) -> Self {
        let scratch = Scratch::new();
        // For a server that has given root up.
        std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let gate = scratch.join("gate");
        let plugin = ServerConfig::default().plugin_file(&test_plugin("pool"), gate.to_str().unwrap());
        Self { server: config(plugin).start(), gate, _scratch: scratch }
    }

    fn open_the_gate(&self) {
        std::fs::write(&self.gate, "").unwrap();
    }
}

/// Lines of a job name its client, those of its error and its panic too.
#[test]
fn what_comes_of_a_job_is_the_answer() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let site = Site::new(|config| config.dropped().chroot());
    // The name is that of the certificate.
    let names_the_client = |mark: Mark, text: &str| {
        let line = site.server.wait_for(mark, text).text;
        assert!(line.contains("PLUGIN POOLED: client/127.0.0.1:"), "{line}");
    };
    site.server.client("joe", "x").connect();
    names_the_client(Mark::START, " asks");
    let refused = site.server.client("bad", "x").outcome();
    assert!(matches!(&refused, Outcome::Refused { reason, .. } if reason == "wrong code"), "{refused:?}");

    let client = site.server.client("gift", "x").connect();
    client.log().wait_for(Mark::START, "GIFT by-pool", PATIENCE);
    for (name, text) in [
        ("gift-none", " client refused: not today"),
        ("gift-panic", " panic in the job 'client-connect' at "),
    ] {
        let mark = site.server.mark();
        let refused = site.server.client(name, "x").outcome();
        assert!(matches!(refused, Outcome::Refused { .. }), "{name}: {refused:?}");
        names_the_client(mark, text);
    }
}

/// The documented way of before, a thread that reads a channel, ended at its first panic, and with it every later login.
#[test]
fn a_panic_costs_one_login() {
    let site = Site::new(ServerConfig::dropped);
    for number in 1..=2 {
        let mark = site.server.mark();
        let refused = site.server.client(&format!("panic-{number}"), "x").outcome();
        assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
        site.server.wait_for(mark, " panic in the job 'login' at ");
        site.server.client("joe", "x").connect();
    }
    assert_eq!(site.server.log().count(Mark::START, ": told to"), 2);
}

#[test]
fn one_login_more_than_the_queue_holds_comes_again() {
    requires!(Need::Openvpn(2, 6, 0), "no temporary failure reaches the client");
    let site = Site::new(ServerConfig::dropped);
    let mut clients = Vec::new();
    for number in 1..=2 {
        let mark = site.server.mark();
        clients.push(site.server.client(&format!("wait-{number}"), "x").start());
        site.server.wait_for(mark, "PLUGIN_AUTH_USER_PASS_VERIFY status=2");
    }
    let more = site.server.client("more", "x").line("connect-retry-max 100").start();
    site.server.wait_for(Mark::START, "the pool 'backend' is full: 2 jobs run or wait, which is the limit");
    more.log().wait_for(Mark::START, "AUTH_FAILED,TEMP[backoff 5,advance no]: the server is busy", PATIENCE);
    site.open_the_gate();
    for client in &clients {
        client.wait_connected();
    }
    more.log().wait_for(Mark::START, READY, PATIENCE);
}

/// A job that does not stop when it has to keeps OpenVPN from ending, and is named until it does.
#[test]
fn a_job_that_does_not_end_is_named() {
    let site = Site::new(|config| config);
    let mark = site.server.mark();
    let _clients = [1, 2].map(|number| {
        let mark = site.server.mark();
        let client = site.server.client(&format!("wait-{number}"), "x").start();
        site.server.wait_for(mark, "PLUGIN_AUTH_USER_PASS_VERIFY status=2");
        client
    });
    // A job that has not begun is given up at once.
    site.server.wait_for(mark, " asks");
    site.server.signal(Signal::SIGTERM);
    for time in [2, 4] {
        let line = format!("POOLED: OpenVPN waits for tasks that were asked to stop {time} s ago: backend-0");
        site.server.wait_for(mark, &line);
    }
    assert!(site.server.is_alive());
    site.open_the_gate();
    site.server.wait_for(mark, "[ended: exit status: 0]");
}

/// Threads start with the first login: after the fork of `daemon`, and anew after each restart.
#[test]
fn across_daemon_and_restarts() {
    let site = Site::new(|config| config.daemon(Daemon::WithLog));
    site.server.client("joe", "x").connect();
    for signal in [Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGHUP] {
        site.server.restart(signal);
        site.server.client("joe", "x").connect();
    }
    assert_eq!(site.server.log().count(Mark::START, "do not run any more"), 0);
}
