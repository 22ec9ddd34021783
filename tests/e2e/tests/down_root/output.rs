//! What scripts print reaches the log, line by line, and can harm neither it nor OpenVPN.

use harness::log::Mark;
use harness::proc_table::{kill9, wait_gone};
use nix::sys::signal::Signal;

use crate::scripts::Scripts;

#[test]
fn both_streams_line_by_line_named_and_escaped() {
    let scripts = Scripts::with_down(
        "echo out; echo err >&2; printf 'a\\000b\\033[2Jc\\n'; printf '\\nPLUGIN X: forged\\r\\n'; printf 'no end'",
    );
    let server = scripts.server("").dropped().start();
    server.stop();
    for line in [
        "down.sh: out",
        "down.sh: err",
        r"down.sh: a\x00b\x1b[2Jc",
        r"down.sh: PLUGIN X: forged\r",
        "down.sh: no end",
    ] {
        let line = server.wait_for(Mark::START, line);
        assert!(line.text.contains("PLUGIN DOWN-ROOT: down.sh: "), "{line:?}");
    }
}

/// 100 MB: the script is not held up, the log stays readable.
#[test]
fn a_script_that_prints_without_end() {
    let scripts =
        Scripts::with_down("yes 'a line of some length, again and again' | head -c 100000000; echo done >&2");
    let server = scripts.server("timeout=25").dropped().start();
    server.stop();
    server.wait_for(Mark::START, "/PLUGIN_DOWN status=0");
    assert_eq!(server.log().count(Mark::START, "ran longer"), 0);
    server.wait_for(Mark::START, "more lines are not shown");
    let shown = server.log().count(Mark::START, "a line of some length");
    assert!(shown < 10_000, "{shown} lines");
}

/// The script has ended when its process has, even if it leaves a daemon behind that holds its output.
#[test]
fn a_script_that_leaves_a_daemon() {
    let scripts = Scripts::with_down("(echo from the daemon; exec sleep 1000) & echo pid $!");
    let server = scripts.server("").dropped().line("up-restart").start();
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "down.sh: from the daemon");
    let line = server.wait_for(Mark::START, "down.sh: pid ").text;
    let pid = line.rsplit(' ').next().and_then(|pid| pid.parse().ok()).expect("a pid");
    let left_alone = harness::proc_table::Process::look(pid).is_some();
    kill9(pid);
    wait_gone(pid, harness::PATIENCE);
    assert!(left_alone, "it was the script's to end it");
    assert!(server.is_alive());
}
