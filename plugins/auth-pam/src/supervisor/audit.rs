//! One line an attempt for the system log, in a form that other programs can rely on. Written without ever waiting: the
//! supervisor decides other attempts, whoever reads the log.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;

use nix::syslog::{self, LogFlags};

use crate::quoted::{escaped, shown};

/// The system log's socket (syslog(3)).
const SOCKET: &str = "/dev/log";
/// Severities (RFC 5424).
const NOTICE: u8 = 5;
const INFO: u8 = 6;

/// Names and numbers (RFC 5424). That of the kernel is missing: its lines come from nobody else.
const FACILITIES: [(&str, u8); 18] = [
    ("auth", 4),
    ("authpriv", 10),
    ("cron", 9),
    ("daemon", 3),
    ("ftp", 11),
    ("lpr", 6),
    ("mail", 2),
    ("news", 7),
    ("user", 1),
    ("uucp", 8),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

/// A syslog facility an administrator can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    /// By the name that syslog.conf(5) uses.
    pub fn parse(name: &str) -> Option<Self> {
        let known = FACILITIES.iter().find(|(known, _)| *known == name)?;
        Some(Facility(known.1))
    }

    /// What a name must be, for a message.
    pub fn names() -> String {
        format!("must be one of {}", FACILITIES.map(|(name, _)| name).join(", "))
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

/// Gives this process its name in the system log, for what PAM modules log. The connection it had inherited is closed
/// before.
pub fn take_name() {
    let _ = syslog::openlog(Some(c"openvpn"), LogFlags::LOG_PID, syslog::Facility::LOG_DAEMON);
}

/// Where the lines go.
#[derive(Debug)]
pub struct Audit {
    facility: Facility,
    socket: Option<UnixDatagram>,
    lost: u64,
}

impl Audit {
    /// Audit lines for this facility.
    pub fn new(facility: Facility) -> Self {
        Audit { facility, socket: None, lost: 0 }
    }

    /// Writes the line of one attempt, or counts it.
    pub fn write(&mut self, result: Result, user: &[u8], address: &[u8], reason: &[u8]) {
        let severity = match result {
            Result::Accepted => INFO,
            Result::Rejected => NOTICE,
        };
        if self.lost > 0
            && self.send(NOTICE, &format!("AUTH-PAM: {} lines about logins were lost", self.lost))
        {
            self.lost = 0;
        }
        if self.lost > 0 || !self.send(severity, &line(result, user, address, reason)) {
            self.lost += 1;
            if self.lost == 1 {
                log::warn!("the system log does not take lines about logins; they are counted");
            }
        }
    }

    fn send(&mut self, severity: u8, line: &str) -> bool {
        // Without a time: the reader puts its own.
        let number = self.facility.0 * 8 + severity;
        let packet = format!("<{number}>openvpn[{}]: {line}", std::process::id());
        // Twice: a system log that was started anew has to be connected to anew.
        for _ in 0..2 {
            if self.socket.is_none() {
                self.socket = connect();
            }
            let Some(socket) = &self.socket else { return false };
            match socket.send(packet.as_bytes()) {
                Ok(_) => return true,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => self.socket = None,
            }
        }
        false
    }
}

fn connect() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect(SOCKET).ok()?;
    Some(socket)
}

fn line(result: Result, user: &[u8], address: &[u8], reason: &[u8]) -> String {
    let result = match result {
        Result::Accepted => "accepted",
        Result::Rejected => "rejected",
    };
    // An address is digits, letters, colons, dots and a scope; anything else is not shown as one.
    let address = std::str::from_utf8(address).unwrap_or_default();
    let plain = address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.%_-".contains(&byte));
    let address = if plain && !address.is_empty() { address } else { "-" };
    // What a client can make long comes last: some logs cut lines at 1024 bytes.
    format!("AUTH-PAM: login {result}: address={address} words='{}' user='{}'", escaped(reason), shown(user))
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
        for name in ["AUTH", "kern", "syslog", "local8", "local00", "local"] {
            assert_eq!(Facility::parse(name), None, "{name}");
        }
        // libc's numbers are shifted by three bits.
        for (name, number) in [
            ("auth", libc::LOG_AUTH),
            ("authpriv", libc::LOG_AUTHPRIV),
            ("cron", libc::LOG_CRON),
            ("daemon", libc::LOG_DAEMON),
            ("ftp", libc::LOG_FTP),
            ("lpr", libc::LOG_LPR),
            ("mail", libc::LOG_MAIL),
            ("news", libc::LOG_NEWS),
            ("user", libc::LOG_USER),
            ("uucp", libc::LOG_UUCP),
            ("local0", libc::LOG_LOCAL0),
            ("local7", libc::LOG_LOCAL7),
        ] {
            assert_eq!(Facility::parse(name).map(|it| i32::from(it.0)), Some(number >> 3), "{name}");
        }
        assert!(Facility::parse("").is_none());
    }
}
