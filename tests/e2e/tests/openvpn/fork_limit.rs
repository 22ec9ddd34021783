//! fork(2) fails: said once, what there is goes on working, and nothing is lost when forks work again.

use harness::pids_cgroup::PidsCgroup;
use harness::{Gate, ServerConfig};

use crate::bystander::{Bystander, TIME_LIMIT, TIMEOUT};
use crate::stack::{PASSWORD, Stack};

#[test]
fn no_more_processes() {
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    let gate = Gate::new();
    let (tell, wait) = (format!("auth/slow:{}", gate.tell()), format!("auth/slow:{}", gate.wait()));
    let stack = Stack::with(&[&tell, &wait]);
    let server = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "")
        .deferred()
        .dropped()
        .in_cgroup(&cgroup)
        .start();
    let bystander = Bystander::of(&server);

    // One worker is busy, and no second can be made.
    let slow = server.client("slow", PASSWORD).start();
    gate.arrival();
    assert_eq!(server.workers().len(), 1, "a second worker before there was need for one");
    let mark = server.mark();
    cgroup.limit(1);
    let others: Vec<_> = (0..3).map(|_| server.client("alice", PASSWORD).start()).collect();
    server.wait_for(mark, "cannot start another worker");

    // The one worker serves them all.
    gate.open();
    slow.wait_connected();
    for other in &others {
        other.wait_connected();
    }

    // No worker at all: refused with a line.
    for worker in server.workers() {
        harness::proc_table::kill9(worker.pid);
        harness::proc_table::wait_gone(worker.pid, harness::PATIENCE);
    }
    let mark = server.mark();
    server.client("alice", PASSWORD).start().wait_refused();
    server.wait_for(mark, "user 'alice' failed to authenticate: no worker process can be started");
    assert!(server.is_alive());

    cgroup.lift();
    server.client("alice", PASSWORD).start().wait_connected();
    bystander.noticed_nothing(TIME_LIMIT, "no process could be made");
}

/// The supervisor is gone, and the keeper cannot fork another one: said once, each login is refused within about a second,
/// and when forks work again, so do logins.
#[test]
fn no_new_supervisor() {
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    for deferred in [false, true] {
        let stack = Stack::new();
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").deferred_if(deferred);
        let server = config.dropped().in_cgroup(&cgroup).start();
        let bystander = Bystander::of(&server);
        let mark = server.mark();
        cgroup.limit(1);
        harness::proc_table::kill9(server.supervisor().pid);
        server.wait_for(mark, "cannot start the supervisor");
        for _ in 0..2 {
            server.client("alice", PASSWORD).start().wait_refused();
        }
        server.wait_for(mark, "user 'alice' failed to authenticate: the supervisor is gone");
        assert_eq!(server.log().count(mark, "cannot start the supervisor"), 1, "{}", server.log().text());
        cgroup.lift();
        let works = || server.client("alice", PASSWORD).start().outcome(harness::PATIENCE);
        let connected = || matches!(works(), harness::Outcome::Connected(_));
        assert!(harness::proc_table::wait_until(harness::PATIENCE, connected), "{}", server.log().text());
        bystander.noticed_nothing(TIME_LIMIT, "no process could be made");
    }
}
