//! The supervisor is lost while deferred logins are pending: all of them are refused at once, and the next login finds
//! another supervisor, in whatever state the server is.

use std::time::Duration;

use harness::proc_table::{Process, wait_gone};
use harness::{Client, Daemon, Gate, Outcome, PATIENCE, ServerConfig};

use crate::stack::Stack;

const PENDING: usize = 5;
/// How long PAM would take for each of them.
const STACK_TAKES: Duration = Duration::from_secs(90);

fn all_are_refused(config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>) {
    let gate = Gate::new();
    let tell = format!("auth/user*:{}", gate.tell());
    let sleep = format!("auth/user*:sleep={}", STACK_TAKES.as_millis());
    let stack = Stack::answering(&[&tell, &sleep]);
    let words = format!("deferred=yes timeout=0 {}", stack.service.words());
    let server = config(ServerConfig::auth_pam_words(&words)).start();
    let clients: Vec<Client> =
        (0..PENDING).map(|number| server.client(&format!("user{number}"), "word").start()).collect();
    let workers: Vec<i32> = clients.iter().map(|_| gate.arrival()).collect();

    let (mark, keeper) = (server.mark(), server.keeper());
    let next = server.replace_supervisor();
    // Before the next supervisor is there, nothing of the last one is.
    for worker in workers {
        let gone = Process::look(worker).is_none_or(|process| process.is_zombie());
        assert!(gone, "a worker outlives its supervisor");
    }
    // PATIENCE is less than PAM would take, and less than OpenVPN gives a pending login.
    for client in &clients {
        match client.outcome(PATIENCE) {
            Outcome::Refused { reason, .. } => assert!(!reason.starts_with("CRV1"), "{reason}"),
            other => panic!("a pending login is not refused ({other:?}):\n{}", client.log().text()),
        }
    }
    for number in 0..PENDING {
        server.wait_for(mark, &format!("user 'user{number}' failed to authenticate: the supervisor is gone"));
    }
    server.wait_for(mark, "is gone (was killed by SIGKILL); starting another one");
    server.client("alice", "word").start().wait_connected();
    // Started by the keeper: OpenVPN forks nobody, least of all in a login.
    assert_eq!((server.keeper().pid, server.supervisor().pid), (keeper.pid, next.pid));
    let of_openvpn = |process: &&Process| process.parent == server.pid();
    let processes = server.netns().processes();
    let children: Vec<i32> = processes.iter().filter(of_openvpn).map(|process| process.pid).collect();
    assert!(children.iter().all(|child| *child == keeper.pid), "{processes:?}");
    server.stop();
    assert!(wait_gone(keeper.pid, PATIENCE));
    assert_eq!(server.helpers(), []);
}

#[test]
fn under_a_server_that_is_root() {
    all_are_refused(|config| config);
}

#[test]
fn under_a_server_that_has_dropped_its_rights() {
    all_are_refused(ServerConfig::dropped);
}

#[test]
fn under_a_server_in_a_chroot() {
    all_are_refused(|config| config.dropped().chroot());
}

#[test]
fn under_a_server_in_the_background() {
    all_are_refused(|config| config.dropped().daemon(Daemon::WithLog));
}

#[test]
fn under_a_server_in_the_background_and_in_a_chroot() {
    all_are_refused(|config| config.dropped().chroot().daemon(Daemon::Syslog));
}
