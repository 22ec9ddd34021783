//! Signals that are meant for OpenVPN and reach its helpers too, as `systemctl kill` sends them to the whole control
//! group: a login under way does not notice.

use std::fs;

use harness::{Gate, PamService, Server, ServerConfig};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::stack::{PASSWORD, Stack};

const MEANT_FOR_OPENVPN: [Signal; 6] =
    [Signal::SIGUSR2, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap_or_else(|errno| panic!("{signal} to {pid}: {errno}"));
}

/// Everybody gets the one that OpenVPN only answers with its status, and the helpers all others: reload, restart and stop
/// would end the login in OpenVPN itself.
fn to_everybody(server: &Server) {
    send(server.pid(), Signal::SIGUSR2);
    let helpers = server.helpers();
    assert!(helpers.len() >= 3, "keeper, supervisor, worker: {helpers:?}");
    for signal in MEANT_FOR_OPENVPN {
        helpers.iter().for_each(|helper| send(helper.pid, signal));
    }
}

#[test]
fn a_login_under_way_is_accepted() {
    for deferred in [false, true] {
        let gate = Gate::new();
        let stack = Stack::with(&[&format!("auth/{}", gate.tell()), &format!("auth/{}", gate.wait())]);
        let server = ServerConfig::auth_pam(&stack.service).dropped().deferred_if(deferred).start();
        let client = server.client("alice", PASSWORD).start();
        let worker = gate.arrival();
        let before = server.helpers();
        to_everybody(&server);
        gate.open();
        client.wait_connected();
        // Nobody was replaced, and the worker that got them serves on.
        let again = server.client("alice", PASSWORD).start();
        assert_eq!(gate.arrival(), worker);
        to_everybody(&server);
        gate.open();
        again.wait_connected();
        let pids = |helpers: Vec<harness::proc_table::Process>| {
            helpers.into_iter().map(|helper| helper.pid).collect::<Vec<_>>()
        };
        assert_eq!(pids(server.helpers()), pids(before));
    }
}

/// What withstands them is a handler, not an ignored signal, which programs would inherit.
#[test]
fn programs_of_modules_have_the_default() {
    let scratch = harness::scratch::Scratch::new();
    let output = scratch.join("signals");
    let text = format!("#!/bin/sh\ngrep ^Sig /proc/self/status > {}\n", output.display());
    let script = scratch.write("script", &text, 0o755);
    let lines = ["auth", "account"]
        .map(|phase| format!("{phase} required pam_exec.so quiet {}\n", script.display()))
        .concat();
    let service = PamService::new(&lines);
    let server = ServerConfig::auth_pam(&service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    let status = fs::read_to_string(&output).unwrap_or_default();
    let mask = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let hex = line.unwrap_or_else(|| panic!("no {field} in {status}")).trim();
        u64::from_str_radix(hex, 16).unwrap_or(u64::MAX)
    };
    // The C library and other programs have ignored signals of their own.
    let meant: u64 = MEANT_FOR_OPENVPN.into_iter().map(|signal| 1 << (signal as u64 - 1)).sum();
    assert_eq!(mask("SigIgn:") & meant, 0, "{status}");
    assert_eq!(mask("SigBlk:"), 0, "{status}");
}
