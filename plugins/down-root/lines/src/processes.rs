//! The helper that runs scripts, and its keeper.

use std::fmt::Display;

const FIND_THE_KILLER: &str = "Find out what kills it. After SIGKILL, memory may have been short.";
const LIMITS: &str = "Look at the limits of OpenVPN's unit, above all on processes and open files.";

log_lines::lines! {
    /// The processes of the plugin.
    pub static LINES: "The helper and its keeper";

    warn stays(error: impl Display) "{error}; keeping the helper of the last UP event, with its environment",
        why "No new helper could be started at this UP event. Scripts get the variables of the last one.",
        todo LIMITS;
    error not_started(error: impl Display) "cannot start the helper: {error}",
        why "The system did not give the process that runs scripts what it needs; the line says what.",
        todo LIMITS;
    error no_privileges()
        "OpenVPN gave up root before the first UP event: scripts cannot run as root",
        why "The process that runs scripts starts at the first UP event, and OpenVPN must still be root then.",
        todo "Remove `up-delay`, or remove `user` and `group`.";
    error down_will_not_run(no_helper: &str) "{no_helper}; the down script will not be run",
        why "Both processes of the plugin have ended or were killed, and OpenVPN cannot start others.",
        todo "Restart OpenVPN, then find out what killed them.";
    reason no_helper()
        "the helper and its keeper are gone, and OpenVPN is no longer root to start others; restart OpenVPN",
        why "Both processes of the plugin have ended or were killed, and OpenVPN cannot start others.",
        todo "Restart OpenVPN, then find out what killed them.";
    reason no_up() "there was no UP event",
        why "OpenVPN ended before it was up, so there is nothing to undo.",
        todo "The lines before say why it ended.";
    reason unreachable(error: impl Display) "the helper cannot be reached: {error}",
        why "The process that runs scripts does not accept the message. Usually it is stopped.",
        todo "Look with `ps` whether the process `down-root: helper` is stopped (state T).";
    reason silent() "the helper does not answer",
        why "The process that runs scripts does not answer. Usually it is stopped.",
        todo "Look with `ps` whether the process `down-root: helper` is stopped (state T).";
    warn not_root(user: impl Display) "OpenVPN is not root: scripts run as user {user}",
        why "The plugin's processes get the rights that OpenVPN has at the first UP event.",
        todo "Start OpenVPN as root, with `user` in its configuration. Restart it instead of sending SIGHUP.";
    debug keeper(process: impl Display) "the helper's keeper is process {process}";
    error both_gone(keeper: impl Display, how: &str)
        "the helper and its keeper, process {keeper}, are gone{how}",
        why "Both processes of the plugin have ended or were killed.",
        todo FIND_THE_KILLER;
    warn did_not_end(keeper: impl Display, seconds: u64)
        "the helper and its keeper, process {keeper}, did not end within {seconds} s",
        why "OpenVPN waits no longer for them. Usually they are stopped, or a script hangs.",
        todo "Look with `ps` whether they still run, and kill them if so.";
    error cannot_start(error: impl Display) "the helper cannot start: {error}",
        why "The system did not give the process that runs scripts what it needs; the line says what.",
        todo LIMITS;
    warn keeps_capabilities(error: &str) "the helper cannot give up its capabilities: {error}",
        why "The helper keeps rights that it does not need itself.",
        todo "See what the unit's SystemCallFilter= forbids, or the sandbox in which OpenVPN runs.";
    error mistrust(what: &str) "protocol error from OpenVPN: {what}; helper exits",
        why "OpenVPN's process sent something that the plugin never sends. Somebody may have taken the process over.",
        todo "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";
    error cannot_wait(error: &str) "the helper cannot wait for events: {error}",
        why "The kernel refused a call that does not fail on a healthy system.",
        todo "Report it, with the lines around it.";
    error cannot_wait_for_scripts() "the helper can no longer wait for scripts",
        why "The kernel closed the descriptor that reports the end of scripts.",
        todo "Report it, with the lines around it.";
    warn keeper_gone()
        "the keeper is gone: this helper works on, but will not be replaced; restart OpenVPN when possible",
        why "The process that would replace the helper was killed.",
        todo "Restart OpenVPN when possible. Find out what killed it.";
    warn no_thread(error: impl Display) "cannot start a thread, so OpenVPN waits for its log: {error}",
        why "There is a limit on processes.",
        todo "Look at TasksMax= and LimitNPROC= of the unit.";
}
