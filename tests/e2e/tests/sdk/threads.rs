//! Threads of a plugin that log while OpenVPN works: OpenVPN's own log function is for one thread, so their lines go
//! another way into the same log.

use harness::needs::Need;
use harness::requires;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use harness::log::{Line, Mark};
use harness::scratch::Scratch;
use harness::{Daemon, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::examples::test_plugin;

const THREADS: usize = 4;

/// A server with so many lines a thread.
fn config(lines: usize) -> ServerConfig<'static> {
    ServerConfig::default().plugin_file(&test_plugin("threads"), &format!("{THREADS} {lines}"))
}

/// Reads all that the management interface says, until it ends; a client that did not read would stop OpenVPN.
struct Reader(std::thread::JoinHandle<Vec<u8>>);

impl Reader {
    fn attach(socket: &std::path::Path) -> Self {
        let mut stream = UnixStream::connect(socket).expect("management");
        stream.write_all(b"log on\n").expect("log on");
        Self(std::thread::spawn(move || {
            let mut seen = Vec::new();
            let _ = stream.read_to_end(&mut seen);
            seen
        }))
    }

    fn seen(self) -> String {
        String::from_utf8_lossy(&self.0.join().expect("reader")).into_owned()
    }
}

/// Waits until all threads are done and looks at every line of theirs: `time_ok` sees what stands before it.
fn all_arrived(server: &Server, mark: Mark, lines: usize, time_ok: impl Fn(&str) -> bool) {
    for thread in 0..THREADS {
        let text = format!("PLUGIN THREADS: thread {thread} is done");
        let end = Instant::now() + 4 * PATIENCE;
        let done = server.log().wait_match(mark, end, |line| line.contains(&text));
        assert!(done.is_some() && server.is_alive(), "no line {text:?}; alive: {}", server.is_alive());
    }
    let mut next = [0; THREADS];
    let said = server.log().since(mark);
    for Line { text, .. } in said.iter().filter(|line| line.text.contains("THREADS: thread ")) {
        let (time, rest) = text.split_once("PLUGIN THREADS: thread ").unwrap_or_else(|| panic!("{text:?}"));
        assert!(time_ok(time), "time {time:?} of {text:?}");
        if rest.ends_with(" is done") {
            continue;
        }
        let thread: usize = rest.split(' ').next().and_then(|word| word.parse().ok()).expect("a number");
        let wanted = format!("{thread} line {} {} end", next[thread], "x".repeat(40));
        assert_eq!(rest, wanted, "a line is lost, torn or out of order");
        next[thread] += 1;
    }
    assert_eq!(next, [lines; THREADS]);
}

/// `2026-11-27 02:36:27 us=123456 `, as OpenVPN writes it from verb 4 on.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let day = shape.strip_prefix("0000-00-00 00:00:00 ");
    let rest = day.map(|rest| rest.strip_prefix("us=").unwrap_or(rest).trim_start_matches('0'));
    matches!(rest, Some("" | " "))
}

/// `<29>Nov 27 02:36:27 openvpn[123]: `
fn is_syslog_time(text: &str) -> bool {
    let rest = text.split_once('>').filter(|(priority, _)| ["<28", "<29"].contains(priority));
    rest.is_some_and(|(_, rest)| rest.get(15..).is_some_and(|tag| tag.starts_with(" openvpn[")))
}

/// The client whose login starts the threads, and others meanwhile.
fn clients_connect(server: &Server) {
    for user in ["first", "second", "third"] {
        server.client(user, "x").connect();
    }
}

#[test]
fn a_management_client_reads_the_log_meanwhile() {
    let lines = 25_000;
    let scratch = Scratch::new();
    let socket = scratch.join("management");
    let server = config(lines).line(&format!("management {} unix", socket.display())).start();
    let reader = Reader::attach(&socket);
    clients_connect(&server);
    all_arrived(&server, Mark::START, lines, is_time);
    server.client("last", "x").connect();
    server.stop();
    // What the plugin logs in OpenVPN's own thread.
    assert!(reader.seen().contains("PLUGIN THREADS: login Some(\"last\")"));
}

/// A daemon logs to a file or to the system log; both stay open through the chroot, as nobody, and SIGHUP.
#[test]
fn a_daemon_in_a_chroot() {
    let lines = 2_000;
    for (daemon, time_ok) in
        [(Daemon::WithLog, is_time as fn(&str) -> bool), (Daemon::Syslog, is_syslog_time)]
    {
        let server = config(lines).daemon(daemon).dropped().chroot().start();
        clients_connect(&server);
        all_arrived(&server, Mark::START, lines, time_ok);
    }
}

#[test]
fn after_a_restart() {
    let lines = 2_000;
    for (daemon, time_ok) in [
        (Daemon::No, is_time as fn(&str) -> bool),
        (Daemon::WithLog, is_time),
        (Daemon::Syslog, is_syslog_time),
    ] {
        let server = config(lines).daemon(daemon).start();
        clients_connect(&server);
        all_arrived(&server, Mark::START, lines, time_ok);
        let mark = server.mark();
        server.restart(Signal::SIGHUP);
        clients_connect(&server);
        all_arrived(&server, mark, lines, time_ok);
        server.stop();
    }
}

/// As nobody, who may not open anything anew.
#[test]
fn after_a_restart_without_privileges() {
    requires!(
        Need::Openvpn(2, 6, 0),
        "a server that is not root cannot make its device again after a restart"
    );
    let lines = 500;
    for (daemon, time_ok) in
        [(Daemon::WithLog, is_time as fn(&str) -> bool), (Daemon::Syslog, is_syslog_time)]
    {
        let server = config(lines).daemon(daemon).dropped().readable_by_nobody().start();
        let mark = server.mark();
        server.restart(Signal::SIGHUP);
        clients_connect(&server);
        all_arrived(&server, mark, lines, time_ok);
    }
}

/// A plugin that logs nothing in OpenVPN's own thread: its threads need not wait for OpenVPN all the same.
#[test]
fn a_plugin_that_logs_only_in_threads() {
    let lines = 2_000;
    for (daemon, time_ok) in [
        (Daemon::No, is_time as fn(&str) -> bool),
        (Daemon::WithLog, is_time),
        (Daemon::Syslog, is_syslog_time),
    ] {
        let words = format!("{THREADS} {lines} silent");
        let server =
            ServerConfig::default().plugin_file(&test_plugin("threads"), &words).daemon(daemon).start();
        server.client("first", "x").connect();
        all_arrived(&server, Mark::START, lines, time_ok);
        assert_eq!(server.log().count(Mark::START, "PLUGIN THREADS"), THREADS * (lines + 1));
    }
}

/// Processes forked from the plugin while its threads log: no lock of theirs is taken along.
#[test]
fn forks_meanwhile() {
    let lines = 25_000;
    for daemon in [Daemon::WithLog, Daemon::Syslog] {
        let server = config(lines).daemon(daemon).start();
        server.client("fork", "x").connect();
        all_arrived(&server, Mark::START, lines, |_| true);
        assert_eq!(server.log().count(Mark::START, "PLUGIN THREADS: child "), 200);
    }
}

/// How often OpenVPN's own code was at memory that another thread uses. Not every lock of the plugin and the C library is
/// known to valgrind, so what these do does not count.
fn races_in_openvpn(report: &str) -> usize {
    report.lines().filter(|line| line.contains(" at 0x") && line.ends_with("/openvpn)")).count()
}

/// A fault of this kind does not end a server every time. valgrind looks at memory, and then at threads.
#[test]
fn valgrind_sees_nothing() {
    let lines = 200;
    for tool in ["memcheck", "helgrind"] {
        let scratch = Scratch::new();
        let (socket, found) = (scratch.join("management"), scratch.join("valgrind"));
        let mut words = vec!["valgrind".to_owned(), format!("--tool={tool}"), "--fair-sched=yes".to_owned()];
        words.push(format!("--log-file={}", found.display()));
        words.extend((tool == "memcheck").then(|| "--undef-value-errors=no".to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let line = format!("management {} unix", socket.display());
        let server = config(lines).line(&line).through(&words).start();
        let reader = Reader::attach(&socket);
        for user in ["first", "second"] {
            server.client(user, "x").connect();
        }
        all_arrived(&server, Mark::START, lines, is_time);
        server.stop();
        reader.seen();
        let found = std::fs::read_to_string(found).expect("valgrind's words");
        assert!(found.contains("ERROR SUMMARY: "), "{found}");
        assert!(tool == "helgrind" || found.contains("ERROR SUMMARY: 0 errors"), "{found}");
        assert_eq!(races_in_openvpn(&found), 0, "{found}");
    }
}

/// Further forms of the time, and a log that is a file.
#[test]
fn the_forms_of_a_log() {
    let lines = 500;
    let server = config(lines).line("suppress-timestamps").start();
    clients_connect(&server);
    all_arrived(&server, Mark::START, lines, str::is_empty);
    let server = config(lines).line("machine-readable-output").start();
    clients_connect(&server);
    all_arrived(&server, Mark::START, lines, |time| {
        let flags = time.trim_end().rsplit(' ').next().unwrap_or_default();
        ["20001", "20041"].contains(&flags)
    });
    for option in ["--log", "--log-append"] {
        let scratch = Scratch::new();
        let file = scratch.write("file.log", "", 0o644);
        // The log of a test is a fifo open for both. If there is something to read in that, tail of coreutils 8.32 (Debian 11)
        // takes it for closed.
        let script = format!(r#"tail --pid=$$ -n +1 -f "$0" | cat & exec "$@" {option} "$0""#);
        let server = config(lines).through(&["sh", "-c", &script, &file.to_string_lossy()]).start();
        clients_connect(&server);
        all_arrived(&server, Mark::START, lines, is_time);
    }
}

/// Debug lines of plugins are shown from verb 7 on, those of threads as well.
#[test]
fn what_openvpn_would_not_show_is_not_shown() {
    let server = config(10).daemon(Daemon::WithLog).line("verb 7").start();
    clients_connect(&server);
    server.wait_for(Mark::START, "PLUGIN THREADS: thread 0 is not heard");
    let server = config(10).start();
    clients_connect(&server);
    all_arrived(&server, Mark::START, 10, is_time);
    assert_eq!(server.log().count(Mark::START, "is not heard"), 0);
}
