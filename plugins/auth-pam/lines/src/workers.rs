//! Workers, the processes in which PAM runs.

use std::fmt::Display;

use crate::texts::{FIND_THE_KILLER, FIND_THE_MODULE, LIMITS_ON_PROCESSES};

log_lines::lines! {
    /// Workers.
    pub static LINES: "Workers, the processes in which PAM runs";

    error unreachable(pid: impl Display, error: &str) "cannot reach worker {pid}, killing it: {error}",
        why "The process does not accept the login it was given: memory is short, or it was stopped.",
        todo FIND_THE_KILLER;
    warn idle_was_gone(pid: impl Display, error: impl Display)
        "idle worker {pid} had exited ({error}); retrying on another worker",
        why "Somebody killed the process between two logins. The login goes on in another process.",
        todo FIND_THE_KILLER;
    error no_report(pid: impl Display, error: impl Display)
        "protocol error from worker {pid}: {error}; killed it",
        why "A PAM module, or a process that it left behind, wrote to the plugin's own channel.",
        todo FIND_THE_MODULE;
    error ended_at_start(pid: impl Display, how: impl Display) "new worker {pid} {how} while it was starting",
        why "A process for PAM ended before its first login.",
        todo "Look at the limits of OpenVPN's unit, and at the free memory.";
    warn idle_ended(pid: impl Display, how: impl Display) "idle worker {pid} {how}",
        why "The process ended between two logins: it was killed, or a thread of a PAM module ended it. No login is affected.",
        todo FIND_THE_KILLER;
    error cannot_start(why: &str, have: usize)
        "cannot start another worker: {why} ({have} running; limit on processes or open files?)",
        why "No process can be started: there is a limit on processes or open files.",
        todo LIMITS_ON_PROCESSES;
    info changed(pid: impl Display, what: &str)
        "BACKGROUND: a PAM module has changed the process of worker {pid} ({what}); replacing it",
        why "One login must not affect the next one, so the plugin replaces the process.",
        todo "";
    error unheard(error: &str) "cannot read from a worker, killing it: {error}",
        why "The system could not read what the process sent. Usually memory was short.",
        todo "Raise the limits of OpenVPN's unit, or find out what uses them up.";
    error not_ready(seconds: u64)
        "killed a worker that was not ready within {seconds} s: a PAM module or one of its threads hangs",
        why "A PAM module, or a thread it started, hangs after the login.",
        todo FIND_THE_MODULE;
    info printed(text: impl Display) "printed by a PAM module: {text}";
    warn printed_more(count: u32) "{count} more lines printed by PAM modules are not shown",
        why "PAM modules printed more than a few lines a second, and the plugin limits these lines.",
        todo "Turn off debugging in the module, or let it write to the system log.";
}
