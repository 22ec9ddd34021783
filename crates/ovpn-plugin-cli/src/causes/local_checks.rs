//! Where a refused login through PAM is explained by this machine: service file, account, lock. The plugin is not asked.

use std::fs;

use nix::unistd::{User, geteuid};
use zeroize::Zeroizing;

use super::faillock;
use crate::causes::Cause;
use crate::pam_service::Service;

/// What is to be seen.
#[derive(Debug, Default)]
pub(crate) struct LocalChecks {
    /// What decides about the login alone, whatever the log says.
    pub(crate) deciding: Vec<Cause>,
    /// What may be behind it.
    pub(crate) further: Vec<Cause>,
}

/// What is to be seen for a refused `user` of the auth-pam plugin with this service.
pub(crate) fn of_login(service: Option<&Service>, user: &[u8]) -> LocalChecks {
    let findings = service.map(Service::findings).unwrap_or_default();
    if !findings.is_empty() {
        return LocalChecks { deciding: findings, further: Vec::new() };
    }
    let mut further = Vec::new();
    if !geteuid().is_root() {
        further.push(Cause::new(
            "This command does not run as root. As root, as OpenVPN opens plugins, pam_unix can check everybody's password.",
            "Run it again as root.",
        ));
    }
    let lock = service.and_then(|service| faillock::lock_of(service, user));
    further.extend(account(user).filter(|_| lock.is_none()));
    LocalChecks { deciding: lock.into_iter().collect(), further }
}

fn account(user: &[u8]) -> Option<Cause> {
    let name = std::str::from_utf8(user).ok()?;
    match User::from_name(name) {
        Ok(None) => Some(Cause::new(
            format!("This machine has no account '{name}' (getent passwd)."),
            "This is right only if the PAM stack does not use the system's accounts, but RADIUS, LDAP without NSS, or a file of its own. Otherwise correct the name, or create the account.",
        )),
        Ok(Some(_)) if is_locked(name) => Some(Cause::new(
            format!(
                "No password is right for the account '{name}': it is locked, or a password was never set."
            ),
            "To set a password, run `passwd {name}`. To unlock the account, run `passwd -u {name}`. Accounts of a directory, or with keys only, may have no password on purpose.",
        )),
        _ => None,
    }
}

/// Whether /etc/shadow, if we may read it, has something for this account that no password matches.
fn is_locked(name: &str) -> bool {
    let shadow = Zeroizing::new(fs::read_to_string("/etc/shadow").unwrap_or_default());
    let mut fields = shadow.lines().map(|line| line.split(':'));
    let hash = fields.find_map(|mut fields| fields.next().filter(|first| *first == name).and(fields.next()));
    hash.is_some_and(|hash| hash.starts_with(['!', '*']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_is_not_there_is_named() {
        let cause = account(b"no such account").expect("there is none");
        assert!(cause.why.contains("'no such account'"), "{cause:?}");
        assert_eq!(account(b"\xff"), None);
    }
}
