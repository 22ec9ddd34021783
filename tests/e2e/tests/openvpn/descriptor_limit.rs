//! No descriptor left: that login is refused with a line, the server and later logins live.

use std::time::Duration;

use harness::proc_table::descriptors;
use harness::{Outcome, Server, ServerConfig, command};

use crate::stack::{PASSWORD, Stack};

fn limit(pid: i32, soft: u32) {
    command::run("prlimit", &["--pid", &pid.to_string(), &format!("--nofile={soft}:")]);
}

/// Leaves the process `free` descriptors.
fn leave(pid: i32, free: u32) {
    // The limit is one above the highest number allowed; lower numbers may be free too.
    let used: Vec<u32> = descriptors(pid).into_iter().map(|(number, _)| number).collect();
    let highest_allowed =
        (0..).filter(|number| !used.contains(number)).nth(free as usize).unwrap_or_default();
    limit(pid, highest_allowed);
}

fn works(server: &Server) {
    server.client("alice", PASSWORD).start().wait_connected();
}

/// OpenVPN itself needs one for the login's files. Where that one is there the plugin gets by with it.
#[test]
fn of_the_server() {
    for deferred in [false, true] {
        let stack = Stack::new();
        // Not dropped: to set another user's limit takes more rights than some containers' root has.
        let config = ServerConfig::auth_pam(&stack.service);
        let server = if deferred { config.deferred() } else { config }.start();
        works(&server);
        for free in 0..4 {
            leave(server.pid(), free);
            let outcome = server.client("bob", PASSWORD).outcome();
            assert!(server.is_alive(), "{free} free descriptors end the server");
            match free {
                0 => assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}"),
                _ => assert_ne!(
                    outcome,
                    Outcome::Neither,
                    "{free} free descriptors leave the login without an answer"
                ),
            }
            limit(server.pid(), 1024);
            works(&server);
        }
    }
}

#[test]
fn of_the_supervisor() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().start();
    works(&server);
    let supervisor = server.supervisor();
    for free in 0..4 {
        let mark = server.mark();
        leave(supervisor.pid, free);
        match server.client("bob", PASSWORD).outcome() {
            Outcome::Connected(_) => {}
            Outcome::Refused { after, .. } => {
                server.wait_for(mark, "user 'bob' failed to authenticate");
                assert!(
                    after < Duration::from_secs(5),
                    "{free} free descriptors stall the server for {after:?}"
                );
            }
            Outcome::Neither => panic!("{free} free descriptors leave the login without an answer"),
        }
        limit(supervisor.pid, 1024);
        works(&server);
    }
    assert_eq!(server.supervisor().pid, supervisor.pid);
}
