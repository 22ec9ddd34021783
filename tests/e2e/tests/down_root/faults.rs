//! Scripts that fail or never end, helpers that are killed, OpenVPN killed: a clear line, in bounded time.

use std::fs;
use std::time::Duration;

use harness::log::Mark;
use harness::proc_table::{Process, wait_gone, wait_until};
use harness::{PATIENCE, Server};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, helpers, keeper, kill_both};

/// What a script gets between SIGTERM and SIGKILL.
const TERM_TO_KILL: Duration = Duration::from_secs(5);
const PLUGIN_FAILED: &str = "plugin call failed";

fn dies_at_restart(server: &Server) {
    server.signal(Signal::SIGUSR1);
    server.wait_for(Mark::START, PLUGIN_FAILED);
    assert!(wait_gone(server.pid(), PATIENCE));
    // OpenVPN does not wait for it when it dies of an error.
    assert!(wait_until(PATIENCE, || helpers(server).is_empty()), "{:?}", helpers(server));
}

/// As with the C plugin.
#[test]
fn a_script_that_fails_ends_openvpn() {
    let scripts = Scripts::with_down("exit 3");
    let server = scripts.server("").dropped().line("up-restart").start();
    dies_at_restart(&server);
    let line = format!("{} exited with status 3", scripts.path("down.sh").display());
    server.wait_for(Mark::START, &line);
}

#[test]
fn a_script_that_fails_can_be_ignored() {
    let scripts = Scripts::with_down("kill -SEGV $$");
    let server = scripts.server("ignore-failure=yes").dropped().line("up-restart").start();
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "down.sh was killed by SIGSEGV");
    server.wait_for(Mark::START, "ignored (ignore-failure=yes)");
}

#[test]
fn a_script_that_is_gone() {
    let scripts = Scripts::with_down("true");
    let server = scripts.server("").dropped().line("up-restart").start();
    fs::remove_file(scripts.path("down.sh")).expect("the script was there");
    dies_at_restart(&server);
    server.wait_for(Mark::START, "the down script is not run: ");
}

#[test]
fn a_script_that_others_may_write_to_since() {
    let scripts = Scripts::with_down("echo ran");
    let server = scripts.server("").dropped().line("up-restart").start();
    scripts.mode("down.sh", 0o777);
    dies_at_restart(&server);
    server.wait_for(Mark::START, "is writable by everybody");
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 0);
}

/// The processes a script of [`HANGS`] has told its numbers.
fn numbers(server: &Server) -> Vec<i32> {
    let line = server.wait_for(Mark::START, "down.sh: pids ").text;
    let (_, numbers) = line.split_once("pids ").expect("just found");
    numbers.split_whitespace().map(|number| number.parse().expect("a pid")).collect()
}

/// A script with a child; neither ends by itself.
const HANGS: &str = "sleep 1000 & echo pids $$ $!; wait";

#[test]
fn a_script_that_never_ends() {
    let scripts = Scripts::with_down(HANGS);
    let server = scripts.server("timeout=1").dropped().start();
    server.stop();
    server.wait_for(Mark::START, "ran longer than 1 s; stopping it (see timeout)");
    server.wait_for(Mark::START, "was killed by SIGTERM");
    for pid in numbers(&server) {
        assert!(wait_gone(pid, PATIENCE), "{pid} is left");
    }
}

/// As one that fails: the end of OpenVPN, unless that is ignored.
#[test]
fn a_script_that_never_ends_at_a_restart() {
    let scripts = Scripts::with_down(HANGS);
    let server = scripts.server("timeout=1").dropped().line("up-restart").start();
    dies_at_restart(&server);
    server.wait_for(Mark::START, "ran longer than 1 s");
    let server = scripts.server("timeout=1 ignore-failure=yes").dropped().line("up-restart").start();
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "ran longer than 1 s");
    server.wait_for(Mark::START, "ignored (ignore-failure=yes)");
    assert_eq!(server.log().count(Mark::START, PLUGIN_FAILED), 0);
}

#[test]
fn an_up_script_that_fails() {
    let scripts = Scripts::with_down("true");
    let up = scripts.add("up.sh", "exit 4");
    let options = format!("up={}", up.display());
    let server = scripts.server(&options).dropped().line("up-restart").start();
    dies_at_restart(&server);
    server.wait_for(Mark::START, "up.sh exited with status 4");
    let server =
        scripts.server(&format!("ignore-failure=yes {options}")).dropped().line("up-restart").start();
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "the up script failed; ignored");
}

#[test]
fn a_script_that_ignores_sigterm() {
    let scripts = Scripts::with_down(&format!("trap '' TERM\n{HANGS}"));
    let server = scripts.server("timeout=1").dropped().start();
    let took = server.stop();
    assert!(took > TERM_TO_KILL, "{took:?}");
    server.wait_for(Mark::START, "was killed by SIGKILL");
    for pid in numbers(&server) {
        assert!(wait_gone(pid, PATIENCE), "{pid} is left");
    }
}

#[test]
fn keeper_and_helper_are_killed_after_the_drop() {
    let scripts = Scripts::with_down("echo ran");
    let server = scripts.server("").dropped().line("up-restart").start();
    kill_both(&server);
    dies_at_restart(&server);
    server.wait_for(Mark::START, "OpenVPN is no longer root");
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 0);
}

/// DOWN is lost, but what it was to clean up is not worth the tunnel: so says the administrator. Later UPs go on.
#[test]
fn keeper_and_helper_are_killed_and_failures_are_ignored() {
    let scripts = Scripts::with_down("echo ran");
    let server = scripts.server("ignore-failure=yes").dropped().line("up-restart").start();
    kill_both(&server);
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "the down script will not be run");
    assert!(server.is_alive());
}

/// The run that was under way has failed: nobody knows how far it came.
#[test]
fn the_helper_is_killed_while_a_script_runs() {
    let text = "echo $$ >> \"${0%/*}/pids\"; echo runs; exec sleep 1000";
    let scripts = Scripts::with_down(text);
    let server = scripts.server("ignore-failure=yes").dropped().line("up-restart").start();
    server.signal(Signal::SIGUSR1);
    // The helper reads what it prints after it has tied it to itself.
    server.wait_for(Mark::START, "down.sh: runs");
    let helper = nix::unistd::Pid::from_raw(helper(&server).pid);
    nix::sys::signal::kill(helper, Signal::SIGKILL).expect("it is there");
    server.wait_for(Mark::START, "the down script: the helper is gone, and with it the script");
    let pids = fs::read_to_string(scripts.path("pids")).expect("it has run");
    // It is not run again by the next helper.
    let pid: i32 = pids.trim().parse().expect("one number");
    assert!(wait_gone(pid, PATIENCE), "{pid} is left");
    assert!(server.is_alive());
}

/// Even if it takes the up script with it: that script has not failed.
#[test]
fn the_helper_is_killed_at_up() {
    let scripts = Scripts::with_down("echo ran");
    // A script is tied to its helper right after its start, and must not be faster.
    let up = scripts.add(
        "up.sh",
        "until grep -q '^State:.S' /proc/$PPID/status; do :; done; kill -KILL $PPID; exec sleep 1000",
    );
    let server = scripts.server(&format!("up={}", up.display())).dropped().line("up-restart").start();
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "the up script: the helper is gone");
    assert!(server.is_alive());
    // Another one is there for the next.
    server.stop();
    server.wait_for(Mark::START, "[ended: ");
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 2);
}

#[test]
fn the_helper_outlives_the_signals_of_a_whole_group() {
    let scripts = Scripts::with_down("echo ran");
    let server = scripts.server("").dropped().start();
    let before = [keeper(&server).pid, helper(&server).pid];
    use Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    for signal in [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2] {
        for pid in before {
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).expect("it is there");
        }
    }
    assert_eq!([keeper(&server).pid, helper(&server).pid], before);
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran");
    assert_eq!(helpers(&server), []);
}

#[test]
fn openvpn_is_killed_while_idle() {
    let scripts = Scripts::with_down("echo ran");
    let server = scripts.server("").dropped().start();
    helper(&server);
    server.kill9();
    assert!(wait_until(PATIENCE, || helpers(&server).is_empty()));
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 0);
}

#[test]
fn openvpn_is_killed_while_a_script_runs() {
    let scripts = Scripts::with_down(HANGS);
    let server = scripts.server("").dropped().start();
    server.signal(Signal::SIGTERM);
    let pids = numbers(&server);
    server.kill9();
    let is_gone = |pid: &i32| Process::look(*pid).is_none_or(|process| process.is_zombie());
    let end = || helpers(&server).is_empty() && pids.iter().all(is_gone);
    assert!(wait_until(PATIENCE, end), "{:?}", server.netns().processes());
    assert_eq!(server.log().count(Mark::START, "down.sh: pids"), 1);
}
