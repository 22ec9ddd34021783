//! What both root helpers and their keepers say.

use std::fmt::Display;

const FIND_THE_KILLER: &str = "Find out what ended it: the lines before may say so. With SIGKILL, somebody has killed it, or memory was short.";
const RESTART: &str = "Restart OpenVPN. If it happens again, report it.";
const WHOEVER: &str = "Root obeys this file or directory, so whoever can change it can become root.";
const AS_IT_SAYS: &str =
    "Run the command in the line. If a program needs to write there, have it write somewhere else.";

log_lines::lines! {
    /// The life of a root helper.
    pub static LIFE: "The keeper, which starts the processes of a plugin";

    error keeper_cannot_start(error: &str) "the keeper cannot start: {error}",
        why "The process that starts all others of the plugin lacks something of the system; the line says what.",
        todo "Look at the limits of OpenVPN's unit, on processes and open files above all.";
    warn memory_unlocked(error: &str)
        "OpenVPN's memory is locked (mlock), but that of the plugin's processes cannot be: {error}; raise LimitMEMLOCK= of its unit, or give it CAP_IPC_LOCK",
        why "Passwords in the memory of these processes may be written to swap space.",
        todo "Raise LimitMEMLOCK= of the unit, or give it CAP_IPC_LOCK.";
    error cannot_be_started(name: &str, error: &str)
        "the {name} cannot be started: {error}; trying again every second",
        why "No process can be started: there is a limit on processes or memory.",
        todo "Look at TasksMax= and LimitNPROC= of the unit, and at the memory that is left.";
    error gone_by_mistrust(name: &str, process: impl Display, how: impl Display)
        "the {name}, process {process}, is gone ({how}), and no other one is started; restart OpenVPN",
        why "It has ended because OpenVPN's process sent something that it must not: somebody may have taken that over.",
        todo "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";
    error gone_too_often(name: &str, process: impl Display, how: impl Display, often: &str)
        "the {name}, process {process}, is gone ({how}), {often}; giving up, restart OpenVPN",
        why "The plugin's process dies again and again. Nothing more is done until OpenVPN is restarted.",
        todo RESTART;
    error gone(name: &str, process: impl Display, how: impl Display)
        "the {name}, process {process}, is gone ({how}); starting another one",
        why "The plugin's process has ended or was killed; what was under way is refused.",
        todo FIND_THE_KILLER;
    error distrusted(name: &str, process: impl Display, what: &str)
        "the {name}, process {process}, has sent its keeper something that it must not ({what}); killing it",
        why "The plugin's process does what its code does not: somebody may have taken it over.",
        todo "Keep the log, and report it.";
    warn left_running(culprits: &str, count: usize, one: &str, seconds: u64)
        "{culprits} left {count} process(es) running, such as {one}: sending SIGTERM, and SIGKILL after {seconds} s",
        why "What a login has started is ended with it: a program of pam_exec left something in the background, or hangs.",
        todo "Start what is to stay with `systemd-run --no-block`.";
    error out_of_reach(one: &str, culprits: &str)
        "process {one}, left by {culprits}, runs as another user and cannot be ended without CAP_KILL",
        why "A PAM module has left a process that runs as another user.",
        todo "Add CAP_KILL to CapabilityBoundingSet= of OpenVPN's unit.";
    warn lines_lost(count: u64) "{count} lines of the log were lost: they were not read in time",
        why "OpenVPN's log is not read fast enough, and logins do not wait for it.",
        todo "See what reads the log: journald, or the reader of a pipe.";
}

log_lines::lines! {
    /// Why there is no socket at which root can ask.
    pub static SOCKET: "The socket at which root asks";

    reason socket_in_use() "another server listens there",
        why "Another server that runs has the same path for its socket. Logins go on, but nobody can ask this server.",
        todo "Give each server a path of its own.";
    reason socket_occupied() "there is something else there, which is not replaced",
        why "Under the path of the socket there is a file, or the socket of another program. Logins go on, but nobody can ask this server.",
        todo "Name another path, or move away what is there.";
}

log_lines::lines! {
    /// Who could change a file.
    pub static CHANGES: "Files that others could change";

    reason not_roots(path: impl Display, uid: u32) "{path} belongs to user {uid}, not to root",
        why WHOEVER,
        todo AS_IT_SAYS;
    reason by_everybody(path: impl Display) "{path} may be written to by everybody",
        why WHOEVER,
        todo AS_IT_SAYS;
    reason by_group(path: impl Display, gid: u32) "{path} may be written to by group {gid}",
        why WHOEVER,
        todo AS_IT_SAYS;
    reason by_list(path: impl Display) "{path} may be written to by whom its access control list names",
        why WHOEVER,
        todo AS_IT_SAYS;
}
