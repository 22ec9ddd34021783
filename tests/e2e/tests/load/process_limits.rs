//! The limits that the systemd units of OpenVPN set: logins work, and OpenVPN can still run its scripts.

use std::fs;

use harness::pids_cgroup::PidsCgroup;
use harness::proc_table::wait_until;
use harness::scratch::Scratch;
use harness::{Account, Gate, PATIENCE, Server, ServerConfig};

use crate::stack::Stack;

/// Scripts that OpenVPN runs, and the file in which each leaves a line.
struct Scripts {
    scratch: Scratch,
}

impl Scripts {
    fn new() -> Self {
        let scratch = Scratch::new();
        let file = scratch.write("ran", "", 0o666);
        scratch.write("script", &format!("#!/bin/sh\necho $script_type >> {}\n", file.display()), 0o755);
        Self { scratch }
    }

    /// Before a login, and after it.
    fn add_to(&self, config: ServerConfig<'static>) -> ServerConfig<'static> {
        let script = self.scratch.join("script");
        config
            .line("script-security 2")
            .line(&format!("tls-verify {}", script.display()))
            .line(&format!("client-connect {}", script.display()))
    }

    fn ran(&self, name: &str) -> usize {
        let lines = fs::read_to_string(self.scratch.join("ran")).unwrap_or_default();
        lines.lines().filter(|line| *line == name).count()
    }
}

/// Sends `count` slow logins, of which `at_once` can run. Both scripts run while the workers that may be are busy.
fn a_burst_and_scripts(server: &Server, scripts: &Scripts, gate: &Gate, count: usize, at_once: usize) {
    let clients: Vec<_> = (0..count).map(|n| server.client(&format!("slow{n}"), "word").start()).collect();
    for _ in 0..at_once {
        gate.arrival();
    }
    // Twice each: for the client's certificate and for the authority's.
    let verified = wait_until(PATIENCE, || scripts.ran("tls-verify") == 2 * count);
    assert!(verified, "{} of {count} checks:\n{}", scripts.ran("tls-verify"), server.log().text());
    assert_eq!(server.workers().len(), at_once, "{:?}", server.workers());
    clients.iter().for_each(|_| gate.open());
    for client in &clients {
        client.wait_connected();
    }
    assert_eq!(scripts.ran("client-connect"), count, "{}", server.log().text());
    let log = server.log().text();
    assert!(!log.contains("start another worker") && !log.contains("fork"), "{log}");
}

/// `TasksMax=20`, which binds root too.
#[test]
fn twenty_tasks() {
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    cgroup.limit(20);
    let (gate, scripts) = (Gate::new(), Scripts::new());
    let stack = Stack::with_gate(&gate);
    let config = scripts.add_to(ServerConfig::auth_pam(&stack.service).deferred().dropped());
    let server = config.in_cgroup(&cgroup).start();
    // Half of twenty are the workers' at most, and three quarters of these are one address's.
    a_burst_and_scripts(&server, &scripts, &gate, 14, 7);
    assert!(cgroup.current() <= 12, "{} processes", cgroup.current());
}

/// `LimitNPROC=10` counts the processes of a user; without the capabilities that those units take away too.
#[test]
fn ten_processes() {
    let (gate, scripts) = (Gate::new(), Scripts::new());
    let stack = Stack::with_gate(&gate);
    // Nobody else runs processes as this user.
    let account = Account::new("word");
    let config = scripts.add_to(ServerConfig::auth_pam(&stack.service).deferred());
    let server = config
        .line(&format!("user {}", account.name()))
        .line("group nogroup")
        .line("persist-tun")
        .line("persist-key")
        .through(&["prlimit", "--nproc=10:10"])
        .through(&["setpriv", "--bounding-set=-sys_resource,-sys_admin"])
        .start();
    a_burst_and_scripts(&server, &scripts, &gate, 14, 14);
}
