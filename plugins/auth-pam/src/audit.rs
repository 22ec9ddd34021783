//! One line a login for the system log, in a form that other programs can rely on.

use nix::syslog::{self, LogFlags, Priority, Severity};
use ovpn_plugin::escape;

use crate::login::MAX_SHOWN;

/// A syslog facility an administrator can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility(syslog::Facility);

impl Facility {
    /// By the name that syslog.conf(5) uses. nix has no name for `authpriv`.
    pub fn parse(name: &str) -> Option<Self> {
        use syslog::Facility as F;
        Some(Facility(match name {
            "auth" => F::LOG_AUTH,
            "daemon" => F::LOG_DAEMON,
            "user" => F::LOG_USER,
            "local0" => F::LOG_LOCAL0,
            "local1" => F::LOG_LOCAL1,
            "local2" => F::LOG_LOCAL2,
            "local3" => F::LOG_LOCAL3,
            "local4" => F::LOG_LOCAL4,
            "local5" => F::LOG_LOCAL5,
            "local6" => F::LOG_LOCAL6,
            "local7" => F::LOG_LOCAL7,
            _ => return None,
        }))
    }
}

/// Whether the client may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// It may.
    Accepted,
    /// It may not.
    Rejected,
}

/// Gives this process its name in the system log, for audit lines and for OpenVPN's own. Whatever connection it had
/// inherited is closed before.
pub fn take_name() {
    let _ = syslog::openlog(Some(c"openvpn"), LogFlags::LOG_PID, syslog::Facility::LOG_DAEMON);
}

/// Where the lines go.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    facility: syslog::Facility,
}

impl Audit {
    /// Audit lines for this facility.
    pub fn new(facility: Facility) -> Self {
        Audit { facility: facility.0 }
    }

    /// Writes the line of one login.
    pub fn write(&self, result: Result, user: &[u8], address: &[u8], words: &[u8]) {
        let severity = match result {
            Result::Accepted => Severity::LOG_INFO,
            Result::Rejected => Severity::LOG_NOTICE,
        };
        let _ = syslog::syslog(Priority::new(severity, self.facility), &line(result, user, address, words));
    }
}

fn line(result: Result, user: &[u8], address: &[u8], words: &[u8]) -> String {
    let result = match result {
        Result::Accepted => "accepted",
        Result::Rejected => "rejected",
    };
    // An address is digits, letters, colons, dots and a scope; anything else is not shown as one.
    let address = std::str::from_utf8(address).unwrap_or_default();
    let plain = address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.%_-".contains(&byte));
    let address = if plain && !address.is_empty() { address } else { "-" };
    // What a client can make long comes last: some logs cut lines at 1024 bytes.
    format!(
        "AUTH-PAM: login {result}: address={address} words={} user={}",
        quoted(words),
        quoted(&user[..user.len().min(MAX_SHOWN)])
    )
}

/// In single quotes; what could end the quotation, or the line, is escaped.
fn quoted(bytes: &[u8]) -> String {
    format!("'{}'", escape(bytes).to_string().replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_documented_form() {
        assert_eq!(
            line(Result::Accepted, b"alice", b"192.0.2.7", b"Success"),
            "AUTH-PAM: login accepted: address=192.0.2.7 words='Success' user='alice'"
        );
        assert_eq!(
            line(Result::Rejected, b"bob", b"2001:db8::1", b"Authentication failure"),
            "AUTH-PAM: login rejected: address=2001:db8::1 words='Authentication failure' user='bob'"
        );
        assert!(line(Result::Rejected, b"bob", b"", b"x").contains(" address=- "));
    }

    #[test]
    fn a_username_cannot_forge_an_address_or_a_line() {
        assert_eq!(
            line(
                Result::Rejected,
                b"x' address=203.0.113.9 words='",
                b"192.0.2.7",
                b"no\nAUTH-PAM: login accepted"
            ),
            "AUTH-PAM: login rejected: address=192.0.2.7 words='no\\nAUTH-PAM: login accepted' user='x\\' address=203.0.113.9 words=\\''"
        );
        let backslash = line(Result::Rejected, b"x\\' address=203.0.113.9", b"192.0.2.7", b"");
        assert!(backslash.ends_with("user='x\\\\\\' address=203.0.113.9'"), "{backslash}");
        assert!(line(Result::Rejected, b"x", b"1.2.3.4 words=", b"").contains(" address=- "));
    }

    #[test]
    fn a_long_username_is_cut_and_comes_last() {
        let long = line(Result::Rejected, &[b'\\'; 4096], b"192.0.2.7", b"Authentication failure");
        assert!(
            long.len() < 1024 && long.starts_with("AUTH-PAM: login rejected: address=192.0.2.7 words="),
            "{long}"
        );
    }

    #[test]
    fn facilities_go_by_their_names() {
        assert!(Facility::parse("auth").is_some() && Facility::parse("local7").is_some());
        assert!(Facility::parse("AUTH").is_none());
        assert!(Facility::parse("").is_none());
    }
}
