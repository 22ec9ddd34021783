//! A hundred restarts of each kind leave nothing behind.

use harness::ServerConfig;
use harness::log::Mark;
use harness::proc_table::{self, descriptors};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper};

const ROUNDS: usize = 100;

fn nothing_stays(config: &ServerConfig<'_>, signal: Signal) {
    let server = config.start();
    server.restart(signal);
    let processes = server.netns().processes().len();
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
fn sighup_as_root() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server(""), Signal::SIGHUP);
}

#[test]
fn sighup_dropped_to_nobody() {
    let scripts = Scripts::with_down("echo ran");
    nothing_stays(&scripts.server("").dropped().readable_by_nobody(), Signal::SIGHUP);
}
