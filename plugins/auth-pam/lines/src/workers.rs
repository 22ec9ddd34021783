//! Workers, the processes in which PAM runs.

use std::fmt::Display;

use crate::texts::{FIND_THE_KILLER, FIND_THE_MODULE, LIMITS_ON_PROCESSES};

log_lines::lines! {
    /// Workers.
    pub static LINES: "Workers, the processes in which PAM runs";

    error unreachable(pid: impl Display, error: &str) "worker {pid} cannot be reached and is killed: {error}",
        why "The process does not take the login that it was given: there is no memory for it, or it was stopped.",
        todo FIND_THE_KILLER;
    warn idle_was_gone(pid: impl Display, error: impl Display)
        "idle worker {pid} had exited ({error}); retrying on another worker",
        why "Somebody has killed the process between two logins. The login goes on in another one.",
        todo FIND_THE_KILLER;
    error no_report(pid: impl Display, error: impl Display)
        "worker {pid} sent something else than a report ({error}) and was killed",
        why "A PAM module, or a process that it has left, wrote to the plugin's own channel.",
        todo FIND_THE_MODULE;
    error ended_at_start(pid: impl Display, how: impl Display) "new worker {pid} {how} while it was starting",
        why "A process for PAM ended before its first login.",
        todo "Look at the limits of OpenVPN's unit, and at the memory that is left.";
    warn idle_ended(pid: impl Display, how: impl Display) "idle worker {pid} {how}",
        why "The process ended between two logins: it was killed, or a thread of a PAM module has ended it. No login is affected.",
        todo FIND_THE_KILLER;
    error cannot_start(why: &str, have: usize)
        "no further worker can be started: {why} (now {have}; limit on processes or open files?)",
        why "No process can be started: there is a limit on processes or open files.",
        todo LIMITS_ON_PROCESSES;
    info changed(pid: impl Display, what: &str)
        "BACKGROUND: a PAM module has changed the worker's process {pid} ({what}); it gets no other login",
        why "Nothing of one login may meet the next one, so the process is replaced.",
        todo "";
    error unheard(error: &str) "a worker cannot be heard and is killed: {error}",
        why "The system refused to read what the process has sent; mostly memory was short.",
        todo "Raise the limits of OpenVPN's unit, or find out what uses them up.";
    error not_ready(seconds: u64)
        "a worker was not ready within {seconds} s and was killed: a PAM module or a thread it left hangs",
        why "A PAM module, or a thread that it has started, hangs after the login.",
        todo FIND_THE_MODULE;
    info printed(text: impl Display) "printed by a PAM module: {text}";
    warn printed_more(count: u32) "{count} further lines printed by PAM modules are not shown",
        why "PAM modules have printed more than a few lines a second, and the log is limited.",
        todo "Turn the module's debugging off, or have it write to the system's log.";
}
