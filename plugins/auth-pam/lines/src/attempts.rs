//! What becomes of attempts to log in.

use std::fmt::Display;

use crate::texts::{BACKEND, FIND_THE_KILLER, REPORT};

log_lines::lines! {
    /// What becomes of attempts.
    pub static LINES: "Attempts";

    error failed(user: &str, reason: impl Display, tail: impl Display)
        "user '{user}' failed to authenticate: {reason}{tail}";
    error failed_in_background(user: &str, reason: &str, checked: &str, said: &str, tail: impl Display)
        "BACKGROUND: user '{user}' failed to authenticate: {reason}{checked}{said}{tail}";
    info routine(user: &str, reason: impl Display, tail: impl Display) "user '{user}': {reason}{tail}";
    info authenticated(user: &str, checked: &str, tail: impl Display)
        "BACKGROUND: user '{user}' authenticated{checked}{tail}";
    info noted(user: &str, reason: &str, tail: impl Display) "BACKGROUND: user '{user}': {reason}{tail}";

    reason internal_error() "internal error: the conversation panicked",
        why "This is a bug in the plugin.",
        todo REPORT;
    info client_gone(user: &str, tail: impl Display)
        "BACKGROUND: user '{user}': the client has disconnected; PAM was not asked{tail}",
        why "While its login was queued, the client hung up or OpenVPN gave up waiting.",
        todo "If this happens often, find out why PAM is slow; see `max-workers=`.";
    warn not_shown(count: u64)
        "{count} logins were not logged one by one: too many were refused without asking PAM",
        why "The plugin limits lines about logins it refuses without PAM, so that nobody can fill the disk.",
        todo "The lines before say why these logins were refused.";
    error backend_away()
        "the PAM backend is unreachable for all users: logins fail temporarily until it answers again",
        why "Five users in a row could not be checked, so PAM is asked only now and then until its backend answers.",
        todo BACKEND;
    info backend_back() "the PAM backend answers again";
    warn source_penalty(source: impl Display, failures: u32, seconds: u64)
        "source {source}: {failures} failed logins and no successful one; refusing its logins for {seconds} s",
        why "Only failed logins came from this address, so the plugin slows it down.",
        todo "If many users share the address, one successful login ends this; see `penalties=`.";

    error control_file_unwritable(error: impl Display) "cannot write OpenVPN's control file: {error}",
        why "The verdict of a deferred login did not reach OpenVPN, so it refuses the client when time runs out.",
        todo "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
    warn no_thread(error: impl Display)
        "cannot start a thread, so OpenVPN stands still during each login: {error} (limit on processes?)",
        why "There is a limit on processes, so OpenVPN stands still during each login.",
        todo "Look at TasksMax= and LimitNPROC= of the unit.";
    error sessions_forgotten(open: usize)
        "the supervisor is gone: {open} sessions of connected clients stay open",
        why "The supervisor was killed, and with it all that PAM modules knew about the sessions.",
        todo FIND_THE_KILLER;

    warn slow_logins(count: usize, long: u64, oldest: &str, running: usize, most: usize, queued: usize, tail: impl Display)
        "logins wait for PAM: {count} for {long} s or longer, the oldest for {oldest}; {running} of {most} workers run, {queued} in the queue{tail}",
        why "Logins have waited for 10 seconds or longer. A PAM module is waiting, usually for a server, a program or a person with a phone. The line names the phase and the process. Logins in the queue wait for a free worker.",
        todo "Look as root what it is waiting for: `ss -tupnx | grep pid=NUMBER,` shows its servers, `pstree -p NUMBER` its programs. Set time limits in the settings of that module. If all workers are busy, see `max-workers=`.";
    info slow_logins_answered(seconds: u64) "logins no longer wait for PAM: it answers again, after {seconds} s",
        why "It is over: PAM has answered.",
        todo "Nothing. If it happens again and again, set time limits in the settings of the PAM module that waits.";
    info slow_logins_given_up(seconds: u64)
        "logins no longer wait for PAM: the last one has ended without its answer, after {seconds} s",
        why "It is over: the plugin gave up the logins that were waiting.",
        todo "Nothing. If it happens again and again, set time limits in the settings of the PAM module that waits.";
}
