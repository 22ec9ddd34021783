//! Modules that people use in sessions: limits, home directories, the last login, RADIUS accounting.

use harness::needs::Need;
use harness::requires;
use std::sync::Arc;

use harness::log::Mark;
use harness::netns::NetNs;
use harness::proc_table::wait_until;
use harness::radius::Radius;
use harness::{
    Account, Machine, PATIENCE, PamService, Server, ServerConfig, TestModule, process_memory, side_by_side,
};
use nix::sys::signal::Signal;

use crate::stage::KEEPALIVE;

const LET_IN: &str = "auth required pam_permit.so\naccount required pam_permit.so\n";

/// A machine with an account alice, and a server on it.
fn site(session: &str, options: &str) -> (Machine, Server) {
    let machine = Machine::new();
    machine.write("/etc/pam.d/openvpn", format!("{LET_IN}{session}"), 0o644);
    machine.run("echo 'alice:x:4001:65534::/home/alice:/bin/sh' >> /etc/passwd");
    let words = format!("session=yes {options} openvpn");
    let server = ServerConfig::auth_pam_words(&words).line(KEEPALIVE).dropped().on(&machine).start();
    (machine, server)
}

#[test]
fn home_and_last_login() {
    requires!(Need::Before("libpam0g", "1.7"), "pam_lastlog is gone");
    let (machine, server) =
        site("session required pam_mkhomedir.so umask=0077\nsession required pam_lastlog.so\n", "");
    let client = server.client("alice", "x").connect();
    assert_eq!(machine.run("stat -c '%U %a' /home/alice").stdout, b"alice 700\n");
    let said = machine.run("lastlog -u alice").stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.contains("openvpn") && said.contains("127.0.0.1"), "{said}");
    client.disconnect();
}

/// A record of somebody who is logged in, as login(1) writes it (utmp(5)).
fn utmp_record(user: &str) -> Vec<u8> {
    const USER_PROCESS: u8 = 7;
    let mut record = vec![0; 384];
    record[0] = USER_PROCESS;
    record[4..8].copy_from_slice(&std::process::id().to_ne_bytes());
    for (at, text) in [(8, "pts/7"), (40, "ts/7"), (44, user)] {
        record[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    record
}

/// pam_limits counts who is logged in by utmp, and refuses the session.
#[test]
fn too_many_logins_by_pam_limits() {
    requires!(Need::Before("libpam0g", "1.7"), "pam_limits counts what systemd-logind knows");
    let (machine, server) = site("session required pam_limits.so conf=/etc/limits.conf\n", "");
    machine.write("/etc/limits.conf", "alice hard maxlogins 1\n", 0o644);
    machine.write("/run/utmp", utmp_record("bob"), 0o644);
    server.client("alice", "x").connect();
    machine.write("/run/utmp", utmp_record("alice"), 0o644);
    let mark = server.mark();
    server.client("alice", "x").start().wait_refused();
    server.wait_for(mark, "user 'alice': the client is refused: cannot open a session: Permission denied");
}

/// What a module sets in its process is for its session only.
#[test]
fn limits_of_one_session_do_not_meet_another() {
    let (machine, server) = site("session required pam_limits.so conf=/etc/limits.conf\n", "");
    machine.write("/etc/limits.conf", "alice hard nofile 77\n", 0o644);
    let alice = server.client("alice", "x").connect();
    let of = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let limited = || server.workers().iter().filter(|worker| of(worker.pid).contains(" 77 ")).count();
    assert_eq!(limited(), 1);
    let bob = server.client("root", "x").connect();
    assert_eq!((limited(), server.workers().len() >= 2), (1, true));
    alice.disconnect();
    assert!(wait_until(PATIENCE, || limited() == 0));
    bob.disconnect();
}

/// pam_radius_auth names a session by its process: so it has to be the same one at both ends. It sends no octets.
#[test]
fn radius_accounting() {
    side_by_side([false, true], |deferred| {
        let netns = Arc::new(NetNs::new());
        let radius = Radius::asking(&netns, "word", &[]);
        let lines =
            format!("{}account required pam_permit.so\n{}", radius.auth_line(), radius.session_line());
        let service = PamService::new(&lines);
        let config =
            ServerConfig::auth_pam_with("session=yes", &service, "").line(KEEPALIVE).in_netns(&netns);
        let server = config.dropped().deferred_if(deferred).start();
        let client = server.client("alice", "word").connect();
        let start = radius.accounted(1);
        client.disconnect();
        let stop = radius.accounted(2);
        let (start, stop) = (&start[0], &stop[1]);
        assert!(start.starts_with("Start user=alice session="), "{start}");
        assert!(stop.starts_with("Stop user=alice session="), "{stop}");
        let session = |line: &str| line.split(' ').nth(2).map(String::from);
        assert_eq!(session(start), session(stop));
        assert!(stop.contains(" octets=/"), "{stop}");
        let seconds =
            stop.split("seconds=").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| seconds < 100), "{stop}");

        // All of them, when the server ends.
        let _clients = [0, 1].map(|_| server.client("alice", "word").connect());
        radius.accounted(4);
        server.signal(Signal::SIGTERM);
        let lines = radius.accounted(6);
        assert!(lines[4..].iter().all(|line| line.starts_with("Stop ")), "{lines:?}");
    });
}

/// The answer to a question comes from a connection of its own, and that one has the session. OpenVPN before 2.6 passes no
/// questions on.
#[test]
fn after_a_question() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let module = TestModule::shared();
    side_by_side([false, true], |deferred| {
        let stack = module.stack(&["auth/password=word", "auth/ask=Code:", "auth/expect=123456"]);
        let service = PamService::new(&format!("{stack}session required pam_permit.so\n"));
        let config = ServerConfig::auth_pam_with("session=yes challenge=yes", &service, "").line(KEEPALIVE);
        let server = config.dropped().deferred_if(deferred).start();
        for methods in ["none", "crtext"] {
            let mark = server.mark();
            let person = server.person("alice", "word").announcing(methods).answers(&["123456"]).start();
            person.connects();
            server.wait_for(mark, "user 'alice': session opened");
            person.client().disconnect();
            server.wait_for(mark, "user 'alice': session closed");
        }
        let mark = server.mark();
        server.person("alice", "word").answers(&["654321"]).start().refused();
        assert_eq!(server.log().count(mark, "session opened"), 0);
    });
}

/// Different in each run, so that nothing else on the machine holds it. Long, because an allocator writes over the
/// beginning of what is freed.
fn unique() -> String {
    format!("password, long enough to leave something behind, {:x}", std::process::id() ^ 0x5a5a_0000)
}

/// A session is long, and nobody needs the password any more.
#[test]
fn a_session_keeps_no_password() {
    let password = unique();
    let account = Account::new(&password);
    let service = PamService::new(
        "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n",
    );
    let server = ServerConfig::auth_pam_with("session=yes", &service, "").dropped().start();
    assert!(wait_until(PATIENCE, || !server.workers().is_empty()));
    let before: Vec<i32> = server.workers().iter().map(|worker| worker.pid).collect();
    let _client = server.client(account.name(), &password).connect();
    server.wait_for(Mark::START, "session opened");
    for process in server.helpers() {
        let found = process_memory::holds(process.pid, &password.as_bytes()[32..]);
        assert!(found.is_empty(), "{process:?}: {found:#?}");
    }
    assert!(
        server.workers().iter().any(|worker| before.contains(&worker.pid)),
        "the session's worker is gone"
    );
}

/// A server that does not answer refuses the client: nobody is in who is not accounted.
#[test]
fn without_a_radius_server_nobody_gets_in() {
    let netns = Arc::new(NetNs::new());
    let radius = Radius::asking(&netns, "word", &[]);
    let service = PamService::new(&format!("{LET_IN}{}", radius.session_line()));
    radius.stop();
    let config = ServerConfig::auth_pam_with("session=yes", &service, "").in_netns(&netns);
    let server = config.dropped().start();
    server.client("alice", "word").start().wait_refused();
    server.wait_for(Mark::START, "user 'alice': the client is refused: cannot open a session");
}
