//! However a connection, the server or a worker ends: what was opened is closed, as far as anybody can.

use harness::log::Mark;
use harness::proc_table::{kill9, wait_gone, wait_until};
use harness::{Client, PATIENCE, ServerConfig, side_by_side};
use nix::sys::signal::Signal;

use crate::stage::Stage;

/// OpenVPN asks its script after the plugin. OpenVPN 2.4 does not tell the client, and keeps it until it leaves by itself.
#[test]
fn a_script_refuses_the_client() {
    side_by_side([false, true], |deferred| {
        let config = |config: ServerConfig<'static>| {
            config.deferred_if(deferred).line("script-security 2").line("client-connect /bin/false")
        };
        let stage = Stage::with("", config);
        for count in 1..=3 {
            stage.server.client("alice", "x").start().wait_refused();
            stage.is_balanced(count);
        }
    });
}

/// It says nothing any more, and the server notices.
#[test]
fn a_client_that_is_killed() {
    let stage = Stage::with("", |config| config.dropped().line("keepalive 1 3"));
    drop(stage.server.client("alice", "x").connect());
    let closed = &stage.wait_for("close_session", 1)[0];
    assert_eq!(closed.value("why"), "disconnected");
}

fn with_three_clients(config: fn(ServerConfig<'static>) -> ServerConfig<'static>) -> (Stage, Vec<Client>) {
    let stage = Stage::with("", config);
    let clients: Vec<Client> =
        ["alice", "bob", "carol"].iter().map(|user| stage.server.client(user, "x").connect()).collect();
    stage.wait_for("open_session", 3);
    (stage, clients)
}

#[test]
fn the_server_is_told_to_end() {
    let (stage, _clients) = with_three_clients(ServerConfig::dropped);
    let workers = stage.server.workers();
    stage.server.stop();
    let closed = stage.wait_for("close_session", 3);
    assert!(closed.iter().all(|call| call.value("why") == "disconnected"), "{closed:?}");
    assert!(workers.iter().all(|worker| wait_gone(worker.pid, PATIENCE)));
}

/// The plugin stays open.
#[test]
fn the_server_restarts_softly() {
    let (stage, _clients) = with_three_clients(ServerConfig::dropped);
    let supervisor = stage.server.supervisor();
    stage.server.restart(Signal::SIGUSR1);
    stage.wait_for("close_session", 3);
    assert_eq!(stage.server.supervisor().pid, supervisor.pid);
    stage.server.client("dave", "x").connect().disconnect();
    stage.wait_for("close_session", 4);
}

/// The plugin is closed and opened.
#[test]
fn the_server_restarts() {
    let (stage, _clients) = with_three_clients(|config| config);
    let supervisor = stage.server.supervisor();
    stage.server.restart(Signal::SIGHUP);
    stage.wait_for("close_session", 3);
    assert!(wait_gone(supervisor.pid, PATIENCE));
    stage.server.client("dave", "x").connect().disconnect();
    stage.wait_for("close_session", 4);
}

/// Nobody says what the clients have used.
#[test]
fn openvpn_is_killed() {
    let (stage, _clients) = with_three_clients(ServerConfig::dropped);
    let keeper = stage.server.keeper();
    stage.server.kill9();
    let closed = stage.wait_for("close_session", 3);
    assert!(
        closed.iter().all(|call| call.value("why") == "openvpn-ended" && call.value("received").is_empty())
    );
    assert!(wait_gone(keeper.pid, PATIENCE));
}

/// A module that hangs holds nobody up, and the end of the server for a bounded time.
#[test]
fn a_module_hangs_at_the_end() {
    let stage = Stage::new("timeout=2");
    let client = stage.server.client("hangs", "x").connect();
    client.disconnect();
    let mark = stage.server.mark();
    stage.server.client("alice", "x").connect().disconnect();
    stage.server.wait_for(mark, "user 'alice': session closed");
    stage.server.wait_for(Mark::START, "the time limit of 2 s was reached while it was being closed");
    let _client = stage.server.client("hangs", "x").connect();
    let keeper = stage.server.keeper();
    stage.server.stop();
    assert!(wait_gone(keeper.pid, PATIENCE));
}

/// The client stays, its session is lost, and that is said.
#[test]
fn a_worker_is_killed() {
    let stage = Stage::with("syslog=auth", |config| config.dropped().dev_log());
    assert!(wait_until(PATIENCE, || !stage.server.workers().is_empty()));
    let before: Vec<i32> = stage.server.workers().iter().map(|worker| worker.pid).collect();
    let client = stage.server.client("alice", "x").with_tunnel().connect();
    // The session is in the worker that was there for the login.
    before.into_iter().for_each(kill9);
    stage.server.wait_for(Mark::START, "the worker that held it was killed by SIGKILL");
    stage.server.syslog().wait_for(Mark::START, "AUTH-PAM: session lost: ", PATIENCE);
    assert_eq!(client.ping().finish().lost, [0; 0]);
    client.disconnect();
    stage.wait_for("close_session", 0);
    stage.server.client("bob", "x").connect().disconnect();
    stage.wait_for("close_session", 1);
}

/// The audit log has a line for each.
#[test]
fn the_system_log_has_a_line_for_each() {
    let stage = Stage::with("syslog=auth", |config| config.dropped().dev_log());
    stage.server.client("alice", "x").connect().disconnect();
    let log = stage.server.syslog();
    let opened = log.wait_for(Mark::START, "AUTH-PAM: session opened: ", PATIENCE).text;
    let closed = log.wait_for(Mark::START, "AUTH-PAM: session closed: ", PATIENCE).text;
    assert!(
        opened.contains(" config=server reference=") && opened.ends_with(" reason='Success' user='alice'")
    );
    let used: Vec<&str> = closed.split(' ').filter(|word| word.contains('=')).collect();
    let number = |name: &str| {
        let value = used.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse::<u64>().ok())
    };
    assert!(number("received") > Some(1000) && number("sent") > Some(1000), "{closed}");
    assert!(number("seconds").is_some() && closed.contains(" ended=disconnected "), "{closed}");
    let reference = |line: &str| line.split(" reference=").nth(1).map(|rest| rest[..5].to_string());
    assert_eq!(reference(&opened), reference(&closed));
}
