//! `daemon`: the helper leaves the terminal alone and still reaches the log.

use harness::Daemon;
use harness::log::Mark;
use harness::proc_table::descriptors;

use crate::scripts::{Scripts, helper, wait_for_the_end_of_helpers};

#[test]
fn with_a_log_file() {
    let scripts = Scripts::with_down("echo ran as $(id -u)");
    let server = scripts.server("").dropped().daemon(Daemon::WithLog).start();
    helper(&server);
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran as 0");
    wait_for_the_end_of_helpers(&server);
}

#[test]
fn with_syslog() {
    let scripts = Scripts::with_down("echo ran as $(id -u); exit 7");
    let server = scripts.server("").dropped().daemon(Daemon::Syslog).start();
    let standard = descriptors(helper(&server).pid);
    assert!(
        standard.iter().all(|(number, target)| *number > 2 || target.ends_with("/dev/null")),
        "{standard:?}"
    );
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran as 0");
    server.wait_for(Mark::START, "down.sh exited with status 7");
    wait_for_the_end_of_helpers(&server);
}

#[test]
fn in_a_chroot_with_a_log_file() {
    let scripts = Scripts::with_down("echo ran as $(id -u)");
    let server = scripts.server("").dropped().chroot().daemon(Daemon::WithLog).start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran as 0");
}

/// What OpenVPN starts is in a namespace of processes that it is not in itself, as after `unshare --pid` without `--fork`.
#[test]
fn in_another_namespace_of_processes() {
    let scripts = Scripts::with_down("echo ran as $(id -u)");
    let server = scripts.server("").dropped().through(&["unshare", "--pid"]).start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran as 0");
    wait_for_the_end_of_helpers(&server);
}
