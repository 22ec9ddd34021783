//! Two servers on one machine: `ps`, log and audit line say which is which, and who the client is.

use harness::log::Mark;
use harness::proc_table::{Process, wait_until};
use harness::{Gate, PATIENCE, Server, ServerConfig};

use crate::stack::{PASSWORD, Stack, WRONG};

const PORT: u16 = 40_001;

fn server(stack: &Stack, name: &str) -> Server {
    let config = ServerConfig::auth_pam_with("deferred=yes syslog=auth", &stack.service, "");
    config.dropped().dev_log().named(name).start()
}

fn shows(server: &Server, title: &str) {
    let shown = || server.helpers().iter().any(|process: &Process| process.title == title);
    assert!(wait_until(PATIENCE, shown), "no '{title}' in {:?}", server.helpers());
}

#[test]
fn their_processes_have_their_names_and_say_what_is_busy() {
    let gate = Gate::new();
    let [tell, wait] = [gate.tell(), gate.wait()].map(|word| format!("auth/{word}"));
    let stack = Stack::with(&[&tell, &wait]);
    let (one, other) = (server(&stack, "server1"), server(&Stack::new(), "office@2"));
    shows(&one, "auth-pam: supervisor [server1]: 0 running, 0 waiting");
    let client = one.client("alice", PASSWORD).start();
    gate.arrival();
    shows(&one, "auth-pam: supervisor [server1]: 1 running, 0 waiting");
    shows(&one, "auth-pam: worker [server1]");
    shows(&other, "auth-pam: supervisor [office@2]: 0 running, 0 waiting");
    gate.open();
    client.wait_connected();
    shows(&one, "auth-pam: supervisor [server1]: 0 running, 0 waiting");
    shows(&one, "auth-pam: worker [server1]");
}

#[test]
fn a_line_names_the_client_as_openvpn_does_and_the_server() {
    let stack = Stack::new();
    let server = server(&stack, "server1");
    server.client("bob", WRONG).from_port(PORT).start().wait_refused();
    let line = server.wait_for(Mark::START, "user 'bob' failed to authenticate").text;
    let client = format!("127.0.0.1:{PORT}");
    let failed = "BACKGROUND: user 'bob' failed to authenticate: Authentication failure";
    let (_, end) = line.split_once(failed).unwrap_or_else(|| panic!("{line}"));
    let took = end.strip_prefix(&format!(" ({client}, server1, took "));
    let reference = took.and_then(|took| took.split_once(" s, reference ")).map(|(_, rest)| rest);
    let reference = reference.and_then(|rest| rest.strip_suffix(')')).unwrap_or_else(|| panic!("{line}"));
    // OpenVPN's own lines about that client.
    server.wait_for(Mark::START, &format!("{client} "));
    let audit = format!(
        "AUTH-PAM: login rejected: address=127.0.0.1 port={PORT} config=server1 reference={reference} "
    );
    server.syslog().wait_for(Mark::START, &audit, PATIENCE);
}
