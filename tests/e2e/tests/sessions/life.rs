//! From the login to the end of the connection, again and again.

use harness::log::Mark;
use harness::{Client, ServerConfig, side_by_side};
use nix::sys::signal::Signal;

use crate::stage::Stage;

/// In both modes, without rights, in a chroot.
#[test]
fn opened_and_closed_everywhere() {
    side_by_side([false, true], |deferred| {
        for chroot in [false, true] {
            let config = |config: ServerConfig<'static>| {
                let config = config.dropped().deferred_if(deferred);
                if chroot { config.chroot() } else { config }
            };
            let stage = Stage::with("", config);
            let client = stage.server.client("alice", "x").with_tunnel().connect();
            let opened = &stage.wait_for("open_session", 1)[0];
            assert!(opened.value("ip").starts_with("10.8.0."), "{opened:?}");
            assert!(opened.value("from").starts_with("10."), "{opened:?}");
            assert_eq!(client.ping().finish().lost, [0; 0]);
            client.disconnect();
            let closed = &stage.wait_for("close_session", 1)[0];
            assert!(closed.number("received") > 1000 && closed.number("sent") > 1000, "{closed:?}");
            assert_eq!(closed.value("why"), "disconnected");
            assert_eq!(closed.value("ip"), opened.value("ip"));
            assert!(closed.number("seconds") < 100, "{closed:?}");
        }
    });
}

#[test]
fn one_that_cannot_be_opened_refuses_the_client() {
    side_by_side([false, true], |deferred| {
        let stage = Stage::with("", |config| config.dropped().deferred_if(deferred));
        stage.server.client("refused", "x").start().wait_refused();
        stage.server.wait_for(Mark::START, "user 'refused': the client is refused: cannot open a session");
        stage.wait_for("close_session", 0);
        stage.server.client("alice", "x").connect();
    });
}

/// Each key has its login, and the connection its session.
#[test]
fn a_renegotiation_opens_none() {
    side_by_side([false, true], |deferred| {
        let stage = Stage::with("", |config| config.dropped().deferred_if(deferred).line("reneg-sec 5"));
        let client = stage.server.client("alice", "x").connect();
        stage.wait_for("open_session", 1);
        let start = stage.server.mark();
        for _ in 0..2 {
            let mark = stage.server.mark();
            stage.server.wait_for(mark, "TLS: Username/Password authentication");
        }
        assert_eq!(stage.server.log().count(start, "session opened"), 0);
        client.disconnect();
        stage.is_balanced(1);
    });
}

/// OpenVPN lets these in by itself, from 2.5 on: before, a token is good for one connection.
#[test]
fn who_comes_with_a_token_has_none() {
    let stage = Stage::with("", |config| config.dropped().line("auth-gen-token 3600"));
    let client = stage.server.client("alice", "x").connect();
    stage.wait_for("open_session", 1);
    let mark = stage.server.mark();
    client.restart(Signal::SIGUSR1);
    stage.server.wait_for(mark, "user 'alice' connects without a login through PAM");
    client.disconnect();
    stage.wait_for("open_session", 1);
}

#[test]
fn two_clients_of_one_user() {
    let stage = Stage::new("");
    let clients = [0, 1].map(|_| stage.server.client("alice", "x").connect());
    let opened = stage.wait_for("open_session", 2);
    assert_ne!(opened[0].value("ip"), opened[1].value("ip"));
    clients[0].disconnect();
    let closed = stage.wait_for("close_session", 1);
    assert!(opened.iter().any(|opened| opened.value("ip") == closed[0].value("ip")));
    clients[1].disconnect();
    stage.is_balanced(2);
}

#[test]
fn a_user_has_only_so_many() {
    let stage = Stage::new("max-sessions-per-user=1");
    let first = stage.server.client("alice", "x").connect();
    stage.server.client("alice", "x").start().wait_refused();
    stage.server.wait_for(Mark::START, "this user has too many sessions (see max-sessions-per-user)");
    stage.server.client("bob", "x").connect();
    first.disconnect();
    stage.wait_for("close_session", 1);
    stage.server.client("alice", "x").connect();
}

/// Without `duplicate-cn` a client that comes again takes the place of the one before, whose session is closed first.
#[test]
fn who_comes_again_takes_the_place_of_the_one_before() {
    let config = |config: ServerConfig<'static>| config.dropped().without_line("duplicate-cn");
    let stage = Stage::with("max-sessions-per-user=1", config);
    let _first = stage.server.client("alice", "x").connect();
    let _second = stage.server.client("alice", "x").connect();
    stage.wait_for("open_session", 2);
    stage.wait_for("close_session", 1);
}

/// What there was for one connection is gone with it.
#[test]
fn two_hundred_connections_leave_nothing() {
    const AT_ONCE: usize = 10;
    let stage = Stage::new("");
    let mut memory = Vec::new();
    for round in 1..=20 {
        let clients: Vec<Client> = (0..AT_ONCE).map(|_| stage.server.client("alice", "x").start()).collect();
        for client in &clients {
            client.wait_connected();
        }
        std::thread::scope(|scope| {
            for client in &clients {
                scope.spawn(|| client.disconnect());
            }
        });
        stage.is_balanced(round * AT_ONCE);
        memory.push(stage.memory_kib());
    }
    let (half, end) = (memory[9], memory[19]);
    assert!(end < half + half / 10 + 100, "KiB after each ten: {memory:?}");
}

/// The connection is not held up: a session that is quick is open when OpenVPN is answered, which then asks no more. Otherwise it would
/// ask again after a second.
#[test]
fn a_quick_one_holds_nobody_up() {
    let stage = Stage::new("");
    for _ in 0..6 {
        stage.server.client("alice", "x").connect().disconnect();
    }
    let answered =
        |status| stage.server.log().count(Mark::START, &format!("/PLUGIN_CLIENT_CONNECT status={status}"));
    let (at_once, later) = (answered(0), answered(2));
    assert!(at_once > 0, "{at_once} at once, {later} later:\n{}", stage.server.log().text());
}
