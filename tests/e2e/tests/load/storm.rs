//! A thousand logins of real clients, some of which crash or hang their module, beside a client that is connected
//! already.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use harness::proc_table::wait_until;
use harness::{Outcome, PATIENCE, Server, ServerConfig};

use crate::stack::Stack;

const LOGINS: u16 = 1000;
/// As many clients at a time: each is a program of its own, and all share the machine with the server.
const AT_ONCE: usize = 32;
const FIRST_PORT: u16 = 20_000;
const ENOUGH: Duration = Duration::from_secs(60);

#[test]
fn everyone_is_answered_and_the_server_forwards() {
    let stack = Stack::new(&["auth/crash*:crash", "auth/hang*:hang"]);
    let options = "timeout=3 max-pending-per-address=100";
    let server = ServerConfig::auth_pam_with(options, &stack.service, "").deferred().dropped().start();
    let bystander = server.client("bystander", "word").with_tunnel().connect();
    let ping = bystander.ping();

    let next = AtomicU16::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| one_after_the_other(&server, &next));
        }
    });
    let report = ping.finish();
    assert!(report.lost.is_empty(), "{report:?}");

    server.client("alice", "word").start().wait_connected();
    server.stop();
    let gone = wait_until(PATIENCE, || server.helpers().is_empty());
    assert!(gone, "{:?}", server.helpers());
}

/// Logs in as long as there are logins left to be made.
fn one_after_the_other(server: &Server, next: &AtomicU16) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= LOGINS {
            return;
        }
        let user = kind(number);
        let client = server.client(&format!("{user}{number}"), "word").from_port(FIRST_PORT + number).start();
        match (user, client.outcome(ENOUGH)) {
            ("good", Outcome::Connected(_)) => {}
            ("crash", Outcome::Refused { reason, .. }) => {
                assert!(reason.contains("was interrupted"), "{reason}");
            }
            ("hang", Outcome::Refused { reason, .. }) => {
                assert!(reason.starts_with("TEMP[backoff "), "{reason}");
            }
            (_, other) => panic!("{user}: {other:?}\n{}", client.log().text()),
        }
    }
}

/// One in twenty crashes, one in twenty hangs.
fn kind(number: u16) -> &'static str {
    match number % 20 {
        7 => "crash",
        13 => "hang",
        _ => "good",
    }
}
