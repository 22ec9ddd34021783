//! Logins that wait for PAM: when some have waited for long, that is said once, and once when it is over. A state machine
//! without processes and without a clock.
//!
//! An attempt with a question waits for a person, not for PAM, and so does a module whose user is at a web page.

use std::time::{Duration, Instant};

use log_lines::UnloggedLine;

use super::Supervisor;
use super::attempt::Attempt;
use super::events::WorkerId;
use super::outcome::unavailable;
use crate::protocol::TransactionEnd;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::quoted::shown;
use crate::worker::pam_progress;

/// A login that has waited for so long is worth a line: a slow directory takes a second or two.
const LONG: Duration = Duration::from_secs(10);
/// Between the line that it is over and the next one that it has begun.
const REST: Duration = Duration::from_secs(60);
/// How often slow logins are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What there is to say.
#[derive(Debug, PartialEq, Eq)]
pub enum SlowLoginsChange {
    /// Logins wait.
    Begun,
    /// None does any more; after so long, and whether PAM has answered.
    Over(Duration, bool),
}

/// Whether logins are slow.
#[derive(Debug, Default)]
pub struct SlowLogins {
    /// Since when they are, if that was logged: when the login came that was the oldest then.
    said: Option<Instant>,
    /// PAM has answered somebody since a login was last seen to wait for long.
    answered: bool,
    rest_until: Option<Instant>,
    /// When to look. A look costs more than a login should.
    look: Option<Instant>,
}

impl SlowLogins {
    /// Whether logins wait at all. Costs nothing where they do not wait for long.
    pub fn note(&mut self, now: Instant, any: bool) {
        match (any, self.look) {
            // A login that has come meanwhile counts from now.
            (true, None) => self.look = Some(now + LONG),
            (false, Some(_)) if self.said.is_none() => self.look = None,
            _ => {}
        }
    }

    /// PAM has answered a login.
    pub fn answered(&mut self) {
        self.answered = true;
    }

    /// Whether it is time to look.
    pub fn is_due(&self, now: Instant) -> bool {
        self.look.is_some_and(|look| look <= now)
    }

    /// When [`SlowLogins::is_due`] will be true.
    pub fn next_event(&self) -> Option<Instant> {
        self.look
    }

    /// What was found: when the login came that waits for the longest; nothing if none waits.
    pub fn look(&mut self, now: Instant, oldest: Option<Instant>) -> Option<SlowLoginsChange> {
        let long = oldest.filter(|oldest| *oldest + LONG <= now);
        match (self.said, long) {
            (None, None) => {
                self.look = oldest.map(|oldest| oldest + LONG);
                None
            }
            (None, Some(oldest)) => {
                if let Some(until) = self.rest_until.filter(|until| *until > now) {
                    self.look = Some(until);
                    return None;
                }
                self.answered = false;
                (self.said, self.look) = (Some(oldest), Some(now + LOOK));
                Some(SlowLoginsChange::Begun)
            }
            (Some(_), Some(_)) => {
                // Others may be answered, as those whom another module knows.
                self.answered = false;
                self.look = Some(now + LOOK);
                None
            }
            // Those that waited for long were given up, and the next ones may wait as long.
            (Some(_), None) if !self.answered && oldest.is_some() => {
                self.look = Some(now + LOOK);
                None
            }
            (Some(since), None) => {
                self.said = None;
                self.rest_until = Some(now + REST);
                self.look = oldest.map(|oldest| oldest + LONG);
                Some(SlowLoginsChange::Over(now.saturating_duration_since(since), self.answered))
            }
        }
    }
}

/// A login that waits, and for what.
#[derive(Debug)]
struct WaitingLogin<'a> {
    since: Instant,
    user: &'a [u8],
    origin: &'a AttemptOrigin,
    at: WaitsIn,
}

impl<'a> WaitingLogin<'a> {
    fn of(attempt: &'a Attempt, at: WaitsIn) -> Self {
        let Attempt { arrived, username, origin, .. } = attempt;
        WaitingLogin { since: *arrived, user: username, origin, at }
    }
}

#[derive(Debug, Clone, Copy)]
enum WaitsIn {
    Worker(WorkerId),
    Session(WorkerId),
    Options,
    Queue,
}

impl Supervisor {
    /// Whether any login waits for PAM.
    pub(super) fn any_waits_for_pam(&self) -> bool {
        self.workers.running() + self.scheduler.waiting() > 0 || self.sessions.any_in_pam()
    }

    /// A transaction has ended. A module that says after its own time limit that it reaches nobody is no answer.
    pub(super) fn note_answer(&mut self, end: &TransactionEnd) {
        if !unavailable(end) {
            self.slow_logins.answered();
        }
    }

    /// Logs it if logins are slow, or are not any more.
    pub(super) fn watch_slow_logins(&mut self, now: Instant) {
        if !self.slow_logins.is_due(now) {
            return;
        }
        let oldest = self.waiting_for_pam().map(|waiting| waiting.since).min();
        match self.slow_logins.look(now, oldest) {
            None => {}
            Some(SlowLoginsChange::Begun) => {
                if let Some(line) = self.slow_logins_line(now) {
                    line.log();
                }
            }
            Some(SlowLoginsChange::Over(after, true)) => {
                lines::attempts::slow_logins_answered(after.as_secs()).log();
            }
            Some(SlowLoginsChange::Over(after, false)) => {
                lines::attempts::slow_logins_given_up(after.as_secs()).log();
            }
        }
    }

    /// All that wait for PAM: those in the queue, those that run, and the sessions that are being opened or looked at.
    fn waiting_for_pam(&self) -> impl Iterator<Item = WaitingLogin<'_>> {
        let running = self.workers.running_ones().filter(|(_, attempt)| !attempt.at_page);
        let running = running.map(|(worker, attempt)| {
            WaitingLogin::of(
                attempt,
                if attempt.options.is_some() { WaitsIn::Options } else { WaitsIn::Worker(worker) },
            )
        });
        let queued = self.scheduler.waiting_ones().map(|attempt| WaitingLogin::of(attempt, WaitsIn::Queue));
        let sessions = self.sessions.all().iter().filter_map(|session| {
            let (since, at) = (session.in_pam()?, WaitsIn::Session(session.worker));
            Some(WaitingLogin { since, user: &session.username, origin: &session.origin, at })
        });
        running.chain(sessions).chain(queued)
    }

    /// One line about all of it.
    fn slow_logins_line(&self, now: Instant) -> Option<UnloggedLine> {
        let long = || self.waiting_for_pam().filter(|waiting| waiting.since + LONG <= now);
        let count = long().count();
        // Where one waits in PAM, those in the queue wait for that.
        let in_queue = |waiting: &WaitingLogin<'_>| matches!(waiting.at, WaitsIn::Queue);
        let oldest = long().min_by_key(|waiting| (in_queue(waiting), waiting.since))?;
        let place = match oldest.at {
            WaitsIn::Queue => "in the queue for a free worker".to_string(),
            WaitsIn::Options => "while the name service is asked for the client's options".to_string(),
            WaitsIn::Session(worker) => format!("in the session or its account{}", self.process(worker)),
            WaitsIn::Worker(worker) => {
                let phase = self.workers.process(worker).and_then(pam_progress::of);
                let phase = phase.map_or("in a PAM module", pam_progress::PamProgress::for_log);
                format!("{phase}{}", self.process(worker))
            }
        };
        let (running, most, queued) = (self.workers.running(), self.max_workers, self.scheduler.waiting());
        let (user, seconds) = (shown(oldest.user), now.saturating_duration_since(oldest.since).as_secs());
        let (long, tail) = (LONG.as_secs(), self.line_tail(oldest.origin));
        let oldest = format!("{seconds} s {place}, user '{user}'");
        Some(lines::attempts::slow_logins(count, long, &oldest, running, most, queued, tail).unlogged())
    }

    fn process(&self, worker: WorkerId) -> String {
        self.workers.process(worker).map(|process| format!(" (process {process})")).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "slow_logins_tests.rs"]
mod tests;
