//! What the log and the system log say of a session.

use std::time::{Duration, Instant};

use lines::{sessions, system_log};
use log_lines::UnloggedLine;

use super::session::Session;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::session::{Assigned, Usage};
use crate::protocol::time_taken::TimeTaken;
use crate::quoted::{escaped, shown};
use crate::supervisor::Supervisor;

/// What has become of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEvent {
    /// It is open, with these addresses.
    Opened(Assigned),
    /// It is closed.
    Closed(Usage, Duration),
    /// It could not be opened, so the client is refused.
    Refused,
    /// It was open, and nobody has closed it.
    Lost(Usage, Duration),
}

/// Whose session it is.
#[derive(Debug, Clone)]
pub struct Whose {
    username: Vec<u8>,
    origin: AttemptOrigin,
    asked: Option<Instant>,
}

impl Whose {
    /// How long PAM has taken to open or close it; nothing if it was not asked.
    fn took(&self) -> TimeTaken {
        TimeTaken::of(self.asked.map_or(Duration::ZERO, |asked| asked.elapsed()))
    }
}

impl Session {
    /// Whose it is.
    pub fn whose(&self) -> Whose {
        Whose { username: self.username.clone(), origin: self.origin.clone(), asked: self.asked }
    }
}

impl Supervisor {
    /// Writes the lines of a session. `good`: everything went as it should.
    pub(super) fn tell_of_session(&mut self, whose: &Whose, event: SessionEvent, reason: &str, good: bool) {
        self.counters.of_session(event);
        // What modules have printed belongs before it.
        self.output.flush();
        let took = whose.took();
        let (user, tail) = (shown(&whose.username), self.line_tail_with_time(&whose.origin, took));
        log_line(event, &user, reason, good, &tail).log();
        if let Some(audit) = &mut self.audit {
            let config = self.settings.config_name.as_deref();
            audit.write_text(&record(whose, event, reason, took, config), good);
        }
    }

    /// Says something of a client that was let in and got no session.
    pub(in crate::supervisor) fn tell_of_client(&self, whose: &Whose, text: &str) {
        let (user, tail) = (shown(&whose.username), self.line_tail(&whose.origin));
        lines::attempts::noted(&user, text, &tail).log();
    }
}

fn number(number: Option<u64>) -> String {
    number.map_or("-".into(), |number| number.to_string())
}

/// For OpenVPN's log.
fn log_line(event: SessionEvent, user: &str, reason: &str, good: bool, tail: &str) -> UnloggedLine {
    match event {
        SessionEvent::Opened(assigned) => sessions::opened(user, &assigned.shown(), tail).unlogged(),
        SessionEvent::Closed(usage, open) => {
            let (received, sent) = (&number(usage.received_bytes), &number(usage.sent_bytes));
            let (seconds, ended) = (usage.seconds.unwrap_or(open.as_secs()), usage.why.word());
            if good {
                sessions::closed(user, seconds, received, sent, ended, tail).unlogged()
            } else {
                sessions::closed_badly(user, seconds, received, sent, ended, reason, tail).unlogged()
            }
        }
        SessionEvent::Refused => sessions::refused(user, reason, tail).unlogged(),
        SessionEvent::Lost(_, open) => sessions::lost(user, open.as_secs(), reason, tail).unlogged(),
    }
}

/// For the system log; in a form that other programs can rely on.
fn record(whose: &Whose, event: SessionEvent, reason: &str, took: TimeTaken, config: Option<&str>) -> String {
    let (word, facts) = match event {
        SessionEvent::Opened(assigned) => ("opened", system_log::tunnel(assigned.shown()).to_string()),
        SessionEvent::Closed(usage, open) => ("closed", facts(&usage, open)),
        SessionEvent::Refused => ("refused", String::new()),
        SessionEvent::Lost(usage, open) => ("lost", facts(&usage, open)),
    };
    let AttemptOrigin { port, reference, .. } = &whose.origin;
    let (address, config) = (whose.origin.plain_address().unwrap_or("-"), config.unwrap_or("-"));
    let (reason, user, took) = (escaped(reason.as_bytes()), shown(&whose.username), took.fields());
    let client = system_log::client(address, *port, config, reference);
    system_log::session(word, client, &facts, &took, &reason, &user).to_string()
}

fn facts(usage: &Usage, open: Duration) -> String {
    let (received, sent) = (number(usage.received_bytes), number(usage.sent_bytes));
    let (seconds, ended) = (usage.seconds.unwrap_or(open.as_secs()), usage.why.word());
    system_log::usage(&received, &sent, seconds, ended).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::attempt_origin::tests::origin;
    use crate::protocol::session::CloseReason;

    fn whose(username: &str) -> Whose {
        Whose { username: username.into(), origin: origin("192.0.2.7", 1194), asked: None }
    }

    #[test]
    fn lines_have_one_form() {
        let usage = Usage {
            received_bytes: Some(7),
            sent_bytes: None,
            seconds: Some(90),
            why: CloseReason::Disconnected,
        };
        let assigned = Assigned { ipv4: "10.8.0.2".parse().ok(), ipv6: None };
        let open = Duration::from_secs(3);
        let begin = "address=192.0.2.7 port=1194 config=server1 reference=345YZ";
        for (event, expected) in [
            (
                SessionEvent::Opened(assigned),
                format!("opened: {begin} tunnel=10.8.0.2 took=0.012 reason='Success'"),
            ),
            (
                SessionEvent::Closed(usage, open),
                format!(
                    "closed: {begin} received=7 sent=- seconds=90 ended=disconnected took=0.012 reason='Success'"
                ),
            ),
            (SessionEvent::Refused, format!("refused: {begin} took=0.012 reason='Success'")),
            (
                SessionEvent::Lost(Usage::unknown(CloseReason::OpenVpnEnded), open),
                format!(
                    "lost: {begin} received=- sent=- seconds=3 ended=openvpn-ended took=0.012 reason='Success'"
                ),
            ),
        ] {
            let took = TimeTaken::of(Duration::from_millis(12));
            let line = record(&whose("it's"), event, "Success", took, Some("server1"));
            assert_eq!(line, format!("AUTH-PAM: session {expected} user='it\\'s'"));
        }
    }

    #[test]
    fn a_reason_is_said_where_something_went_wrong() {
        let usage = Usage {
            received_bytes: Some(7),
            sent_bytes: Some(8),
            seconds: None,
            why: CloseReason::OpenVpnEnded,
        };
        let closed = SessionEvent::Closed(usage, Duration::from_secs(3));
        let text =
            "BACKGROUND: user 'joe': session closed after 3 s, 7 bytes received, 8 bytes sent, openvpn-ended";
        assert_eq!(log_line(closed, "joe", "Success", true, " (x)"), format!("{text} (x)"));
        let bad = log_line(closed, "joe", "System error", false, " (x)");
        assert_eq!((bad.level, bad.text), (log::Level::Error, format!("{text}: System error (x)")));
    }
}
