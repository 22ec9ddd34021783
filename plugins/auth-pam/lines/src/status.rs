//! The socket at which root asks a server that runs (`status=`), and what root takes back there.

use std::fmt::Display;

const ANYBODY: &str = "Anybody who can change this directory can replace the server's socket with their own.";

log_lines::lines! {
    /// `status=`, `ovpn-plugin revoke` and `unblock`.
    pub static LINES: "Asking a server that runs";

    warn no_socket(path: impl Display, reason: impl Display)
        "status: no socket {path}, so ovpn-plugin status cannot ask this server: {reason}",
        why "The socket of `status=` could not be made. Logins go on, but `ovpn-plugin status`, `revoke` and `unblock` do not reach this server.",
        todo "The end of the line says why. Each server needs a path of its own, in a directory that only root can write to.";
    warn no_directory(error: impl Display)
        "status: {error}; create the directory, or name another one",
        why "The directory for the socket of `status=` is missing, or its path leads nowhere. Logins go on.",
        todo "Create the directory before OpenVPN starts, or name an existing one.";
    warn insecure(reason: impl Display) "status: {reason}",
        why ANYBODY,
        todo "Run the command in the line, or name a directory that only root can write to.";
    info revoked(user: &str)
        "user '{user}' was revoked by root; its tokens and earlier logins are no longer accepted";
    info unblocked(source: impl Display)
        "source {source} was unblocked by root; its failures are cleared";
}
