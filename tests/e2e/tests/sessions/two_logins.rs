//! Two logins over one address before the client connects: OpenVPN has one client for both.

use harness::log::Mark;
use harness::proc_table::{kill9, wait_gone};
use harness::{Gate, PATIENCE, PamService, ServerConfig, TestModule};

use crate::stage::KEEPALIVE;

const PORT: u16 = 41_194;

/// The first login is pending, and another name comes over the same address. OpenVPN lets in neither, and no session is opened
/// for them.
#[test]
fn with_another_name_neither_is_let_in() {
    let (module, gate) = (TestModule::shared(), Gate::new());
    let stack = module.stack(&[
        &format!("auth/alice:{}", gate.tell()),
        &format!("auth/alice:{}", gate.wait()),
        "auth/mallory:ok",
    ]);
    let service = PamService::new(&format!("{stack}session required pam_permit.so\n"));
    let config = ServerConfig::auth_pam_with("session=yes deferred=yes grace=0", &service, "");
    let server = config.line(KEEPALIVE).dropped().start();
    let first = server.client("alice", "x").from_port(PORT).start();
    gate.arrival();
    // It says no goodbye, so the server keeps it.
    let pid = first.pid();
    kill9(pid);
    drop(first);
    assert!(wait_gone(pid, PATIENCE));
    let _second = server.client("mallory", "x").from_port(PORT).start();
    server.wait_for(Mark::START, "user 'mallory' authenticated");
    gate.open();
    server.wait_for(Mark::START, "user 'alice' authenticated");
    // OpenVPN has looked at both verdicts by then.
    let _other = server.client("bob", "x").connect();
    server.wait_for(Mark::START, "user 'bob': session opened");
    let lines = server.log().since(Mark::START);
    assert_eq!(lines.iter().filter(|line| line.text.contains("session opened")).count(), 1);
}
