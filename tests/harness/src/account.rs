//! Scratch accounts for pam_unix, in the `/etc` of the test program.

use std::fs::File;

use nix::fcntl::{Flock, FlockArg};

use crate::{command, isolation, scratch};

/// Where the processes of a test program wait for one another.
const LOCK: &str = "/run/ovpntest-accounts.lock";

/// useradd and userdel lock the password file and give up when they find it locked.
fn lock() -> Flock<File> {
    let file = File::options().create(true).append(true).open(LOCK);
    let file = file.unwrap_or_else(|error| panic!("{LOCK}: {error}"));
    Flock::lock(file, FlockArg::LockExclusive).unwrap_or_else(|(_, errno)| panic!("{LOCK}: {errno}"))
}

/// An account without home and shell, removed on drop.
#[derive(Debug)]
pub struct Account {
    name: String,
    password: String,
}

impl Account {
    /// An account whose password is `password`.
    pub fn new(password: &str) -> Self {
        Self::make(password, &[])
    }

    /// An account with that password that has expired: right password, no admission.
    pub fn expired(password: &str) -> Self {
        Self::make(password, &["--expiredate", "1970-01-02"])
    }

    /// An account with that password, which has to be changed at the next login.
    pub fn to_be_changed(password: &str) -> Self {
        let account = Self::make(password, &[]);
        {
            let _guard = lock();
            command::run("chage", &["--lastday", "0", &account.name]);
        }
        account
    }

    /// An account with that password that is locked: no password is the right one.
    pub fn locked(password: &str) -> Self {
        let account = Self::make(password, &[]);
        {
            let _guard = lock();
            command::run("usermod", &["--lock", &account.name]);
        }
        account
    }

    /// An account without a password: its field in /etc/shadow is empty.
    pub fn passwordless() -> Self {
        let account = Self::make("removed again", &[]);
        {
            let _guard = lock();
            command::run("passwd", &["--delete", &account.name]);
        }
        account
    }

    fn make(password: &str, extra: &[&str]) -> Self {
        isolation::require();
        let name = scratch::unique_name();
        let mut arguments = vec!["--no-create-home", "--gid", "nogroup", "--shell", "/usr/sbin/nologin"];
        arguments.extend_from_slice(extra);
        arguments.push(&name);
        {
            let _guard = lock();
            command::run("useradd", &arguments);
        }
        // From here on the account is removed even if the password can not be set.
        let account = Self { name, password: password.to_string() };
        {
            let _guard = lock();
            command::run_with_input("chpasswd", &[], &format!("{}:{password}\n", account.name));
        }
        account
    }

    /// Login name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Password, in clear.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _guard = lock();
        command::try_run("userdel", &[&self.name]);
    }
}
