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
        why "The client is gone, and a session line of the PAM service has failed while its session was closed.",
        todo "Look at what the session lines of the service need: a directory, a server for accounts, a limit.";
    error refused(user: &str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': no session can be opened, so the client is refused: {reason}{tail}",
        why "PAM's session lines have refused the client, or a limit was reached; the line says why.",
        todo "Look at what the session lines of the service need: a directory, a server for accounts, a limit.";
    error lost(user: &str, seconds: u64, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': session lost after {seconds} s: {reason}{tail}",
        why "The process that kept the session is gone, so nobody can close it. The client stays connected.",
        todo "Find out what kills `auth-pam: worker` (see `dmesg`), or which module hangs when a session is closed. Have the client connect again if the session is needed.";
    error over()
        "BACKGROUND: a client is refused: the transaction that has let it in is over, or another client has its session",
        why "The client connects later than it may, its worker was killed, or another client with the same login has its session.",
        todo "Connect again.";
    error refused_by_front(user: &str, reason: impl Display, tail: impl Display)
        "user '{user}' is refused, no session can be opened: {reason}{tail}",
        why "PAM's session lines have refused the client, or a limit was reached; the line says why.",
        todo "Look at what the session lines of the service need: a directory, a server for accounts, a limit.";
    error not_closable(reason: impl Display)
        "a session cannot be closed: {reason}",
        why "The supervisor did not take the message within a second.",
        todo "See with `ps` whether the process `auth-pam: supervisor` is stopped (state T). Restart OpenVPN.";
    warn without_login(user: &str)
        "user '{user}' connects without a login through PAM (auth-token?): no session is opened",
        why "OpenVPN has let the client in by a token (`auth-gen-token`) and has not asked PAM.",
        todo "Where each connection needs a session, do without `auth-gen-token`.";
    error no_state(user: &str) "user '{user}' is refused: OpenVPN passed no state of the client",
        why "OpenVPN does not keep a state for its clients, so nothing ties a login to its connection.",
        todo "Sessions need OpenVPN 2.4 or later.";

    reason too_many() "too many sessions are open (see max-sessions)",
        why "As many clients are connected as may have sessions.",
        todo "Raise `max-sessions=`. Its default is less where the control group (TasksMax=) or the memory allows less.";
    reason too_many_of_user() "this user has too many sessions (see max-sessions-per-user)",
        why "The user is connected as often as may be.",
        todo "Have an older client disconnected, or raise `max-sessions-per-user=`.";
    reason too_many_closing() "too many sessions of this address are still being closed",
        why "Half of the places of `max-sessions` are taken by clients of one address that are gone, and whose sessions PAM is still closing.",
        todo "See what keeps the session lines of the service, such as a server for accounting that does not answer.";
    reason worker_unreachable(error: impl Display) "its worker cannot be reached: {error}",
        why "The process that keeps the session does not take the message.",
        todo "Find out who stops `auth-pam: worker`, or which module hangs in it.";
    reason unasked() "its worker has sent something that it was not asked",
        why "A PAM module, or a process that it has left, wrote to the plugin's own channel.",
        todo FIND_THE_MODULE;
    reason closed_unasked() "its worker has closed it unasked",
        why "A PAM module, or a process that it has left, wrote to the plugin's own channel.",
        todo FIND_THE_MODULE;
    reason opening_too_long(seconds: u64) "the time limit of {seconds} s was reached while it was being opened",
        why "A PAM module did not answer within the plugin's time limit; mostly it waits for a backend that does not answer.",
        todo "Set a time limit in the module's own settings.";
    reason closing_too_long(seconds: u64) "the time limit of {seconds} s was reached while it was being closed",
        why "A PAM module did not answer within the plugin's time limit; mostly it waits for a backend that does not answer.",
        todo "Set a time limit in the module's own settings.";
    reason not_closed_in_time(seconds: u64) "it was not closed within {seconds} s",
        why "OpenVPN has ended, and a PAM module took too long to close the session.",
        todo "Set a time limit in the module's own settings.";
    reason opening_worker_ended(how: impl Display) "the worker {how} while it was being opened",
        why "A PAM module ended the process it runs in, or crashed. With SIGKILL, memory was short.",
        todo FIND_THE_MODULE;
    reason keeping_worker_ended(how: impl Display) "the worker that kept it {how}",
        why "The process that kept the session is gone, so nobody can close it. The client stays connected.",
        todo FIND_THE_KILLER;
    reason waiting_worker_ended(how: impl Display) "the worker that waited for the client to connect {how}",
        why "The process that would open the session is gone, so the client is refused when it connects.",
        todo FIND_THE_KILLER;
    reason given_up() "is given up before it has connected: others need its place (see max-sessions)",
        why "Many clients have logged in and have not connected, most of them from this address.",
        todo "Connect again. If that comes often, raise `max-sessions=`: as many may have logged in and not have connected.";
    reason revoked() "was revoked before it has connected",
        why "PAM has let the client in, and somebody has run `ovpn-plugin revoke` for its user before it has connected.",
        todo "Nothing: the client can log in again. Lock the account if it is not to come in.";
    reason never_connected() "was let in and has not connected, so no session is opened",
        why "PAM has let the client in, and something else has not: another plugin, or the client itself.",
        todo "Look for lines of OpenVPN about this client.";
}
