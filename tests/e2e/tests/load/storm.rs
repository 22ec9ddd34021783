//! Many clients at once, some of whose logins crash or hang their module, beside a client that is connected already.

use std::time::Duration;

use harness::proc_table::wait_until;
use harness::{Outcome, ServerConfig};

use crate::stack::Stack;

const CLIENTS: usize = 40;
const ENOUGH: Duration = Duration::from_secs(60);

#[test]
fn everyone_is_answered_and_the_server_forwards() {
    let stack = Stack::new(&["auth/crash:crash", "auth/hang:hang"]);
    let options = "timeout=3 max-pending-per-address=100";
    let server = ServerConfig::auth_pam_with(options, &stack.service, "").deferred().dropped().start();
    let bystander = server.client("bystander", "word").with_tunnel().connect();
    let ping = bystander.ping();

    let users: Vec<&str> = (0..CLIENTS).map(user).collect();
    let clients: Vec<_> = users.iter().map(|user| server.client(user, "word").start()).collect();
    for (user, client) in users.iter().zip(&clients) {
        match (*user, client.outcome(ENOUGH)) {
            ("good", Outcome::Connected(_)) => {}
            ("crash", Outcome::Refused { reason, .. }) => {
                assert!(!reason.starts_with("TEMP"), "{reason}");
            }
            ("hang", Outcome::Refused { reason, .. }) => {
                assert!(reason.starts_with("TEMP[backoff "), "{reason}");
            }
            (_, other) => panic!("{user}: {other:?}\n{}", client.log().text()),
        }
    }
    let report = ping.finish();
    assert!(report.lost.is_empty(), "{report:?}");
    assert!(report.slowest < Duration::from_secs(1), "{report:?}");

    server.client("alice", "word").start().wait_connected();
    server.stop();
    let gone = wait_until(Duration::from_secs(1), || server.helpers().is_empty());
    assert!(gone, "{:?}", server.helpers());
}

/// One in twenty crashes, one in twenty hangs.
fn user(number: usize) -> &'static str {
    match number % 20 {
        7 => "crash",
        13 => "hang",
        _ => "good",
    }
}
