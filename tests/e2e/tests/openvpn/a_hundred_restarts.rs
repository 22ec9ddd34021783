//! A hundred times SIGHUP leave nothing behind.
//!
//! The longest test, so its name starts it first.

use harness::proc_table::{self, descriptors};
use harness::{PATIENCE, ServerConfig};
use nix::sys::signal::Signal;

use crate::stack::{PASSWORD, Stack};

#[test]
fn a_hundred_times_sighup_leaks_nothing() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).start();
    let log_in = || drop(server.client("alice", PASSWORD).connect());
    // After a login there is a worker, so that the numbers can be compared.
    server.restart(Signal::SIGHUP);
    log_in();
    let processes = server.netns().processes().len();
    let open = descriptors(server.pid());
    for round in 0..100 {
        if round % 25 == 0 {
            log_in();
        }
        server.restart(Signal::SIGHUP);
    }
    log_in();
    assert_eq!(
        descriptors(server.pid()).len(),
        open.len(),
        "{open:?} became {:?}",
        descriptors(server.pid())
    );
    // The client of the last login may still be on its way out.
    let same = proc_table::wait_until(PATIENCE, || server.netns().processes().len() == processes);
    assert!(same, "{processes} processes became {:?}", server.netns().processes());
    let zombies: Vec<_> =
        proc_table::all().into_iter().filter(|p| p.parent == server.pid() && p.is_zombie()).collect();
    assert_eq!(zombies, []);
}
