//! What OpenVPN hands over for a login, taken apart. Whatever does not fit is refused, never cut: a password of which
//! only the beginning counts is another password.

use std::fmt;
use std::io;

use ovpn_plugin::AuthUserPassVerify;
use privsep::passed::Refused;

use crate::challenge;
use crate::protocol::{Login, MAX_ADDRESS, MAX_CREDENTIAL};

/// Why a login is refused before PAM sees it.
#[derive(Debug)]
pub enum Refusal {
    /// OpenVPN passed no such variable.
    Absent(&'static str),
    /// The username is empty.
    EmptyUsername,
    /// A credential is longer than any this plugin takes.
    TooLong(&'static str, usize),
    /// The password looks like a static challenge's, but is none.
    Challenge(challenge::Malformed),
    /// The file the verdict should go to cannot be opened, or is none that the supervisor would write to.
    ControlFile(FileError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Absent(what) => write!(f, "OpenVPN passed no {what}"),
            Refusal::EmptyUsername => f.write_str("the username is empty"),
            Refusal::TooLong(what, length) => {
                write!(f, "the {what} has {length} bytes, more than {MAX_CREDENTIAL} are refused")
            }
            Refusal::Challenge(malformed) => malformed.fmt(f),
            Refusal::ControlFile(error) => {
                write!(f, "the control file (auth_control_file) {error}")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Why a file that OpenVPN names cannot be used.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be opened.
    Open(io::Error),
    /// The supervisor would refuse it.
    Refused(Refused),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Open(error) => write!(f, "cannot be opened: {error}"),
            FileError::Refused(refused) => write!(f, "is {refused} (see tmp-dir in OpenVPN's configuration)"),
        }
    }
}

/// Reads the login from OpenVPN's variables.
pub fn from_event(event: &AuthUserPassVerify<'_>) -> Result<Login, Refusal> {
    let username = bounded("username", event.username().ok_or(Refusal::Absent("username"))?)?;
    if username.is_empty() {
        return Err(Refusal::EmptyUsername);
    }
    let password = bounded("password", event.password().ok_or(Refusal::Absent("password"))?)?;
    let common_name = bounded("common name", event.common_name().unwrap_or_default())?;
    let answers = challenge::split(password).map_err(Refusal::Challenge)?;
    let address = event.untrusted_ip().unwrap_or_default().as_bytes();
    Ok(Login {
        username: username.to_vec(),
        password: answers.password,
        response: answers.response,
        common_name: common_name.to_vec(),
        // OpenVPN prints addresses, so this is only ever shorter.
        address: address[..address.len().min(MAX_ADDRESS)].to_vec(),
    })
}

/// The most bytes of a username that are shown: a long one must not push what is said about it off the line.
pub const MAX_SHOWN: usize = 256;

/// A username for OpenVPN's log. Control characters become `_`, as OpenVPN itself does it: escaped, they would make it
/// long again. A backslash stays as it is: names of Windows
/// domains have one, and people search the log for them.
pub fn shown(username: &[u8]) -> String {
    let cut = &username[..username.len().min(MAX_SHOWN)];
    let mark = if cut.len() < username.len() { "..." } else { "" };
    let text: String =
        String::from_utf8_lossy(cut).chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    format!("{text}{mark}")
}

fn bounded<'a>(what: &'static str, value: &'a [u8]) -> Result<&'a [u8], Refusal> {
    if value.len() > MAX_CREDENTIAL { Err(Refusal::TooLong(what, value.len())) } else { Ok(value) }
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
