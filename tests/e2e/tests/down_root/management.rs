//! A client of the management interface that reads the log: OpenVPN's log function remembers its connection, also in
//! the helper, where that is not.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;

use harness::log::Mark;
use harness::proc_table::wait_until;
use harness::{PATIENCE, Server};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, resident_kib};

/// Reads the log there as long as OpenVPN lives, and lets it go on wherever it holds; how many lines came.
fn reader(socket: PathBuf) -> JoinHandle<usize> {
    std::thread::spawn(move || {
        let mut stream = None;
        wait_until(PATIENCE, || {
            stream = UnixStream::connect(&socket).ok();
            stream.is_some()
        });
        let Some(stream) = stream else { return 0 };
        let mut writer = &stream;
        let _ = writer.write_all(b"log on\n");
        let mut lines = 0;
        for line in BufReader::new(&stream).lines() {
            let Ok(line) = line else { break };
            lines += usize::from(line.starts_with(">LOG:"));
            if line.starts_with(">HOLD:") {
                let _ = writer.write_all(b"hold release\n");
            }
        }
        lines
    })
}

/// What the helper has used of a processor, in the system's ticks (100 a second).
fn ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", helper(server).pid)).expect("stat");
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let used = |number: usize| fields.split_whitespace().nth(number - 3).and_then(|ticks| ticks.parse().ok());
    used(14).zip(used(15)).map(|(user, system): (u64, u64)| user + system).expect("ticks")
}

/// The helper is born while it is connected, as `management-hold` has it.
#[test]
fn a_client_that_reads_the_log() {
    let scripts = Scripts::with_down("echo ran; sleep 1");
    let socket = scripts.path("management");
    let reader = reader(socket.clone());
    let config = scripts.server("").dropped().line("up-restart");
    let server =
        config.line(&format!("management {} unix", socket.display())).line("management-hold").start();
    let before = helper(&server).pid;
    for round in 1..=3 {
        server.restart(Signal::SIGUSR1);
        let ran = || server.log().count(Mark::START, "down.sh: ran");
        assert!(wait_until(PATIENCE, || ran() >= round), "{}", server.log().text());
        assert_eq!(ran(), round);
    }
    assert_eq!(helper(&server).pid, before);
    let used = ticks(&server);
    assert!(used < 50, "{used} ticks in three seconds of waiting for a script");
    server.stop();
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 4);
    drop(server);
    assert!(reader.join().expect("the reader") > 10);
}

/// OpenVPN keeps lines for such a client, which a helper would never send.
#[test]
fn a_client_that_reads_the_log_costs_the_helper_no_memory() {
    let text = format!(
        "end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do echo {}; done",
        "x".repeat(450)
    );
    let scripts = Scripts::with_down(&text);
    let socket = scripts.path("management");
    let reader = reader(socket.clone());
    let config = scripts.server("").dropped().line("up-restart");
    let server =
        config.line(&format!("management {} unix", socket.display())).line("management-hold").start();
    let helper = helper(&server).pid;
    let before = resident_kib(helper);
    server.restart(Signal::SIGUSR1);
    let printed = server.log().count(Mark::START, "down.sh: xxx");
    assert!(printed > 500, "{printed} lines");
    let after = resident_kib(helper);
    assert!(after < before + 256, "{before} KiB became {after} KiB over {printed} lines");
    drop(server);
    reader.join().expect("the reader");
}
