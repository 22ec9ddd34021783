//! The log lines of both root helpers and their keepers.

use std::fmt::Display;

const FIND_THE_KILLER: &str = "Find out what ended it: the lines before may say so. After SIGKILL, somebody killed it or memory was short.";
const RESTART: &str = "Restart OpenVPN. If it happens again, report it.";
const ANYBODY: &str = "Root obeys this file or directory, so anybody who can change it can become root.";
const AS_IT_SAYS: &str =
    "Run the command in the line. If a program needs to write there, let it write somewhere else.";

log_lines::lines! {
    /// The life of a root helper.
    pub static LIFE: "The keeper, which starts the processes of a plugin";

    error keeper_cannot_start(error: &str) "the keeper cannot start: {error}",
        why "The system did not give the process that starts all others what it needs; the line says what.",
        todo "Look at the limits of OpenVPN's unit, above all on processes and open files.";
    warn memory_unlocked(error: &str)
        "mlock: cannot lock the memory of the plugin's processes: {error}; raise LimitMEMLOCK= of OpenVPN's unit, or give it CAP_IPC_LOCK",
        why "OpenVPN has `mlock`, but the memory of the plugin's processes, with passwords in it, may be written to swap space.",
        todo "Raise LimitMEMLOCK= of the unit, or give it CAP_IPC_LOCK.";
    error cannot_be_started(name: &str, error: &str)
        "cannot start the {name}: {error}; retrying every second",
        why "No process can be started: there is a limit on processes or memory.",
        todo "Look at TasksMax= and LimitNPROC= of the unit, and at the free memory.";
    error gone_by_mistrust(name: &str, process: impl Display, how: impl Display)
        "the {name}, process {process}, is gone after a protocol error ({how}) and is not restarted; restart OpenVPN",
        why "OpenVPN's process sent something that the plugin never sends. Somebody may have taken the process over.",
        todo "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";
    error gone_too_often(name: &str, process: impl Display, how: impl Display, often: &str)
        "the {name}, process {process}, is gone ({how}), {often}; giving up; restart OpenVPN",
        why "The plugin's process dies again and again. It is not started again until OpenVPN is restarted.",
        todo RESTART;
    error gone(name: &str, process: impl Display, how: impl Display)
        "the {name}, process {process}, is gone ({how}); starting another one",
        why "The plugin's process has ended or was killed. Requests in progress are refused.",
        todo FIND_THE_KILLER;
    error distrusted(name: &str, process: impl Display, what: &str)
        "protocol error from the {name}, process {process}: {what}; killing it",
        why "The plugin's process sent something that its code never sends. Somebody may have taken it over.",
        todo "Keep the log, and report it.";
    warn left_running(culprits: &str, count: usize, one: &str, seconds: u64)
        "{culprits} left {count} process(es) running, such as {one}: sending SIGTERM, and SIGKILL after {seconds} s",
        why "The plugin ends all that a login started. A program of pam_exec left something in the background, or hangs.",
        todo "To keep a program running, start it with `systemd-run --no-block`.";
    error out_of_reach(one: &str, culprits: &str)
        "process {one}, left by {culprits}, runs as another user and cannot be ended without CAP_KILL",
        why "A PAM module left a process that runs as another user.",
        todo "Add CAP_KILL to CapabilityBoundingSet= of OpenVPN's unit.";
    warn lines_lost(count: u64) "{count} lines of the log were lost: they were not read in time",
        why "OpenVPN's log is not read fast enough, and logins do not wait for it.",
        todo "Look at what reads the log: journald, or the reader of a pipe.";
}

log_lines::lines! {
    /// Why there is no socket at which root can ask.
    pub static SOCKET: "The socket at which root asks";

    reason socket_in_use() "another server listens there",
        why "Another running server has the same path for its socket. Logins go on, but nobody can ask this server.",
        todo "Give each server a path of its own.";
    reason socket_occupied() "something else is there, and is not replaced",
        why "At the path of the socket is a file, or the socket of another program. Logins go on, but nobody can ask this server.",
        todo "Use another path, or move away what is there.";
    warn caller_lost(error: &str) "status: a caller gets no answer: {error}",
        why "The system was short of a resource when `ovpn-plugin status`, `revoke` or `unblock` asked this server. Logins go on.",
        todo "Ask again. If it happens again, look at the free memory and at the limits of OpenVPN's unit.";
}

log_lines::lines! {
    /// Who could change a file.
    pub static CHANGES: "Files that others could change";

    reason not_roots(path: impl Display, uid: u32) "{path} belongs to user {uid}, not to root",
        why ANYBODY,
        todo AS_IT_SAYS;
    reason by_everybody(path: impl Display) "{path} is writable by everybody",
        why ANYBODY,
        todo AS_IT_SAYS;
    reason by_group(path: impl Display, gid: u32) "{path} is writable by group {gid}",
        why ANYBODY,
        todo AS_IT_SAYS;
    reason by_list(path: impl Display) "{path} is writable by other users or groups (POSIX ACL)",
        why ANYBODY,
        todo AS_IT_SAYS;
}
