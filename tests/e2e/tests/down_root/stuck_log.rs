//! Nobody reads the log any more: the pipe it goes into is full, and a process that writes there waits for ever. OpenVPN itself does;
//! the helper and its limits do not.

use std::time::Instant;

use harness::log::Mark;
use harness::proc_table::{Process, wait_gone, wait_until};
use harness::{PATIENCE, Server};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, helpers};

/// Says in a file that it runs, and prints all the time.
const PRINTS: &str = "echo $$ > \"${0%/*}/pid\"; while :; do echo printed; done";

/// A server at a restart whose down script runs, with its log stuck; the script's process.
fn at_down(scripts: &Scripts, server: &Server) -> i32 {
    server.signal(Signal::SIGUSR1);
    let text = || std::fs::read_to_string(scripts.path("pid")).unwrap_or_default();
    assert!(wait_until(PATIENCE, || text().ends_with('\n')), "{}", server.log().text());
    text().trim().parse().expect("a pid")
}

#[test]
fn the_time_limit_holds() {
    let scripts = Scripts::with_down(PRINTS);
    let server = scripts.server("timeout=2 ignore-failure=yes").dropped().line("up-restart").start();
    let script = at_down(&scripts, &server);
    let full = server.fill_log();
    let ended = wait_gone(script, PATIENCE);
    drop(full);
    assert!(ended, "the script goes on");
    server.wait_for(Mark::START, "ran longer than 2 s");
    server.wait_for(Mark::START, "was killed by SIGTERM");
    // It goes on, and so does OpenVPN.
    server.wait_for(Mark::START, "ignored (ignore-failure=yes)");
    helper(&server);
    assert!(server.is_alive());
}

#[test]
fn helper_and_script_end_with_openvpn() {
    let scripts = Scripts::with_down(PRINTS);
    let server = scripts.server("timeout=0").dropped().line("up-restart").start();
    let script = at_down(&scripts, &server);
    let full = server.fill_log();
    server.kill9();
    let is_gone = || helpers(&server).is_empty() && Process::look(script).is_none_or(|one| one.is_zombie());
    let ended = wait_until(PATIENCE, is_gone);
    drop(full);
    assert!(ended, "{:?}", server.netns().processes());
}

/// A script that has ended is answered for without the log: the front waits for that one thread only.
#[test]
fn openvpn_is_answered() {
    let scripts = Scripts::with_down(
        "echo $$ > \"${0%/*}/pid\"; until [ -e \"${0%/*}/go\" ]; do echo printed; sleep 0.1; done; echo last",
    );
    let server = scripts.server("").dropped().line("up-restart").start();
    let script = at_down(&scripts, &server);
    let full = server.fill_log();
    std::fs::write(scripts.path("go"), "").expect("a file");
    assert!(wait_gone(script, PATIENCE));
    // What OpenVPN waits for then is to write a line of its own: it is no more in the system call of the plugin's thread alone.
    let asked = Instant::now();
    let writes =
        || std::fs::read_to_string(format!("/proc/{0}/task/{0}/wchan", server.pid())).unwrap_or_default();
    let waits = wait_until(PATIENCE, || writes().contains("pipe"));
    let took = asked.elapsed();
    drop(full);
    assert!(waits, "{} {took:?}", writes());
    server.wait_for(Mark::START, "/PLUGIN_DOWN status=0");
}
