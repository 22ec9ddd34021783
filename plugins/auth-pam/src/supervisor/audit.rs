//! One line an attempt for the system log, in a form that other programs can rely on. Writing never waits, so a stuck reader
//! of the log holds up no attempt. The supervisor may not connect to anything; the keeper does that for it.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;

use lines::system_log;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, socket};
use nix::syslog::{self, LogFlags};

use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::time_taken::TimeTaken;
use crate::quoted::{escaped, shown};

/// The system log's socket (syslog(3)).
const SOCKET: &str = "/dev/log";
/// Lines that wait for a connection; more are counted only.
const MAX_WAITING: usize = 256;
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

/// What the audit line says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditResult {
    /// The client may come in.
    Accepted,
    /// It may not, because of what it sent: log watchers count these.
    Rejected,
    /// It may not, because nobody could check what it sent: no log watcher must count that against the client.
    NotDecided,
    /// It may not yet: it was asked a question.
    Challenged,
}

impl AuditResult {
    /// Of an attempt that the front has refused.
    pub fn of_refusal(at_fault: bool) -> Self {
        if at_fault { AuditResult::Rejected } else { AuditResult::NotDecided }
    }
}

/// An attempt that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// How.
    pub result: AuditResult,
    /// Name as the client sent it.
    pub user: &'a [u8],
    /// Where it came from.
    pub origin: &'a AttemptOrigin,
    /// Why.
    pub reason: &'a [u8],
    /// How long it took.
    pub took: TimeTaken,
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
    config_name: Option<String>,
    socket: Option<UnixDatagram>,
    /// Lines and their severities, as long as there is no connection.
    waiting: VecDeque<(u8, String)>,
    asked: bool,
    lost: u64,
}

impl Audit {
    /// Audit lines for this facility, of the server with this configuration.
    pub fn new(facility: Facility, config_name: Option<String>) -> Self {
        Audit { facility, config_name, socket: None, waiting: VecDeque::new(), asked: false, lost: 0 }
    }

    /// Writes the line of one attempt, or counts it.
    pub fn write(&mut self, entry: Entry<'_>) {
        let severity = match entry.result {
            AuditResult::Accepted | AuditResult::Challenged => INFO,
            AuditResult::Rejected | AuditResult::NotDecided => NOTICE,
        };
        let line = line(entry, self.config_name.as_deref());
        self.write_line(severity, &line);
    }

    /// Writes a line that is not about an attempt. `good`: it is no fault of anybody's.
    pub fn write_text(&mut self, line: &str, good: bool) {
        self.write_line(if good { INFO } else { NOTICE }, line);
    }

    /// Says that so many attempts have no line of their own.
    pub fn write_suppressed(&mut self, text: &str) {
        self.write_line(NOTICE, &system_log::as_in_the_log(text).to_string());
    }

    /// Whether a connection has to be asked for.
    pub fn asks_for_connection(&self) -> bool {
        self.waits() && !self.asked
    }

    /// It was asked for.
    pub fn asked(&mut self) {
        self.asked = true;
    }

    /// Whether lines wait for a connection.
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A connection has come, or there is none.
    pub fn connected(&mut self, socket: Option<OwnedFd>) {
        self.asked = false;
        self.socket = socket.map(UnixDatagram::from);
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        while self.socket.is_some() {
            let Some((severity, line)) = waiting.next() else { return };
            // Whatever becomes of it, it is not tried again: this connection is new.
            if self.send_after_count(severity, &line) != WriteOutcome::Done {
                self.lose();
            }
        }
        waiting.for_each(|_| self.lose());
    }

    fn write_line(&mut self, severity: u8, line: &str) {
        let sent =
            if self.waits() { WriteOutcome::NotConnected } else { self.send_after_count(severity, line) };
        match sent {
            WriteOutcome::Done => {}
            WriteOutcome::NotConnected if self.waiting.len() < MAX_WAITING => {
                self.waiting.push_back((severity, line.to_string()));
            }
            WriteOutcome::NotConnected | WriteOutcome::NoRoom => self.lose(),
        }
    }

    fn lose(&mut self) {
        self.lost += 1;
        if self.lost == 1 {
            lines::processes::system_log_deaf().log();
        }
    }

    /// Sends a line, and before it how many were lost, if any were.
    fn send_after_count(&mut self, severity: u8, line: &str) -> WriteOutcome {
        if self.lost > 0 {
            let sent = self.send(NOTICE, &system_log::lost(self.lost).to_string());
            if sent != WriteOutcome::Done {
                return sent;
            }
            self.lost = 0;
        }
        self.send(severity, line)
    }

    fn send(&mut self, severity: u8, line: &str) -> WriteOutcome {
        let Some(socket) = &self.socket else { return WriteOutcome::NotConnected };
        // Without a time: the reader puts its own.
        let number = self.facility.0 * 8 + severity;
        let packet = format!("<{number}>openvpn[{}]: {line}", std::process::id());
        match socket.send(packet.as_bytes()) {
            Ok(_) => WriteOutcome::Done,
            Err(error) if error.kind() == ErrorKind::WouldBlock => WriteOutcome::NoRoom,
            // A system log that was started anew has to be connected to anew.
            Err(_) => {
                self.socket = None;
                WriteOutcome::NotConnected
            }
        }
    }
}

/// What has become of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WriteOutcome {
    Done,
    NoRoom,
    NotConnected,
}

/// A connection to the system log, for the keeper. Does not wait, and what is sent over it does not either.
pub fn connect() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
    nix::sys::socket::connect(socket.as_raw_fd(), &UnixAddr::new(SOCKET)?)?;
    Ok(socket)
}

fn line(entry: Entry<'_>, config_name: Option<&str>) -> String {
    let Entry { result, user, origin, reason, took } = entry;
    let result = match result {
        AuditResult::Accepted => "accepted",
        AuditResult::Rejected => "rejected",
        AuditResult::NotDecided => "not decided",
        AuditResult::Challenged => "challenged",
    };
    let AttemptOrigin { port, reference, .. } = origin;
    // What does not look like an address is not shown as one.
    let (address, config) = (origin.plain_address().unwrap_or("-"), config_name.unwrap_or("-"));
    let (reason, user, took) = (escaped(reason), shown(user), took.fields());
    // What a client can make long comes last: some logs cut lines at 1024 bytes.
    let client = system_log::client(address, *port, config, reference);
    system_log::login(result, client, &took, &reason, &user).to_string()
}

#[cfg(test)]
#[path = "audit_grok_tests.rs"]
mod audit_grok_tests;
#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
