//! The supervisor and its keeper.

use std::fmt::Display;

use crate::texts::REPORT;

const TAKEN_OVER: &str =
    "What came from OpenVPN's process is not what the plugin sends: somebody may have taken it over.";
const FIND_OUT: &str = "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";

log_lines::lines! {
    /// The processes of the plugin.
    pub static LINES: "The supervisor and its keeper";

    error not_started(error: impl Display) "the supervisor cannot be started: {error}",
        why "The plugin's supervisor lacks something of the system; the line says what.",
        todo "Look at the limits of OpenVPN's unit, on processes and open files above all.";
    error cannot_start(error: &str) "supervisor cannot start: {error}",
        why "The plugin's supervisor lacks something of the system; the line says what.",
        todo "Look at the limits of OpenVPN's unit, on processes and open files above all.";
    warn keeps_capabilities(error: &str) "the supervisor cannot give up its capabilities: {error}",
        why "The supervisor works on with rights that it does not need.",
        todo "See what the unit's SystemCallFilter= forbids, or the sandbox in which OpenVPN runs.";
    info no_filter(error: &str) "the supervisor has no filter of system calls: {error}",
        why "The kernel has no such filters, or does not allow them. The supervisor works on without one.",
        todo "";
    error cannot_wait(error: &str) "supervisor cannot wait for events: {error}",
        why "The kernel refused a call that does not fail in a sound system.",
        todo REPORT;
    error passed_a_descriptor()
        "protocol error from OpenVPN: it passed a descriptor; supervisor exits",
        why TAKEN_OVER,
        todo FIND_OUT;
    error protocol_error(error: impl Display) "protocol error from OpenVPN: {error}; supervisor exits",
        why TAKEN_OVER,
        todo FIND_OUT;
    error cannot_read(error: &str) "supervisor cannot read from OpenVPN: {error}; retrying",
        why "Memory was short, most likely. Logins wait meanwhile.",
        todo "Look at the memory that is left, and at MemoryMax= of the unit.";
    error keeper_gone() "the keeper is gone: nobody can start workers; restart OpenVPN",
        why "The process that starts all others of the plugin was killed.",
        todo "Restart OpenVPN, then find out what killed it. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
    error both_gone(keeper: impl Display, how: &str, restart: &str)
        "the supervisor and its keeper, process {keeper}, are gone{how}: {restart}",
        why "Both processes of the plugin have ended or were killed. Nobody can log in before OpenVPN is restarted.",
        todo "Restart OpenVPN, then find out what killed them. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
    warn did_not_end(keeper: impl Display, seconds: u64)
        "the supervisor and its keeper, process {keeper}, did not end within {seconds} s",
        why "OpenVPN does not wait longer for them; mostly they are stopped, or a PAM module hangs.",
        todo "See with `ps` whether they are still there, and kill them if so.";
    error unheard(error: impl Display) "the supervisor cannot be heard: {error}",
        why "What came from the supervisor is not what it sends, or could not be read. It is not trusted any more.",
        todo REPORT;
    warn system_log_deaf() "the system log does not take lines about logins; they are counted",
        why "Nobody reads /dev/log, or not fast enough. Logins do not wait for it.",
        todo "See whether journald or syslogd runs, and whether OpenVPN's unit may use /dev/log.";
}
