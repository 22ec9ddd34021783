//! The plugin's options, as far as they show in a login.

use harness::needs::Need;
use harness::requires;
use harness::{Gate, Outcome, ServerConfig};

use crate::stack::{PASSWORD, Stack, WRONG};

/// Why the server refused, as the client reads it.
fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { reason, .. } => reason,
        other => panic!("should have been refused: {other:?}"),
    }
}

/// The same as `setenv deferred_auth_pam 1`.
#[test]
fn deferred_by_option() {
    let gate = Gate::new();
    let (tell, wait) = (format!("auth/slow:{}", gate.tell()), format!("auth/slow:{}", gate.wait()));
    let stack = Stack::with(&[&tell, &wait]);
    let server = ServerConfig::auth_pam_with("deferred=yes", &stack.service, "").dropped().start();
    let slow = server.client("slow", PASSWORD).start();
    gate.arrival();
    // If slow's login were waited for, nobody could connect until the gate opens.
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("alice", WRONG).start().wait_refused();
    gate.open();
    slow.wait_connected();
}

/// A refusal that is no fault of the client's says so, and the client tries again later by itself.
#[test]
fn time_limit() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let stack = Stack::with(&["auth/eve:hang"]);
    let server = ServerConfig::auth_pam_with("timeout=1", &stack.service, "").dropped().start();
    let mark = server.mark();
    let told = reason(server.client("eve", PASSWORD).outcome());
    assert!(told.starts_with("TEMP[backoff "), "{told}");
    server.wait_for(mark, "user 'eve' failed to authenticate: the time limit of 1 s was reached");
}

#[test]
fn a_full_queue_is_told_at_once() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let gate = Gate::new();
    let stack = Stack::with(&[&format!("auth/{}", gate.tell()), &format!("auth/{}", gate.wait())]);
    let options = "max-workers=1 max-pending=1";
    let server = ServerConfig::auth_pam_with(options, &stack.service, "").deferred().dropped().start();
    let running = server.client("alice", PASSWORD).start();
    gate.arrival();
    // Of the next two one waits and the other finds the queue full, whichever comes first.
    let mark = server.mark();
    let next: Vec<_> = ["bob", "carol"].iter().map(|user| server.client(user, PASSWORD).start()).collect();
    server.wait_for(mark, "failed to authenticate: too many logins are waiting");
    gate.open();
    gate.open();
    running.wait_connected();
    let outcomes: Vec<_> = next.iter().map(|client| client.outcome(harness::PATIENCE)).collect();
    let (connected, refused): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|outcome| matches!(outcome, Outcome::Connected(_)));
    assert_eq!((connected.len(), refused.len()), (1, 1), "{connected:?} {refused:?}");
    for outcome in refused {
        let told = reason(outcome);
        assert!(told.starts_with("TEMP[backoff "), "{told}");
    }
}

/// Field 19 of proc_pid_stat(5): behind the name, which is in parentheses.
fn nice(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split_whitespace().nth(19 - 3)?.parse().ok()
}

/// OpenVPN, whose clients wait for their packets, and the supervisor come first.
#[test]
fn workers_leave_the_processor_to_openvpn() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).deferred().dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    let workers = server.workers();
    assert!(!workers.is_empty());
    let openvpn = nice(server.pid()).expect("the server is there");
    assert_eq!(nice(server.supervisor().pid), Some(openvpn));
    assert!(workers.iter().all(|worker| nice(worker.pid) > Some(openvpn)), "{workers:?}");
}

#[test]
fn never_more_workers_than_allowed() {
    let gate = Gate::new();
    let stack = Stack::with(&[&format!("auth/{}", gate.tell()), &format!("auth/{}", gate.wait())]);
    let server =
        ServerConfig::auth_pam_with("max-workers=4", &stack.service, "").deferred().dropped().start();
    let clients: Vec<_> =
        (0..6).map(|number| server.client(&format!("user{number}"), PASSWORD).start()).collect();
    // All clients have one address: it does not get the last quarter.
    let workers = [gate.arrival(), gate.arrival(), gate.arrival()];
    assert!(workers[0] != workers[1] && workers[1] != workers[2] && workers[2] != workers[0]);
    assert_eq!(server.workers().len(), 3);
    clients.iter().for_each(|_| gate.open());
    for client in &clients {
        client.wait_connected();
    }
    assert!(server.workers().len() <= 3, "{:?}", server.workers());
}
