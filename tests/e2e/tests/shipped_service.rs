//! The PAM service that is installed as /etc/pam.d/openvpn: whom it lets in, and that a refusal tells nothing else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use harness::log::Mark;
use harness::{ClientConfig, Machine, Outcome, Server, ServerConfig, start_log};

const PASSWORD: &str = "correct horse";
/// The least that libpam makes of the two seconds in the file.
const LEAST_DELAY: Duration = Duration::from_secs(1);
/// Accounts that are not let in with their right password.
const CLOSED: [&str; 6] = ["root", "nobody", "service", "locked", "expired", "outdated"];

fn shipped() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pam.d/openvpn");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A machine with the service and an account of each kind; all have the same password, but for the empty one.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("/etc/pam.d/openvpn", shipped(), 0o644);
    machine.run(
        "useradd --system service; for name in alice locked expired outdated empty; do useradd $name; done",
    );
    for name in ["alice"].iter().chain(&CLOSED) {
        machine.run(&format!("echo '{name}:{PASSWORD}' | chpasswd"));
    }
    machine.run("usermod --lock locked; chage --expiredate 1970-01-02 expired; chage --lastday 0 outdated");
    machine.run("passwd --delete empty");
    machine
}

/// A server that lets alice in. Her login comes first, because a source that only fails is slowed down.
fn server(machine: &Machine, words: &str) -> Server {
    let server = ServerConfig::auth_pam_words(words).line("verb 4").dropped().on(machine).start();
    assert_eq!(start_log::warnings(&server), [""; 0]);
    assert!(matches!(server.client("alice", PASSWORD).outcome(), Outcome::Connected(_)));
    server
}

fn refused_after(client: &ClientConfig<'_>) -> Duration {
    match client.outcome() {
        Outcome::Refused { after, .. } => after,
        other => panic!("not refused: {other:?}\n{client:?}"),
    }
}

#[test]
fn only_people_with_their_password_get_in_and_all_others_are_asked_for_one() {
    let machine = machine();
    let server = server(&machine, "deferred=yes openvpn");
    let mark = server.mark();
    let wrong = [("alice", "wrong"), ("unknown", PASSWORD), ("empty", "wrong")];
    let attempts = wrong.into_iter().chain(CLOSED.map(|name| (name, PASSWORD)));
    let clients: Vec<_> =
        attempts.map(|(name, password)| (name, server.client(name, password).start())).collect();
    for (name, client) in &clients {
        client.wait_refused();
        server.wait_for(mark, &format!("user '{name}': prompt 'Password: ' (Hidden input) answered"));
    }
}

#[test]
fn nobody_gets_in_while_there_is_a_nologin_file() {
    let machine = machine();
    let server = server(&machine, "deferred=yes openvpn");
    for file in ["/etc/nologin", "/run/nologin"] {
        machine.write(file, "maintenance until ten\n", 0o644);
        let mark = server.mark();
        server.client("alice", PASSWORD).start().wait_refused();
        server.wait_for(mark, "maintenance until ten");
        machine.run(&format!("rm {file}"));
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

/// In the default mode, where nothing but PAM delays.
#[test]
fn every_refusal_by_the_auth_phase_is_delayed() {
    let machine = machine();
    let server = server(&machine, "openvpn");
    // pam_unix neither asks nor delays for a name that begins with a dash.
    for (name, password) in [("alice", "wrong"), ("root", PASSWORD), ("unknown", "wrong"), ("-x", "wrong")] {
        let after = refused_after(&server.client(name, password));
        assert!(after >= LEAST_DELAY, "{name}: {after:?}");
    }
}

#[test]
fn the_system_log_says_why_a_system_account_is_refused() {
    let machine = machine();
    let server = server(&machine, "deferred=yes openvpn");
    server.client("service", PASSWORD).start().wait_refused();
    let why = "requirement \"uid >= 1000\" not met by user \"service\"";
    machine.syslog().wait_for(Mark::START, why, harness::PATIENCE);
}

/// No line ends the phase early, and each has its reason above it.
#[test]
fn each_line_is_always_run_and_has_its_why() {
    let text = shipped();
    let lines: Vec<&str> = text.lines().collect();
    let mut modules = Vec::new();
    for pair in lines.windows(2).filter(|pair| !pair[1].is_empty() && !pair[1].starts_with('#')) {
        assert!(pair[0].starts_with("# "), "nothing says why: {}", pair[1]);
        let words: Vec<&str> = pair[1].split_whitespace().collect();
        assert!(["required", "optional"].contains(&words[1]), "{}", pair[1]);
        assert!(!words.contains(&"nodelay") && !words.contains(&"nullok"), "{}", pair[1]);
        modules.push((words[0], words[2]));
    }
    assert_eq!(
        modules,
        [
            ("auth", "pam_faildelay.so"),
            ("auth", "pam_unix.so"),
            ("auth", "pam_succeed_if.so"),
            ("auth", "pam_nologin.so"),
            ("account", "pam_unix.so"),
        ]
    );
}
