//! What is said of OpenVPN's `tmp-dir`.

use std::fmt::Display;

const NO_FILES: &str =
    "OpenVPN makes a file there for each login, after it has changed user and entered its chroot.";

log_lines::lines! {
    /// The directory for OpenVPN's files.
    pub static LINES: "OpenVPN's tmp-dir";

    warn not_in_chroot(shown: impl Display, path: impl Display)
        "tmp-dir {shown}: there is no such directory inside the chroot, so every login will fail; create {path}",
        why NO_FILES,
        todo "Create the directory inside the chroot, for the user that OpenVPN becomes.";
    warn no_directory(shown: impl Display)
        "tmp-dir {shown}: is not a directory, so every login will fail; create it, or set another tmp-dir",
        why NO_FILES,
        todo "Create the directory, or set another `tmp-dir`.";
    warn barred(shown: impl Display, user: &str, path: impl Display)
        "tmp-dir {shown}: user {user} may not create files in {path}, so every login will fail; run 'chown {user} {path}', or set another tmp-dir",
        why NO_FILES,
        todo "Run the command in the line, or set another `tmp-dir`.";
    warn read_only(shown: impl Display)
        "tmp-dir {shown}: is on a read-only file system, so every login will fail; set another tmp-dir",
        why NO_FILES,
        todo "Set another `tmp-dir`.";
    warn full(shown: impl Display)
        "tmp-dir {shown}: is on a full file system, so logins will fail; make room, or set another tmp-dir",
        why NO_FILES,
        todo "Make room, or set another `tmp-dir`.";
}
