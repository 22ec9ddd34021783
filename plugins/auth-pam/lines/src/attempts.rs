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
        why "That is a fault of the plugin.",
        todo REPORT;
    info client_gone(user: &str, tail: impl Display)
        "BACKGROUND: user '{user}': its client is gone, so PAM was not asked{tail}",
        why "The client has hung up, or has taken longer than OpenVPN waits, while its login was queued.",
        todo "If that comes often, find out why PAM is slow; see `max-workers=`.";
    warn not_shown(count: u64)
        "{count} logins have no lines of their own: too many were refused without asking PAM",
        why "Lines about logins that cost nothing are limited, so that nobody fills the disk with them.",
        todo "See in the lines before what these logins were refused for.";
    error backend_away()
        "PAM's backend cannot be reached for anybody: logins fail temporarily until it answers again",
        why "Five users in a row could not be checked, so PAM is asked only now and then until its backend answers.",
        todo BACKEND;
    info backend_back() "PAM's backend answers again";
    warn source_penalty(source: impl Display, failures: u32, seconds: u64)
        "source {source}: {failures} failed logins and none that was accepted; refusing its logins for {seconds} s",
        why "Only failed logins came from this address, so it is slowed down.",
        todo "If many users share the address, one login that is accepted ends that; see `penalties=`.";

    error control_file_unwritable(error: impl Display) "OpenVPN's control file cannot be written: {error}",
        why "The verdict of a deferred login did not reach OpenVPN, which refuses the client when its time is over.",
        todo "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
    warn no_thread(error: impl Display)
        "no thread can be started, so OpenVPN waits for each login itself: {error} (limit on processes?)",
        why "There is a limit on processes, so OpenVPN stands still during each login.",
        todo "Look at TasksMax= and LimitNPROC= of the unit.";
    error sessions_forgotten(open: usize)
        "the supervisor is gone: {open} sessions of connected clients are not closed",
        why "The supervisor was killed, and with it what modules had noted of the sessions.",
        todo FIND_THE_KILLER;

    warn hang(count: usize, long: u64, oldest: &str, running: usize, most: usize, queued: usize, tail: impl Display)
        "logins wait for PAM: {count} for {long} s or longer, the oldest for {oldest}; {running} of {most} workers run, {queued} in the queue{tail}",
        why "Logins have waited for 10 seconds or longer: a PAM module waits, mostly for a server, a program or a person with a telephone. The line says in which phase, and in which process. Logins in the queue wait for a free worker.",
        todo "While it waits, see as root what it waits for: `ss -tupnx | grep pid=NUMBER,` shows its servers, `pstree -p NUMBER` its programs. Set time limits in the settings of that module. If all workers run, see `max-workers=`.";
    info hang_answered(seconds: u64) "logins no longer wait for PAM: it answers again, after {seconds} s",
        why "It is over: PAM has answered.",
        todo "Nothing, unless it comes again and again: then set time limits in the settings of the PAM module that waits.";
    info hang_given_up(seconds: u64)
        "logins no longer wait for PAM: the last one has ended without its answer, after {seconds} s",
        why "It is over: those that waited have been given up.",
        todo "Nothing, unless it comes again and again: then set time limits in the settings of the PAM module that waits.";
}
