//! A hundred restarts of each kind leave nothing behind.

use harness::ServerConfig;
use harness::log::Mark;
use harness::proc_table::{self, descriptors};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper};

const ROUNDS: usize = 100;

/// What the helper has of memory, in KiB.
fn resident_kib(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

/// More than this is a leak, in a hundred restarts. A helper that stays touches some pages for the first time.
const GROWTH_KIB: u64 = 512;

fn nothing_stays(config: &ServerConfig<'_>, signal: Signal) {
    let server = config.start();
    server.restart(signal);
    let processes = server.netns().processes().len();
    let resident = resident_kib(helper(&server).pid);
    let (open, of_helper) = (descriptors(server.pid()), descriptors(helper(&server).pid));
    for _ in 0..ROUNDS {
        server.restart(signal);
    }
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), ROUNDS + 1);
    assert_eq!(
        descriptors(server.pid()).len(),
        open.len(),
        "{open:?} became {:?}",
        descriptors(server.pid())
    );
    assert_eq!(descriptors(helper(&server).pid).len(), of_helper.len(), "{of_helper:?}");
    assert_eq!(server.netns().processes().len(), processes, "{:?}", server.netns().processes());
    let now = resident_kib(helper(&server).pid);
    assert!(now < resident + GROWTH_KIB, "{resident} KiB became {now}");
    let zombies: Vec<_> =
        proc_table::all().into_iter().filter(|p| p.parent == server.pid() && p.is_zombie()).collect();
    assert_eq!(zombies, []);
}

#[test]
fn sigusr1_as_root() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server(""), Signal::SIGUSR1);
}

#[test]
fn sigusr1_dropped_to_nobody() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server("").dropped().line("up-restart"), Signal::SIGUSR1);
}

#[test]
fn sigusr1_in_a_chroot() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server("").dropped().chroot().line("up-restart"), Signal::SIGUSR1);
}

#[test]
fn sighup_as_root() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server(""), Signal::SIGHUP);
}

#[test]
fn sighup_dropped_to_nobody() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server("").dropped().readable_by_nobody(), Signal::SIGHUP);
}
