//! No descriptor left: that login is refused with a line, the server and later logins live.

use harness::open_files::{leave, limit};
use harness::{Outcome, Server, ServerConfig};

use crate::bystander::{Bystander, TIME_LIMIT, TIMEOUT};
use crate::stack::{PASSWORD, Stack};

/// Part of the names of the files that OpenVPN makes for a login.
const LOGIN_FILES: &str = "/openvpn_a";

fn works(server: &Server) {
    server.client("alice", PASSWORD).start().wait_connected();
}

/// A server that has let somebody in.
fn serve(deferred: bool, dropped: bool) -> (Stack, Server) {
    let stack = Stack::new();
    let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").deferred_if(deferred);
    let server = if dropped { config.dropped() } else { config }.start();
    works(&server);
    (stack, server)
}

/// OpenVPN itself needs one for the login's files. Where that one is there the plugin gets by with it.
#[test]
fn of_the_server() {
    for deferred in [false, true] {
        // Not dropped: to set another user's limit takes more rights than some containers' root has.
        let (_stack, server) = serve(deferred, false);
        let bystander = Bystander::of(&server);
        for free in 0..3 {
            leave(server.pid(), free, LOGIN_FILES);
            let outcome = server.client("bob", PASSWORD).outcome();
            assert!(server.is_alive(), "{free} free descriptors end the server");
            match free {
                0 => assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}"),
                _ => assert!(matches!(outcome, Outcome::Connected(_)), "{free} free: {outcome:?}"),
            }
            limit(server.pid(), 1024);
            works(&server);
        }
        bystander.noticed_nothing(TIME_LIMIT, "descriptors ran out");
    }
}

/// Another supervisor takes none of OpenVPN's.
#[test]
fn of_the_server_when_the_supervisor_is_gone() {
    for deferred in [false, true] {
        let (_stack, server) = serve(deferred, false);
        let bystander = Bystander::of(&server);
        // For the login's file.
        leave(server.pid(), 1, LOGIN_FILES);
        let next = server.replace_supervisor();
        works(&server);
        assert_eq!(server.supervisor().pid, next.pid);
        limit(server.pid(), 1024);
        bystander.noticed_nothing(TIME_LIMIT, "the supervisor was killed");
    }
}

/// Nothing of a login is a descriptor there: the workers there are go on.
#[test]
fn of_the_supervisor() {
    for deferred in [false, true] {
        let (_stack, server) = serve(deferred, true);
        works(&server);
        let supervisor = server.supervisor();
        let bystander = Bystander::of(&server);
        leave(supervisor.pid, 0, LOGIN_FILES);
        works(&server);
        limit(supervisor.pid, 1024);
        works(&server);
        assert_eq!(server.supervisor().pid, supervisor.pid);
        bystander.noticed_nothing(TIME_LIMIT, "descriptors ran out");
    }
}

/// As many logins as may be pending leave OpenVPN files for others: it starts with its usual limit.
#[test]
fn of_the_server_with_many_pending() {
    let stack = Stack::new();
    let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").deferred_if(true);
    let server = config.through(&["prlimit", "--nofile=1024:20000"]).start();
    works(&server);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).expect("limits");
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = soft.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    // Two for each of those that wait, and 512 for those that run.
    assert!(soft.is_some_and(|soft| soft > 2 * (1024 + 512)), "{limits}");
    for worker in server.workers() {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", worker.pid)).expect("limits");
        assert!(limits.lines().any(|line| line.starts_with("Max open files            1024 ")), "{limits}");
    }
}

/// Some systems start their services so. Without deferred logins no attempt holds a file.
#[test]
fn a_low_limit_is_warned_about_where_logins_are_deferred() {
    for deferred in [false, true] {
        let stack = Stack::new();
        let config = ServerConfig::auth_pam_with(TIMEOUT, &stack.service, "").deferred_if(deferred);
        let server = config.through(&["prlimit", "--nofile=1024:4096"]).start();
        works(&server);
        let log = server.log().text();
        assert_eq!(log.contains("OpenVPN may open 4096 files"), deferred, "{log}");
    }
}
