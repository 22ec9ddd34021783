//! What a helper has from the process it was forked from: nothing of what the plugins have read, and no password, whenever
//! the fork was.

use e2e::secrets::{assert_nowhere, of_both_plugins, places, unique};
use harness::proc_table::{Process, kill9, wait_gone};
use harness::{Gate, PATIENCE, Server, ServerConfig, plugin};
use nix::sys::signal::Signal;

use crate::stack::Stack;

/// A server with both plugins that stays root, so that down-root forks whenever a helper is missing.
fn both_plugins(stack: &Stack) -> ServerConfig<'static> {
    let down_root = plugin::built("libopenvpn_plugin_down_root.so");
    ServerConfig::auth_pam_words(&stack.service.words())
        .plugin_file(&down_root, "on=client-connect:/bin/true /bin/true")
}

fn named(server: &Server, prefix: &str) -> Vec<Process> {
    let mut found = of_both_plugins(server);
    found.retain(|process| process.name.starts_with(prefix));
    found
}

/// Does `check` after the start, after a login, with another supervisor, and with helpers of down-root that were forked at a
/// restart and inside a client's connect.
fn throughout(server: &Server, check: impl Fn(&[Process])) {
    let connects = |user: &str| server.client(user, "x").start().wait_connected();
    check(&of_both_plugins(server));
    connects("first");
    check(&of_both_plugins(server));
    server.replace_supervisor();
    connects("second");
    check(&of_both_plugins(server));
    server.restart(Signal::SIGUSR1);
    check(&of_both_plugins(server));
    for process in named(server, "down-root") {
        kill9(process.pid);
        assert!(wait_gone(process.pid, PATIENCE));
    }
    connects("third");
    let all = of_both_plugins(server);
    assert_eq!(named(server, "down-root").len(), 2, "{all:?}");
    check(&all);
}

/// A comment is in no other memory than in that of who reads the file.
#[test]
fn nothing_of_openvpns_configuration_that_the_plugin_has_read() {
    let stack = Stack::answering(&[]);
    let secret = unique("comment");
    let server = both_plugins(&stack).line(&format!("# {secret}")).start();
    throughout(&server, |all| assert_nowhere(all, &secret));
}

/// The service may have a module's password. The processes that run PAM read the file; no other keeps anything of it.
#[test]
fn nothing_of_the_service() {
    let secret = unique("argument").replace(' ', "-");
    let stack = Stack::answering(&[&format!("auth/nobody:info={secret}")]);
    let server = both_plugins(&stack).start();
    throughout(&server, |all| {
        let others = all.iter().filter(|process| process.name != "auth-pam-worker").cloned();
        assert_nowhere(&others.collect::<Vec<_>>(), &secret);
    });
    assert_eq!(places(server.pid(), &secret), [""; 0]);
}

/// The supervisor and its worker are replaced while a login is under way, and down-root's helpers inside a client's connect.
#[test]
fn no_password_when_the_fork_is_in_a_call() {
    let gate = Gate::new();
    let slow = [gate.tell(), gate.wait()].map(|action| format!("auth/slow:{action}"));
    let stack = Stack::answering(&[&slow[0], &slow[1]]);
    let server = both_plugins(&stack).deferred().start();
    let secrets = ["password", "code", "other password", "other code"].map(unique);
    let client = server.client("slow", &secrets[0]).static_challenge("Code", &secrets[1]).start();
    gate.arrival();
    server.replace_supervisor();
    client.wait_refused();
    for process in named(&server, "down-root") {
        kill9(process.pid);
        assert!(wait_gone(process.pid, PATIENCE));
    }
    server.client("alice", &secrets[2]).static_challenge("Code", &secrets[3]).start().wait_connected();
    let all = of_both_plugins(&server);
    assert_eq!(named(&server, "down-root").len(), 2, "{all:?}");
    secrets.iter().for_each(|secret| assert_nowhere(&all, secret));
}
