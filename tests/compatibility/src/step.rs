//! What a case does to the process the plugin runs in, before the plugin is opened or before a login: variables whose
//! names begin with `@`.

use std::io;
use std::process::Command;

use nix::sys::signal::{Signal, raise};
use nix::unistd::{Gid, Uid, User, chdir, chroot, setgroups, setresgid, setresuid};

use crate::instructions::Environment;

/// Runs a shell command.
pub const RUN: &str = "@RUN@";
/// Goes into this directory for good, as OpenVPN's `chroot`.
pub const CHROOT: &str = "@CHROOT@";
/// Becomes this user for good, as OpenVPN's `user`.
pub const USER: &str = "@USER@";
/// Ends by SIGKILL instead of the login.
pub const KILL: &str = "@KILL@";
/// The login is made so many times at once, each of a user of its own.
pub const AT_ONCE: &str = "@AT_ONCE@";
/// The same by one user.
pub const REPEATED: &str = "@REPEATED@";
/// Whether the verdict took a second is part of it.
pub const TIMED: &str = "@TIMED@";

fn value<'a>(login: &'a Environment, name: &str) -> Option<&'a str> {
    login.iter().find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='))
}

/// Takes the steps that stand among these variables.
pub fn take(login: &Environment) -> io::Result<()> {
    if let Some(command) = value(login, RUN) {
        let status = Command::new("sh").args(["-c", command]).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{command}: {status}")));
        }
    }
    if let Some(directory) = value(login, CHROOT) {
        chroot(directory)?;
        chdir("/")?;
    }
    if let Some(name) = value(login, USER) {
        let user = User::from_name(name)?.ok_or(io::ErrorKind::NotFound)?;
        become_user(user.uid, user.gid)?;
    }
    if value(login, KILL).is_some() {
        raise(Signal::SIGKILL)?;
    }
    Ok(())
}

fn become_user(uid: Uid, gid: Gid) -> nix::Result<()> {
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}

/// How often the login is made at once, if not alone.
pub fn at_once(login: &Environment) -> Option<usize> {
    value(login, AT_ONCE).or_else(|| value(login, REPEATED)).and_then(|number| number.parse().ok())
}

/// Whether it is always the same user then.
pub fn is_repeated(login: &Environment) -> bool {
    value(login, REPEATED).is_some()
}

/// Whether the time of the verdict counts.
pub fn is_timed(login: &Environment) -> bool {
    value(login, TIMED).is_some()
}
