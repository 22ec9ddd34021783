//! Sessions of connected clients.

use std::fmt::Display;

use crate::texts::{FIND_THE_KILLER, FIND_THE_MODULE};

log_lines::lines! {
    /// Sessions.
    pub static LINES: "Sessions";

    info opened(user: &str, address: &str, tail: impl Display)
        "BACKGROUND: user '{user}': session opened, address {address}{tail}";
    info closed(user: &str, seconds: u64, received: &str, sent: &str, ended: &'static str, tail: impl Display)
        "BACKGROUND: user '{user}': session closed after {seconds} s, {received} bytes received, {sent} bytes sent, {ended}{tail}";
    error closed_badly(user: &str, seconds: u64, received: &str, sent: &str, ended: &'static str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': session closed after {seconds} s, {received} bytes received, {sent} bytes sent, {ended}: {reason}{tail}",
        why "The client has disconnected, and a session line of the PAM service failed while closing its session.",
        todo "Look at what the session lines of the service need: a directory, a server for accounts, a limit.";
    error refused(user: &str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': the client is refused: cannot open a session: {reason}{tail}",
        why "The session lines of the PAM service refused the client, or a limit was reached; the line says why.",
        todo "Look at what the session lines of the service need: a directory, a server for accounts, a limit.";
    error lost(user: &str, seconds: u64, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': session lost after {seconds} s: {reason}{tail}",
        why "The process that held the session is gone, so the session cannot be closed. The client stays connected.",
        todo "Find out what kills `auth-pam: worker` (see `dmesg`), or which module hangs while closing a session. If the session is needed, have the client connect again.";
    info check_dropped(user: &str, tail: impl Display)
        "BACKGROUND: user '{user}': the client has disconnected; the check of its account is dropped{tail}",
        why "At a renegotiation, PAM was to look at the account again. The process of the session ended before the answer, and the client was gone.",
        todo "Nothing, unless a line before says that the session was lost.";
    error over()
        "BACKGROUND: a client is refused: its login is over, or another client has its session",
        why "The client connected too late, its worker was killed, or another client with the same login has its session.",
        todo "Connect again.";
    error refused_by_front(user: &str, reason: impl Display, tail: impl Display)
        "user '{user}' is refused: cannot open a session: {reason}{tail}",
        why "The session lines of the PAM service refused the client, or a limit was reached; the line says why.",
        todo "Look at what the session lines of the service need: a directory, a server for accounts, a limit.";
    error not_closable(reason: impl Display)
        "cannot close a session: {reason}",
        why "The supervisor did not accept the message within a second.",
        todo "Look with `ps` whether the process `auth-pam: supervisor` is stopped (state T). Restart OpenVPN.";
    warn without_login(user: &str)
        "user '{user}' connects without a login through PAM (auth-token?): no session is opened",
        why "OpenVPN accepted the client by a token (`auth-gen-token`) without asking PAM.",
        todo "If every connection needs a session, do not use `auth-gen-token`.";
    error no_state(user: &str) "user '{user}' is refused: OpenVPN keeps no state for this client",
        why "This OpenVPN keeps no state for its clients, so the plugin cannot match a login with its connection.",
        todo "Sessions need OpenVPN 2.4 or later.";

    reason too_many() "too many sessions are open (see max-sessions)",
        why "The maximum number of clients with sessions is already connected.",
        todo "Raise `max-sessions=`. Its default is lower if the control group (TasksMax=) or the memory allows less.";
    reason too_many_of_user() "this user has too many sessions (see max-sessions-per-user)",
        why "The user already has the maximum number of connections.",
        todo "Disconnect another client of the user, or raise `max-sessions-per-user=`.";
    reason too_many_closing() "too many sessions of this address are still being closed",
        why "Clients of one address that have disconnected take half of `max-sessions`, and PAM is still closing their sessions.",
        todo "Find out what delays the session lines of the service, such as an accounting server that does not answer.";
    reason worker_unreachable(error: impl Display) "its worker cannot be reached: {error}",
        why "The process that holds the session does not accept the message.",
        todo "Find out who stops `auth-pam: worker`, or which module hangs in it.";
    reason unasked() "its worker sent something it was not asked for",
        why "A PAM module, or a process that it left behind, wrote to the plugin's own channel.",
        todo FIND_THE_MODULE;
    reason closed_unasked() "its worker closed it without being asked",
        why "A PAM module, or a process that it left behind, wrote to the plugin's own channel.",
        todo FIND_THE_MODULE;
    reason opening_too_long(seconds: u64) "the time limit of {seconds} s was reached while it was being opened",
        why "A PAM module did not answer within the time limit. Usually it waits for a backend that does not answer.",
        todo "Set a time limit in the module's own settings.";
    reason closing_too_long(seconds: u64) "the time limit of {seconds} s was reached while it was being closed",
        why "A PAM module did not answer within the time limit. Usually it waits for a backend that does not answer.",
        todo "Set a time limit in the module's own settings.";
    reason not_closed_in_time(seconds: u64) "it was not closed within {seconds} s",
        why "OpenVPN has ended, and a PAM module took too long to close the session.",
        todo "Set a time limit in the module's own settings.";
    reason opening_worker_ended(how: impl Display) "the worker {how} while it was being opened",
        why "A PAM module ended its process, or crashed. With SIGKILL, memory was short.",
        todo FIND_THE_MODULE;
    reason keeping_worker_ended(how: impl Display) "the worker that held it {how}",
        why "The process that held the session is gone, so the session cannot be closed. The client stays connected.",
        todo FIND_THE_KILLER;
    reason waiting_worker_ended(how: impl Display) "the worker that waited for the client to connect {how}",
        why "The process that would open the session is gone, so the client is refused when it connects.",
        todo FIND_THE_KILLER;
    reason given_up() "was dropped before it connected: other clients need its place (see max-sessions)",
        why "Many clients have logged in without connecting, most of them from this address.",
        todo "Connect again. If this happens often, raise `max-sessions=`, which also limits clients that have not connected yet.";
    reason revoked() "was revoked before it connected",
        why "PAM accepted the login, but somebody ran `ovpn-plugin revoke` for the user before the client connected.",
        todo "Nothing: the client can log in again. To keep the user out, lock the account.";
    reason never_connected() "was accepted but never connected; no session is opened",
        why "PAM accepted the login, but the client never connected: another plugin refused it, or it gave up.",
        todo "Look for lines of OpenVPN about this client.";
}
