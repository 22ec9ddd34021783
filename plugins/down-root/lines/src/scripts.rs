//! What becomes of scripts.

use std::fmt::Display;

pub(crate) const ABOUT_A_SCRIPT: &str = "Something is wrong with this script; the line says what.";
pub(crate) const LOOK_UP_THE_REASON: &str = "Correct what the line names.";

log_lines::lines! {
    /// What becomes of scripts.
    pub static LINES: "Scripts";

    warn failure_ignored(event: &str) "the {event} script failed; ignored (ignore-failure=yes)",
        why "The lines before say how the script failed. OpenVPN goes on anyway.",
        todo "Look at what the script printed.";
    error failed(event: &str, reason: impl Display) "the {event} script: {reason}",
        why ABOUT_A_SCRIPT,
        todo LOOK_UP_THE_REASON;
    reason helper_died() "the helper is gone, and with it the script",
        why "The process that runs scripts has ended or was killed, and the script with it.",
        todo "Find out what killed it. The next event starts another one.";
    error not_run(event: &str, reason: impl Display) "the {event} script is not run: {reason}",
        why "The script or its path has changed since the check at the start.",
        todo "Correct what the line names, or restart OpenVPN.";
    error no_file_for_options(program: impl Display, error: &str)
        "{program} cannot be run: no file for the client's options: {error}",
        why "The system ran out of memory or descriptors.",
        todo "Raise the limits of OpenVPN's unit, or find out what uses them up.";
    error cannot_run(program: impl Display, error: impl Display) "{program} cannot be run: {error}",
        why "The kernel did not start the script; the line says why.",
        todo "Look at the limits of OpenVPN's unit, and at the first line of the script.";
    debug running(program: impl Display, event: &str) "running {program} at {event}";
    debug succeeded(program: impl Display) "{program} exited with status 0";
    error exited(program: impl Display, status: i32) "{program} exited with status {status}",
        why "The script failed. What it printed is in the lines before.",
        todo "Look at what the script does. `ovpn-plugin events` runs it without OpenVPN.";
    error killed(program: impl Display, how: impl Display) "{program} was killed by {how}",
        why "The script did not end by itself: it crashed, ran too long, or somebody killed it.",
        todo "Look at what the script does. After SIGKILL, memory may have been short.";
    error ran_too_long(program: impl Display, seconds: u64)
        "{program} ran longer than {seconds} s; stopping it (see timeout)",
        why "OpenVPN stands still while a script runs, so there is a limit.",
        todo "Let the script start slow work in the background, or raise `timeout=`.";
    error cannot_kill(program: impl Display) "{program} cannot be killed; it is left behind",
        why "The script waits in the kernel for a device or a network file system, where even SIGKILL does not end it.",
        todo "Look with `ps` what it is waiting for (column WCHAN).";
    info left_behind_ended(how: impl Display) "a script that was left behind {how}";
    error openvpn_gone(program: impl Display) "OpenVPN is gone while {program} is running; killing the script",
        why "OpenVPN has ended or was killed, so nothing waits for the script.",
        todo "Check whether it left something half done.";
    error end_unknown(program: impl Display, error: impl Display)
        "{program}: cannot find out how it ended: {error}",
        why "Something else in the process took the script's exit status.",
        todo "Report it, with the lines around it.";
    error too_many_options(program: impl Display)
        "{program} wrote too many options for a client; dropping them",
        why "OpenVPN cannot send that much to a client.",
        todo "Let the script write less.";
    error options_unusable(program: impl Display, error: impl Display)
        "{program}: cannot use what it wrote: {error}",
        why "The client is refused, because it would not get its options.",
        todo "Look at what the script writes for the client.";
    error options_unwritable(error: impl Display) "cannot write the file for the client's options: {error}",
        why "The client is refused, because it would not get its options.",
        todo "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
    warn output_lost(name: &str) "{name}: its output cannot be read until it runs again",
        why "The pipe from the script is gone: another descriptor took its place.",
        todo "Report it, with the lines around it.";
    info printed(name: &str, mark: &str, text: impl Display) "{name}{mark}: {text}";
    warn printed_more(name: &str, count: u64) "{name}: {count} more lines are not shown",
        why "The script prints more than 200 lines a second, and the plugin limits these lines.",
        todo "Let it print less, or print to a file of its own.";
}
