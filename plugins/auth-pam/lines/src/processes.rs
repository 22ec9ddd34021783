//! The supervisor and its keeper.

use std::fmt::Display;

use crate::texts::REPORT;

const TAKEN_OVER: &str =
    "OpenVPN's process sent something that the plugin never sends. Somebody may have taken the process over.";
const FIND_OUT: &str = "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";

log_lines::lines! {
    /// The processes of the plugin.
    pub static LINES: "The supervisor and its keeper";

    error not_started(error: impl Display) "cannot start the supervisor: {error}",
        why "The system did not give the supervisor what it needs; the line says what.",
        todo "Look at the limits of OpenVPN's unit, above all on processes and open files.";
    error cannot_start(error: &str) "supervisor cannot start: {error}",
        why "The system did not give the supervisor what it needs; the line says what.",
        todo "Look at the limits of OpenVPN's unit, above all on processes and open files.";
    warn keeps_capabilities(error: &str) "the supervisor cannot give up its capabilities: {error}",
        why "The supervisor keeps rights that it does not need.",
        todo "See what the unit's SystemCallFilter= forbids, or the sandbox in which OpenVPN runs.";
    info no_filter(error: &str) "the supervisor has no filter of system calls: {error}",
        why "The kernel has no such filters, or does not allow them. The supervisor works without one.",
        todo "";
    error cannot_wait(error: &str) "supervisor cannot wait for events: {error}",
        why "The kernel refused a call that does not fail on a healthy system.",
        todo REPORT;
    error passed_a_descriptor()
        "protocol error from OpenVPN: it passed a descriptor; supervisor exits",
        why TAKEN_OVER,
        todo FIND_OUT;
    error protocol_error(error: impl Display) "protocol error from OpenVPN: {error}; supervisor exits",
        why TAKEN_OVER,
        todo FIND_OUT;
    error cannot_read(error: &str) "supervisor cannot read from OpenVPN: {error}; retrying",
        why "Memory is probably short. Logins wait meanwhile.",
        todo "Look at the free memory, and at MemoryMax= of the unit.";
    error keeper_gone() "the keeper is gone: no worker can be started; restart OpenVPN",
        why "The process that starts all others of the plugin was killed.",
        todo "Restart OpenVPN, then find out what killed it. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
    error both_gone(keeper: impl Display, how: &str, restart: &str)
        "the supervisor and its keeper, process {keeper}, are gone{how}: {restart}",
        why "Both processes of the plugin have ended or were killed. Nobody can log in until OpenVPN is restarted.",
        todo "Restart OpenVPN, then find out what killed them. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
    warn did_not_end(keeper: impl Display, seconds: u64)
        "the supervisor and its keeper, process {keeper}, did not end within {seconds} s",
        why "OpenVPN waits no longer for them. Usually they are stopped, or a PAM module hangs.",
        todo "Look with `ps` whether they still run, and kill them if so.";
    error unheard(error: impl Display) "cannot read from the supervisor: {error}",
        why "The supervisor sent something unexpected, or its messages could not be read. The plugin no longer trusts it.",
        todo REPORT;
    warn system_log_deaf() "the system log does not accept lines about logins; counting them instead",
        why "Nothing reads /dev/log, or not fast enough. Logins do not wait for it.",
        todo "Check that journald or syslogd runs, and that OpenVPN's unit may use /dev/log.";
}
