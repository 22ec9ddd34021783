//! The helper that runs scripts, and its keeper.

use std::fmt::Display;

const FIND_THE_KILLER: &str = "Find out who kills it; with SIGKILL, memory may have been short.";
const LIMITS: &str = "Look at the limits of OpenVPN's unit, on processes and open files above all.";

log_lines::lines! {
    /// The processes of the plugin.
    pub static LINES: "The helper and its keeper";

    warn stays(error: impl Display) "{error}; the helper of the last UP event stays, with its environment",
        why "No other helper could be started at this UP event. Scripts get the variables of the last one.",
        todo LIMITS;
    error not_started(error: impl Display) "the helper cannot be started: {error}",
        why "The process that runs scripts lacks something of the system; the line says what.",
        todo LIMITS;
    error no_privileges()
        "OpenVPN has given up its privileges before the first UP event: scripts cannot be run as root",
        why "The process that runs scripts starts at the first UP event, and OpenVPN must be root by then.",
        todo "Take `up-delay` out, or do without `user` and `group`.";
    error down_will_not_run(no_helper: &str) "{no_helper}; the down script will not be run",
        why "Both processes of the plugin have ended or were killed, and OpenVPN may not start others.",
        todo "Restart OpenVPN. Find out who kills them.";
    reason no_helper()
        "the helper and its keeper are gone, and OpenVPN has no privileges any more to start others; restart OpenVPN",
        why "Both processes of the plugin have ended or were killed, and OpenVPN may not start others.",
        todo "Restart OpenVPN. Find out who kills them.";
    reason no_up() "there was no UP event",
        why "OpenVPN ends before it was up, so there is nothing to undo.",
        todo "Look for what ended it in the lines before.";
    reason unreachable(error: impl Display) "the helper cannot be reached: {error}",
        why "The process that runs scripts does not take the message; mostly it is stopped.",
        todo "See whether the process `down-root: helper` is stopped.";
    reason silent() "the helper does not answer",
        why "The process that runs scripts does not answer; mostly it is stopped.",
        todo "See whether the process `down-root: helper` is stopped.";
    warn not_root(user: impl Display) "OpenVPN has no root privileges: scripts will be run as user {user}",
        why "The plugin's processes have the rights that OpenVPN has at the first UP event.",
        todo "Start OpenVPN as root, with `user` in its configuration. Restart it instead of sending SIGHUP.";
    debug keeper(process: impl Display) "the helper's keeper is process {process}";
    error both_gone(keeper: impl Display, how: &str)
        "the helper and its keeper, process {keeper}, are gone{how}",
        why "Both processes of the plugin have ended or were killed.",
        todo FIND_THE_KILLER;
    warn did_not_end(keeper: impl Display, seconds: u64)
        "the helper and its keeper, process {keeper}, did not end within {seconds} s",
        why "OpenVPN does not wait longer for them; mostly they are stopped, or a script hangs.",
        todo "See with `ps` whether they are still there, and kill them if so.";
    error cannot_start(error: impl Display) "the helper cannot start: {error}",
        why "The process that runs scripts lacks something of the system; the line says what.",
        todo LIMITS;
    warn keeps_capabilities(error: &str) "the helper cannot give up its capabilities: {error}",
        why "The helper works on with rights that it does not need itself.",
        todo "See what the unit's SystemCallFilter= forbids, or the sandbox in which OpenVPN runs.";
    error mistrust(what: &str) "the helper ends, OpenVPN sent something that it must not: {what}",
        why "What came from OpenVPN's process is not what the plugin sends: somebody may have taken it over.",
        todo "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";
    error cannot_wait(error: &str) "the helper cannot wait for events: {error}",
        why "The kernel refused a call that does not fail in a sound system.",
        todo "Report it, with the lines around it.";
    error cannot_wait_for_scripts() "the helper cannot wait for scripts any more",
        why "The kernel has closed what tells of the end of scripts.",
        todo "Report it, with the lines around it.";
    warn keeper_gone()
        "the keeper is gone: this helper serves on, but nobody starts another one; restart OpenVPN when possible",
        why "The process that would replace the helper was killed.",
        todo "Restart OpenVPN when possible. Find out who kills it.";
    warn no_thread(error: impl Display) "no thread can be started, so OpenVPN waits for its log: {error}",
        why "There is a limit on processes.",
        todo "Look at TasksMax= and LimitNPROC= of the unit.";
}
