//! A hundred times SIGHUP leave nothing behind.
//!
//! The longest test, so its name starts it first.

use harness::needs::Need;
use harness::requires;
use std::collections::BTreeSet;

use harness::proc_table::{self, Process, descriptors};
use harness::{Daemon, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::stack::{PASSWORD, Stack};

/// What is ours by its name in the server's namespace, however it came there.
fn ours(server: &Server) -> Vec<Process> {
    let mut found = server.netns().processes();
    found.retain(|process| process.name.starts_with("auth-pam"));
    found
}

/// Restarts that often, with a login at the beginning, at the end and now and then. Afterwards there are as many
/// descriptors and processes as before, and none of those that ever were ours is left, not even as a zombie, and
/// with any parent.
fn leaks_nothing(server: &Server, rounds: u32) {
    let log_in = || drop(server.client("alice", PASSWORD).connect());
    // After a restart and a login there is a worker, so that the numbers can be compared.
    server.restart(Signal::SIGHUP);
    log_in();
    let open = descriptors(server.pid());
    let mut seen: BTreeSet<i32> = BTreeSet::new();
    for round in 0..rounds {
        if round % 25 == 0 {
            log_in();
        }
        seen.extend(ours(server).iter().map(|process| process.pid));
        server.restart(Signal::SIGHUP);
    }
    log_in();
    assert!(seen.len() >= rounds as usize, "{} processes in {rounds} rounds", seen.len());

    let now = descriptors(server.pid());
    assert_eq!(now.len(), open.len(), "{open:?} became {now:?}");
    // The client of the last login may still be on its way out.
    let only_openvpn_and_three = proc_table::wait_until(PATIENCE, || {
        let processes = server.netns().processes();
        processes.len() == 4 && ours(server).len() == 3
    });
    assert!(only_openvpn_and_three, "{:?}", server.netns().processes());
    let current: Vec<i32> = ours(server).iter().map(|process| process.pid).collect();
    let left: Vec<_> = proc_table::all()
        .into_iter()
        .filter(|process| process.name.starts_with("auth-pam"))
        .filter(|process| seen.contains(&process.pid) || process.parent == server.pid())
        .filter(|process| !current.contains(&process.pid))
        .collect();
    assert_eq!(left, [], "processes of earlier rounds");
}

#[test]
fn a_hundred_times_sighup_leaks_nothing() {
    let stack = Stack::new();
    leaks_nothing(&ServerConfig::auth_pam(&stack.service).start(), 100);
}

/// From the first SIGHUP on OpenVPN opens the plugin as nobody, and so the helper is nobody too.
#[test]
fn dropped_to_nobody() {
    requires!(Need::Openvpn(2, 6, 0), "a server that is not root cannot make its device again after SIGHUP");
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().readable_by_nobody().start();
    let users = || ours(&server).iter().filter_map(Process::user).collect::<BTreeSet<_>>();
    assert_eq!(users(), BTreeSet::from([0]));
    leaks_nothing(&server, 10);
    assert_eq!(users(), BTreeSet::from([65534]));
}

/// Here the helpers are no children of OpenVPN's at first.
#[test]
fn in_the_background() {
    let stack = Stack::new();
    leaks_nothing(&ServerConfig::auth_pam(&stack.service).daemon(Daemon::WithLog).start(), 10);
}
