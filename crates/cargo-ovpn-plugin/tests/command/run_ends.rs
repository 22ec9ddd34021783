//! How `run` tells of a server that ended, does not start, or is restarted.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use harness::PATIENCE;
use harness::log::Mark;
use harness::plugin::example;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::started::Started;

/// With a client that gets in.
fn run(options: &[&str]) -> Started {
    let joe = ["--user", "joe", "--password", "secret"];
    Started::run(&example("deferred-auth"), &[&joe, options, &["--", "S", "0", "joe", "secret"]].concat())
}

fn server_of(run: &Started) -> Pid {
    run.says("| the client is in, after ");
    let text = run.log().text();
    let pid = text.split(" serves, as process ").nth(1).and_then(|rest| rest.lines().next());
    Pid::from_raw(pid.and_then(|pid| pid.trim().parse().ok()).unwrap_or_else(|| panic!("{text}")))
}

#[test]
fn a_server_that_ends_when_the_client_is_in() {
    let killed = run(&[]);
    kill(server_of(&killed), Signal::SIGKILL).unwrap();
    killed.ends(
        5,
        &[
            "the server has ended by itself (ended: signal: 9 (SIGKILL)): OpenVPN logged no reason",
            "| result: the client got in, and then the server ended by itself",
        ],
    );
    let stopped = run(&[]);
    kill(server_of(&stopped), Signal::SIGTERM).unwrap();
    stopped.ends(5, &["the server has ended by itself (ended: exit status: 0): it got a signal"]);
}

/// Keys and net/tun can be opened by the user that the server has become.
#[test]
fn a_server_without_root_is_restarted() {
    let run = run(&["--server", "user nobody", "--server", "group nogroup", "--server", "persist-tun"]);
    let server = server_of(&run);
    let mark = run.log().mark();
    kill(server, Signal::SIGHUP).unwrap();
    run.log().wait_for(mark, "SIGHUP[hard,] received, process restarting", PATIENCE);
    // The client says it, too.
    let serves =
        |text: &str| text.starts_with("server ") && text.contains("| Initialization Sequence Completed");
    let said = run.log().wait_match(mark, Instant::now() + PATIENCE, serves);
    assert!(said.is_some(), "{}", run.log().text());
    run.signal(Signal::SIGINT);
    run.ends(0, &["| result: the client got in"]);
    assert_eq!(run.log().count(Mark::START, "the server has ended by itself"), 0);
}

/// The C library stands for a plugin whose author forgot `export!`.
#[test]
fn a_file_that_exports_nothing_of_a_plugin() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps.split_whitespace().find(|word| word.starts_with('/') && word.contains("/libc.so"));
    let run = Started::run(&PathBuf::from(libc.unwrap()), &["--user", "joe", "--password", "secret"]);
    run.ends(2, &["could not find required symbol", "is `ovpn_plugin::export!` there?"]);
}
