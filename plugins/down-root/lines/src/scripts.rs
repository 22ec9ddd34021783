//! What becomes of scripts.

use std::fmt::Display;

pub(crate) const ABOUT_A_SCRIPT: &str = "Something is wrong with this script; the line says what.";
pub(crate) const LOOK_UP_THE_REASON: &str = "Correct what the line names.";

log_lines::lines! {
    /// What becomes of scripts.
    pub static LINES: "Scripts";

    warn failure_ignored(event: &str) "the {event} script failed, which is ignored (ignore-failure=yes)",
        why "The lines before say how the script failed. OpenVPN goes on all the same.",
        todo "Look at what the script has printed.";
    error failed(event: &str, reason: impl Display) "the {event} script: {reason}",
        why ABOUT_A_SCRIPT,
        todo LOOK_UP_THE_REASON;
    reason helper_died() "the helper is gone, and with it the script",
        why "The process that runs scripts has ended or was killed, and the script with it.",
        todo "Find out who kills it. Another one is started for the next event.";
    error not_run(event: &str, reason: impl Display) "the {event} script is not run: {reason}",
        why "What was checked at the start is not true any more of the script or its path.",
        todo "Correct what the line names, or restart OpenVPN.";
    error no_file_for_options(program: impl Display, error: &str)
        "{program} cannot be run: no file for the client's options: {error}",
        why "There was no memory or descriptor left.",
        todo "Raise the limits of OpenVPN's unit, or find out what uses them up.";
    error cannot_run(program: impl Display, error: impl Display) "{program} cannot be run: {error}",
        why "The kernel did not start the script; the line says why.",
        todo "Look at the limits of OpenVPN's unit, and at the first line of the script.";
    debug running(program: impl Display, event: &str) "running {program} at {event}";
    debug succeeded(program: impl Display) "{program} exited with status 0";
    error exited(program: impl Display, status: i32) "{program} exited with status {status}",
        why "The script failed. What it printed is in the lines before.",
        todo "Look at what the script does; `ovpn-plugin events` runs it outside of OpenVPN.";
    error killed(program: impl Display, how: impl Display) "{program} was killed by {how}",
        why "The script did not end by itself: it crashed, ran too long, or somebody has killed it.",
        todo "Look at what the script does; with SIGKILL, memory may have been short.";
    error ran_too_long(program: impl Display, seconds: u64)
        "{program} has run longer than {seconds} s and is ended (see timeout)",
        why "OpenVPN stands still while a script runs, so there is a limit.",
        todo "Have the script start in the background what takes long, or raise `timeout=`.";
    error cannot_kill(program: impl Display) "{program} cannot be killed; it is left behind",
        why "The script waits in the kernel, for a device or a network file system, and not even SIGKILL ends it.",
        todo "See with `ps` what it waits for (column WCHAN).";
    info left_behind_ended(how: impl Display) "a script that was left behind {how}";
    error openvpn_gone(program: impl Display) "OpenVPN is gone while {program} is running, which is killed",
        why "OpenVPN has ended or was killed, and nobody waits for the script.",
        todo "See whether it has left something half done.";
    error end_unknown(program: impl Display, error: impl Display)
        "{program}: how it ended cannot be found out: {error}",
        why "Somebody else has taken the script's exit status.",
        todo "Report it, with the lines around it.";
    error too_many_options(program: impl Display)
        "{program} writes too many options for a client; they are dropped, and it can write no more",
        why "OpenVPN could not send that much to a client.",
        todo "Have the script write less.";
    error options_unusable(program: impl Display, error: impl Display)
        "{program}: what it wrote cannot be used: {error}",
        why "The client is refused, since it would not get its options.",
        todo "Look at what the script writes for the client.";
    error options_unwritable(error: impl Display) "the file for the client's options cannot be written: {error}",
        why "The client is refused, since it would not get its options.",
        todo "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
    warn output_lost(name: &str) "{name}: what it prints cannot be read any more, until it is run again",
        why "The pipe to the script is gone: somebody has taken its place.",
        todo "Report it, with the lines around it.";
    info printed(name: &str, mark: &str, text: impl Display) "{name}{mark}: {text}";
    warn printed_more(name: &str, count: u64) "{name}: {count} further lines are not shown",
        why "The script prints more than 200 lines a second, and the log is limited.",
        todo "Have it print less, or to a file of its own.";
}
