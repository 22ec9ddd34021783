//! What can be seen on this machine about a login through PAM that was refused, without asking the plugin.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};
use zeroize::Zeroizing;

use crate::causes::Cause;

/// The causes to be seen for a refused `user` of the auth-pam plugin with these words.
pub(crate) fn about_pam(words: &[Vec<u8>], user: &[u8]) -> Vec<Cause> {
    let mut causes = Vec::new();
    if !geteuid().is_root() {
        causes.push(Cause::new(
            "This command does not run as root. OpenVPN opens plugins as root, and pam_unix, for one, can then check everybody's password.",
            "Run it again as root.",
        ));
    }
    causes.extend(service_file(words));
    causes.extend(account(user));
    causes
}

/// The service is the first word that is no option, as for both the plugin here and the C one.
fn service_file(words: &[Vec<u8>]) -> Option<Cause> {
    let service = words.iter().find(|word| !word.contains(&b'='))?;
    let option = |name: &[u8]| words.iter().find_map(|word| word.strip_prefix(name));
    let name = String::from_utf8_lossy(service).to_lowercase();
    let directories: Vec<PathBuf> = match option(b"pam-confdir=") {
        Some(directory) => vec![OsStr::from_bytes(directory).into()],
        None => ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"].map(PathBuf::from).to_vec(),
    };
    let first = directories.first()?.join(&name);
    let is_path = name.contains('/');
    let missing = !is_path && !directories.iter().any(|directory| directory.join(&name).exists());
    // Without that directory, PAM reads /etc/pam.conf.
    (missing && first.parent().is_some_and(Path::is_dir)).then(|| {
        Cause::new(
            format!(
                "There is no PAM service file {}. PAM takes the stack of `other` instead, which checks system accounts on Debian and Ubuntu and mostly refuses everybody elsewhere.",
                first.display()
            ),
            "Create the file, or correct the service name in the plugin line.",
        )
    })
}

fn account(user: &[u8]) -> Option<Cause> {
    let name = std::str::from_utf8(user).ok()?;
    match User::from_name(name) {
        Ok(None) => Some(Cause::new(
            format!("This machine has no account '{name}' (getent passwd)."),
            "Only right if the PAM stack asks something else than the system's accounts: RADIUS, LDAP without NSS, a file of its own.",
        )),
        Ok(Some(_)) if is_locked(name) => Some(Cause::new(
            format!(
                "The account '{name}' has no password that could be right: it is locked, or none was ever set."
            ),
            "`passwd NAME` sets one, `passwd -u NAME` unlocks it. Users of a directory, or with keys only, may be so on purpose.",
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
    fn the_service_is_found_behind_options_and_in_their_directory() {
        let directory = tempfile::tempdir().unwrap();
        let option = format!("pam-confdir={}", directory.path().display()).into_bytes();
        let words = [b"timeout=5".to_vec(), option, b"VPN".to_vec(), b"x".to_vec(), b"a=b".to_vec()];
        let cause = service_file(&words).expect("it is missing");
        assert!(cause.why.contains(&directory.path().join("vpn").display().to_string()), "{cause:?}");
        fs::write(directory.path().join("vpn"), "").unwrap();
        assert_eq!(service_file(&words), None);
        assert_eq!(service_file(&[]), None);
    }

    #[test]
    fn an_account_that_is_not_there_is_named() {
        let cause = account(b"no such account").expect("there is none");
        assert!(cause.why.contains("'no such account'"), "{cause:?}");
        assert_eq!(account(b"\xff"), None);
    }
}
