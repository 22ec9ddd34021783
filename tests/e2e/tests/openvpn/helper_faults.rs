//! Helpers that are killed: logins fail closed, and the next ones work.

use harness::log::Mark;
use harness::proc_table::{Process, kill9, wait_gone, wait_until};
use harness::{Gate, PATIENCE, Server, ServerConfig, process_memory};

use crate::bystander::{Bystander, TIME_LIMIT, TIMEOUT};
use crate::stack::{PASSWORD, Stack, WRONG};

fn kill_supervisor(server: &Server) {
    let supervisor = server.supervisor();
    kill9(supervisor.pid);
    assert!(wait_gone(supervisor.pid, PATIENCE));
}

/// With or without root's rights: the keeper has them.
#[test]
fn supervisor_killed() {
    for (deferred, dropped) in [(false, false), (false, true), (true, false), (true, true)] {
        let stack = Stack::new();
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").deferred_if(deferred);
        let server = if dropped { config.dropped() } else { config }.start();
        let bystander = Bystander::of(&server);
        let (keeper, next) = (server.keeper().pid, server.replace_supervisor());
        server.client("alice", PASSWORD).start().wait_connected();
        server.client("alice", WRONG).start().wait_refused();
        assert_eq!((server.keeper().pid, server.supervisor().pid), (keeper, next.pid));
        bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
    }
}

/// The third death within ten seconds is the last: from then on every login is refused, at once and with a reason.
#[test]
fn supervisor_killed_again_and_again() {
    for deferred in [false, true] {
        let stack = Stack::new();
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").dropped();
        let server = config.deferred_if(deferred).start();
        let bystander = Bystander::of(&server);
        let keeper = server.keeper();
        server.replace_supervisor();
        server.replace_supervisor();
        kill_supervisor(&server);
        assert!(wait_gone(keeper.pid, PATIENCE));
        for _ in 0..2 {
            let mark = server.mark();
            server.client("alice", PASSWORD).start().wait_refused();
            let why = "user 'alice' failed to authenticate: the supervisor is gone: logins are refused until OpenVPN is restarted";
            server.wait_for(mark, why);
        }
        server.wait_for(Mark::START, "the third within 10 s; giving up; restart OpenVPN");
        assert_eq!(server.log().count(Mark::START, "giving up"), 1);
        assert!(server.is_alive());
        assert!(wait_until(PATIENCE, || server.helpers().is_empty()), "{:?}", server.helpers());
        bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
    }
}

/// No process of root's keeps a password: neither of a login before, nor of the one that meets a dead supervisor.
#[test]
fn passwords_are_in_nobodys_memory() {
    // Long, because an allocator writes over the beginning of what is freed: what is looked for is the end.
    const BEFORE: &str = "a wrong password of a login before the supervisor is killed, 5821";
    const MEANWHILE: &str = "a wrong password of the login that meets the dead supervisor, 6932";
    for deferred in [false, true] {
        let stack = Stack::new();
        let server = ServerConfig::auth_pam(&stack.service).dropped().deferred_if(deferred).start();
        server.client("alice", BEFORE).start().wait_refused();
        let old = server.supervisor();
        // Whether it meets the dead one, nobody, or the next one: it is a wrong password.
        let client = server.client("alice", MEANWHILE).start();
        kill9(old.pid);
        client.wait_refused();
        server.client("alice", PASSWORD).start().wait_connected();
        assert_ne!(server.supervisor().pid, old.pid);
        let helpers = server.helpers();
        assert!(helpers.len() >= 3, "{helpers:?}");
        for helper in helpers {
            for password in [BEFORE, MEANWHILE] {
                let found = process_memory::holds(helper.pid, &password.as_bytes()[32..]);
                assert!(found.is_empty(), "{password} is in {helper:?}: {found:#?}");
            }
        }
        // The counterproof: the search finds what is there. This one stands in the service's file.
        let has_it = |worker: &Process| !process_memory::holds(worker.pid, PASSWORD.as_bytes()).is_empty();
        assert!(server.workers().iter().any(has_it));
    }
}

/// The login under way is refused at once: nobody waits for an answer that can not come.
#[test]
fn supervisor_killed_during_a_login() {
    let gate = Gate::new();
    let stack = Stack::with(&[&format!("alice:{}", gate.tell()), "alice:hang"]);
    // Without a time limit that would end the worker, too.
    let server = ServerConfig::auth_pam_with("timeout=0", &stack.service, "").dropped().start();
    let bystander = Bystander::of(&server);
    let client = server.client("alice", PASSWORD).start();
    let worker = gate.arrival();
    kill_supervisor(&server);
    client.wait_refused();
    bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
    assert!(wait_gone(worker, PATIENCE), "the hanging worker outlives its supervisor");
    assert!(server.is_alive());
}

#[test]
fn worker_killed_during_a_login() {
    for deferred in [false, true] {
        let gate = Gate::new();
        let (tell, wait) = (format!("eve:{}", gate.tell()), format!("eve:{}", gate.wait()));
        let stack = Stack::with(&[&tell, &wait]);
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").dropped();
        let server = config.deferred_if(deferred).start();
        let bystander = Bystander::of(&server);
        let mark = server.mark();
        let eve = server.client("eve", PASSWORD).start();
        kill9(gate.arrival());
        eve.wait_refused();
        server.wait_for(mark, "user 'eve' failed to authenticate: the worker was killed by SIGKILL");
        bystander.noticed_nothing(TIME_LIMIT, "a helper was killed");
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

#[test]
fn idle_workers_killed() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    for worker in server.workers() {
        kill9(worker.pid);
        assert!(wait_gone(worker.pid, PATIENCE));
    }
    server.client("alice", PASSWORD).start().wait_connected();
}

/// `ps` explains itself.
#[test]
fn helpers_have_names_of_their_own() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    let (keeper, supervisor) = (server.keeper(), server.supervisor());
    assert!(keeper.title.starts_with("auth-pam: keeper"), "{keeper:?}");
    assert_eq!((keeper.parent, supervisor.parent), (server.pid(), keeper.pid));
    assert!(supervisor.title.starts_with("auth-pam: supervisor"), "{supervisor:?}");
    let workers = server.workers();
    assert!(!workers.is_empty());
    for worker in &workers {
        assert!(worker.title.starts_with("auth-pam: worker"), "{worker:?}");
        assert_eq!(worker.parent, keeper.pid);
    }
    assert_eq!(server.helpers().len(), 2 + workers.len());
}
