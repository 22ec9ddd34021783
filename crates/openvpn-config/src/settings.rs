//! The few options of OpenVPN's configuration that decide whether logins can work: how long OpenVPN waits for a verdict, as
//! whom it goes on, and where it makes the files for verdicts.
//!
//! OpenVPN has read and obeyed the same file a moment ago; what it would not have taken is not understood here either.
//! What stands on its command line is not seen.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use secret::Secret;

use crate::reader::{self, Seen, Unread};

/// What the file says; of an option that stands there twice the last one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenvpnConfig {
    /// `hand-window`, in seconds.
    pub hand_window: u64,
    /// `reneg-sec`, in seconds; 0: never.
    pub reneg_sec: u64,
    /// Its second argument: OpenVPN takes a random time between the two.
    pub reneg_sec_least: Option<u64>,
    /// `user`.
    pub user: Option<String>,
    /// `group`.
    pub group: Option<String>,
    /// `chroot`.
    pub chroot: Option<PathBuf>,
    /// `tmp-dir`.
    pub tmp_dir: Option<PathBuf>,
    /// `disable-dco`.
    pub disable_dco: bool,
    /// `duplicate-cn`.
    pub duplicate_cn: bool,
    /// `auth-gen-token`.
    pub auth_gen_token: Option<Tokens>,
    /// `auth-user-pass-optional`.
    pub user_pass_optional: bool,
    /// `verify-client-cert none`.
    pub no_client_certificate: bool,
    /// `username-as-common-name`.
    pub username_as_common_name: bool,
}

/// How OpenVPN uses auth-tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// `external-auth`: plugins are asked all the same.
    pub external_auth: bool,
}

impl Default for OpenvpnConfig {
    fn default() -> Self {
        OpenvpnConfig {
            hand_window: 60,
            reneg_sec: 3600,
            reneg_sec_least: None,
            user: None,
            group: None,
            chroot: None,
            tmp_dir: None,
            disable_dco: false,
            duplicate_cn: false,
            auth_gen_token: None,
            user_pass_optional: false,
            no_client_certificate: false,
            username_as_common_name: false,
        }
    }
}

impl OpenvpnConfig {
    /// Whether OpenVPN gives up root and stays in root's group, as with `user` and no `group`.
    #[must_use]
    pub fn keeps_roots_group(&self) -> bool {
        let is_root = |name: &str| name == "root" || name == "0";
        let gives_up_root = self.user.as_deref().is_some_and(|user| !is_root(user));
        gives_up_root && self.group.as_deref().is_none_or(is_root)
    }

    /// Reads the file; a relative path starts at `directory`, OpenVPN's working directory.
    ///
    /// # Errors
    /// If the file or one that it includes cannot be read: then anything might stand there.
    pub fn read(path: &Path, directory: &Path) -> Result<Self, Unread> {
        let mut config = Self::default();
        let mut see = |_: &reader::Place, seen: Seen<'_>| {
            if let Seen::Option(words) = seen {
                config.take(&words.iter().map(Secret::expose).collect::<Vec<_>>());
            }
        };
        reader::read(path, directory, &mut see).map_err(|stopped| stopped.why)?;
        // OpenVPN enters it when all is read: it has followed every `cd` by then, and has done so already.
        config.chroot = config.chroot.map(|root| directory.join(root));
        Ok(config)
    }

    /// Takes one option: its name and values. A relative `chroot` stays one.
    pub fn take(&mut self, words: &[&[u8]]) {
        let Some((name, values)) = words.split_first() else { return };
        let config = self;
        match (*name, values) {
            (b"chroot", [path]) => config.chroot = Some(path_of(path)),
            (b"tmp-dir", [path]) => config.tmp_dir = Some(path_of(path)),
            (b"disable-dco", []) => config.disable_dco = true,
            (b"duplicate-cn", []) => config.duplicate_cn = true,
            // As OpenVPN, which takes the first value for a number whatever it is.
            (b"auth-gen-token", values) => {
                let external_auth = values.iter().skip(1).any(|value| *value == b"external-auth");
                // Written twice, the word stays.
                let before = config.auth_gen_token.is_some_and(|tokens| tokens.external_auth);
                config.auth_gen_token = Some(Tokens { external_auth: external_auth || before });
            }
            (b"auth-user-pass-optional", []) => config.user_pass_optional = true,
            (b"client-cert-not-required", []) => config.no_client_certificate = true,
            (b"verify-client-cert", how) if how.len() <= 1 => {
                config.no_client_certificate = how == [b"none"];
            }
            (b"username-as-common-name", []) => config.username_as_common_name = true,
            (b"user", [name]) => config.user = text(name),
            (b"group", [name]) => config.group = text(name),
            (b"hand-window", [seconds]) => {
                config.hand_window = number(seconds).unwrap_or(config.hand_window);
            }
            (b"reneg-sec", [seconds, least @ ..]) if least.len() <= 1 => {
                config.reneg_sec = number(seconds).unwrap_or(config.reneg_sec);
                config.reneg_sec_least = least.first().and_then(|least| number(least));
            }
            _ => {}
        }
    }
}

fn path_of(word: &[u8]) -> PathBuf {
    OsStr::from_bytes(word).into()
}

fn text(word: &[u8]) -> Option<String> {
    String::from_utf8(word.to_vec()).ok()
}

fn number(word: &[u8]) -> Option<u64> {
    let digits = word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
