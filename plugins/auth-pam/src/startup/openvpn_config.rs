//! One pass over OpenVPN's configuration file, for the few options of it that decide whether logins can work: how long
//! OpenVPN waits for a verdict, as whom it goes on, and where it makes the files for verdicts.
//!
//! OpenVPN has read and obeyed the same file a moment ago; what it would not have taken is not understood here either.
//! What stands on its command line is not seen. Keys and passwords may stand in the file, so no copy of it is left in memory.

use std::ffi::OsStr;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use plugin_options::words;
use secret::Secret;

use secret::reading::at_most;

/// What is read of all files together, in bytes. Keys and certificates may stand in them.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many files are read.
const MAX_FILES: usize = 64;
/// How deep `config` lines may lead into other files, as in OpenVPN.
const MAX_DEPTH: usize = 10;
/// The longest line OpenVPN takes, in bytes.
const MAX_LINE: usize = 255;

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

/// Why nothing is known of the configuration.
#[derive(Debug)]
pub enum Unread {
    /// It came through standard input.
    StandardInput,
    /// The file, or one it includes, cannot be read.
    File(PathBuf, io::Error),
    /// It is no regular file.
    NotAFile(PathBuf),
    /// There is too much of it.
    TooLong,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::StandardInput => f.write_str("it came through standard input"),
            Unread::File(path, error) => write!(f, "{}: {error}", path.display()),
            Unread::NotAFile(path) => write!(f, "{} is not a regular file", path.display()),
            Unread::TooLong => f.write_str("it is too long, or includes too many files"),
        }
    }
}

impl OpenvpnConfig {
    /// Whether OpenVPN gives up root and stays in root's group, as with `user` and no `group`.
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
        let mut pass = Pass { config: Self::default(), directory: directory.into(), bytes: 0, files: 0 };
        pass.file(path, 1)?;
        let mut config = pass.config;
        // OpenVPN enters it when all is read: it has followed every `cd` by then, and has done so already.
        config.chroot = config.chroot.map(|root| directory.join(root));
        Ok(config)
    }
}

/// The pass as far as it has come.
struct Pass {
    config: OpenvpnConfig,
    /// Where relative paths start: `cd` changes it.
    directory: PathBuf,
    bytes: usize,
    files: usize,
}

impl Pass {
    fn file(&mut self, path: &Path, depth: usize) -> Result<(), Unread> {
        if path.as_os_str() == "stdin" {
            return Err(Unread::StandardInput);
        }
        self.files += 1;
        if depth > MAX_DEPTH || self.files > MAX_FILES {
            return Err(Unread::TooLong);
        }
        let path = self.directory.join(path);
        let content = self.content(&path)?;
        self.text(content.expose(), depth)
    }

    fn content(&mut self, path: &Path) -> Result<Secret, Unread> {
        let failed = |error| Unread::File(path.to_path_buf(), error);
        // Neither a pipe nor a terminal may keep OpenVPN waiting.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Unread::NotAFile(path.to_path_buf()));
        }
        let left = MAX_BYTES - self.bytes;
        let content = at_most(&file, left + 1).map_err(failed)?;
        if content.len() > left {
            return Err(Unread::TooLong);
        }
        self.bytes += content.len();
        Ok(content)
    }

    fn text(&mut self, content: &[u8], depth: usize) -> Result<(), Unread> {
        let mut lines = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).split(|byte| *byte == b'\n');
        while let Some(line) = lines.next() {
            let Some(words) = line_of(line) else { continue };
            if let Some(end) =
                words.first().and_then(|word| closing_tag(word.expose())).filter(|_| words.len() == 1)
            {
                // The rest of a block that is never closed belongs to it.
                let _ = lines.find(|line| trim_start(line).starts_with(&end));
                continue;
            }
            let words: Vec<&[u8]> = words.iter().map(Secret::expose).collect();
            if let Some(included) = self.option(&words) {
                self.file(&included, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Takes one option; gives back the file that it includes.
    fn option(&mut self, words: &[&[u8]]) -> Option<PathBuf> {
        let words = match words {
            [b"setenv" | b"--setenv", b"opt", rest @ ..] => rest,
            words => words,
        };
        let (name, values) = words.split_first()?;
        let name = name.strip_prefix(b"--").filter(|name| !name.is_empty()).unwrap_or(name);
        let config = &mut self.config;
        match (name, values) {
            (b"config", [path]) => return Some(path_of(path)),
            (b"cd", [path]) => self.directory = self.directory.join(path_of(path)),
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
        None
    }
}

/// The words of a line that OpenVPN would take.
fn line_of(line: &[u8]) -> Option<Vec<Secret>> {
    // For OpenVPN, in C, a line ends at a NUL byte.
    let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
    if line.len() > MAX_LINE {
        return None;
    }
    Some(words::split(line).ok()?.into_iter().map(Secret::new).collect())
}

/// What ends the block that this word begins: `</ca>` for `<ca>`.
fn closing_tag(word: &[u8]) -> Option<Vec<u8>> {
    let name = word.strip_prefix(b"<")?.strip_suffix(b">")?;
    Some([b"</", name, b">"].concat())
}

fn trim_start(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| words::is_blank(**byte)).count();
    &line[blanks..]
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
#[path = "openvpn_config_tests.rs"]
mod tests;
