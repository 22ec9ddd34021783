//! The supervisor is lost while deferred logins are pending: all of them are refused at once, in whatever state the
//! server is.

use std::time::Duration;

use harness::proc_table::{Process, kill9, wait_gone};
use harness::{Client, Gate, Outcome, PATIENCE, Server, ServerConfig};

use crate::stack::Stack;

const PENDING: usize = 5;
/// How long PAM would take for each of them.
const STACK_TAKES: Duration = Duration::from_secs(90);

/// The plugin's process that OpenVPN itself has started.
fn supervisor(server: &Server) -> Process {
    let mut children = server.helpers();
    children.retain(|process| process.parent == server.pid());
    match <[Process; 1]>::try_from(children) {
        Ok([one]) => one,
        Err(others) => panic!("not exactly one helper is OpenVPN's child: {others:?}"),
    }
}

fn all_are_refused(config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>) {
    let gate = Gate::new();
    let sleep = format!("auth/sleep={}", STACK_TAKES.as_millis());
    let stack = Stack::answering(&[&format!("auth/{}", gate.tell()), &sleep]);
    let words = format!("deferred=yes timeout=0 {}", stack.service.words());
    let server = config(ServerConfig::auth_pam_words(&words)).start();
    let clients: Vec<Client> =
        (0..PENDING).map(|number| server.client(&format!("user{number}"), "word").start()).collect();
    let workers: Vec<i32> = clients.iter().map(|_| gate.arrival()).collect();

    let mark = server.mark();
    let lost = supervisor(&server);
    kill9(lost.pid);
    assert!(wait_gone(lost.pid, PATIENCE));
    // PATIENCE is less than PAM would take, and less than OpenVPN gives a pending login.
    for client in &clients {
        match client.outcome(PATIENCE) {
            Outcome::Refused { reason, .. } => assert!(!reason.starts_with("CRV1"), "{reason}"),
            other => panic!("a pending login is not refused ({other:?}):\n{}", client.log().text()),
        }
    }
    assert!(server.is_alive());
    for number in 0..PENDING {
        server.wait_for(mark, &format!("user 'user{number}' failed to authenticate: the supervisor is gone"));
    }
    for worker in workers {
        assert!(wait_gone(worker, PATIENCE), "a worker outlives its supervisor");
    }
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
