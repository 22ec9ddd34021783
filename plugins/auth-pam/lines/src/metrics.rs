//! The file with metrics for Prometheus (`metrics=`).

use std::fmt::Display;

const SANDBOX: &str = "The process that writes the metrics has more rights than it needs, or too few. A sandbox around OpenVPN may be the reason.";
const GIVE_CAPABILITIES: &str =
    "Give OpenVPN's unit CAP_SETUID, CAP_SETGID and CAP_SYS_CHROOT (CapabilityBoundingSet=).";

log_lines::lines! {
    /// `metrics=`.
    pub static LINES: "The metrics file";

    warn none(reason: impl Display) "no metrics are written: {reason}",
        why "The directory of `metrics=` is missing, or other users could change it. The plugin runs without metrics.",
        todo "Create the directory before OpenVPN starts, writable only by its owner. node_exporter's textfile collector uses one.";
    reason directory_of_everybody(path: impl Display)
        "{path} is writable by everybody; use another directory",
        why "Anybody could replace the metrics file with one of their own. The plugin runs without metrics.",
        todo "Use a directory that only its owner and its group can write to.";
    reason lock_is_no_file(path: impl Display) "the lock file {path} is not a regular file",
        why "The plugin needs a lock file of that name beside the metrics file, and something else is in its place.",
        todo "Remove it. If you did not put it there, find out who can write to the directory.";

    warn directory_gone(path: impl Display, error: &str)
        "metrics file {path} is not written: {error}; if its directory was replaced, restart OpenVPN",
        why "The directory is opened once, when OpenVPN starts.",
        todo "Restart OpenVPN.";
    warn not_written(path: impl Display, error: &str, seconds: u64)
        "metrics file {path} is not written: {error}; retrying every {seconds} s",
        why "The file keeps its old values, and node_exporter reads those.",
        todo "Check the free space on the disk of the file, and the owner and mode of its directory.";
    warn another(path: impl Display)
        "metrics file {path} is not written: another server writes it; give each server a file of its own (metrics=)",
        why "A running server has the same `metrics=`. If that is the server of this plugin line, all is well.",
        todo "Give each server a file of its own.";
    warn slow(path: impl Display, seconds: u64)
        "metrics file {path} is not written: its disk takes longer than {seconds} s",
        why "The disk of the metrics file hangs. No login waits for it.",
        todo "Check the disk, or the server of the file system.";
    warn writer_gone(path: impl Display, how: &str, seconds: u64)
        "metrics file {path} is not written: its writer {how}; retrying every {seconds} s",
        why "The process that writes the metrics has ended, or cannot be started. No login needs it.",
        todo "After SIGKILL, somebody killed it or memory was short. If it cannot be started, look at TasksMax= and LimitNPROC= of the unit.";
    info again(path: impl Display) "metrics file {path} is written again";

    warn not_the_owner(path: impl Display, error: &str)
        "the writer of metrics file {path} cannot become the owner of its directory: {error}",
        why SANDBOX,
        todo GIVE_CAPABILITIES;
    warn keeps_capabilities(path: impl Display, error: &str)
        "the writer of metrics file {path} cannot give up its capabilities: {error}",
        why SANDBOX,
        todo "See what the unit's SystemCallFilter= forbids, or the sandbox in which OpenVPN runs.";
    info reaches_others(path: impl Display, error: &str)
        "the writer of metrics file {path} can reach other directories: {error}",
        why SANDBOX,
        todo GIVE_CAPABILITIES;
    info no_filter(path: impl Display, error: &str)
        "the writer of metrics file {path} has no filter of system calls: {error}",
        why "The kernel has no such filters, or does not allow them. The writer works without one.",
        todo "";
}
