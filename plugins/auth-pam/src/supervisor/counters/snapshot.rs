//! How things stand at one moment: what is counted, and what the supervisor's tables hold. Numbers only, so that nobody's name
//! is where it does not belong.

use std::time::{Duration, Instant};

use super::Counters;
use crate::supervisor::Supervisor;

/// How many workers do what. They add up to the processes there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerCounts {
    /// Forked, and not ready yet.
    pub starting: usize,
    /// Wait for an attempt.
    pub idle: usize,
    /// Run a transaction.
    pub running: usize,
    /// Look whether a module has changed them.
    pub looking: usize,
    /// Wait for the answer to a question.
    pub suspended: usize,
    /// Keep a session, or a client that has not connected yet.
    pub in_session: usize,
    /// Are about to be gone.
    pub ending: usize,
}

impl WorkerCounts {
    /// Each state by its word, as metrics and status have it.
    pub fn by_state(self) -> [(&'static str, usize); 7] {
        [
            ("starting", self.starting),
            ("idle", self.idle),
            ("running", self.running),
            ("looking", self.looking),
            ("suspended", self.suspended),
            ("in_session", self.in_session),
            ("ending", self.ending),
        ]
    }
}

/// How many sessions are how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// The client was let in and has not connected yet.
    pub let_in: usize,
    /// Being opened.
    pub opening: usize,
    /// Open.
    pub open: usize,
    /// Being closed.
    pub closing: usize,
}

impl SessionCounts {
    /// Each state by its word, as metrics and status have it.
    pub fn by_state(self) -> [(&'static str, usize); 4] {
        [("let_in", self.let_in), ("opening", self.opening), ("open", self.open), ("closing", self.closing)]
    }
}

/// How things stand.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// What is counted since the supervisor has come up.
    pub counters: &'a Counters,
    /// How long it is up.
    pub up: Duration,
    /// How often the keeper has started another one.
    pub restarts: u32,
    /// Attempts that wait for a worker.
    pub waiting: usize,
    /// How long the one that came first of them waits; nothing if none does.
    pub oldest_waiting: Option<Duration>,
    /// The most that may wait.
    pub max_waiting: usize,
    /// Refusals that wait for their time (`refusal-time`).
    pub held: usize,
    /// The workers.
    pub workers: WorkerCounts,
    /// The most that may run attempts.
    pub max_workers: usize,
    /// How long the oldest transaction runs; nothing if none does.
    pub longest_running: Option<Duration>,
    /// Questions that wait for an answer.
    pub questions: usize,
    /// The most that may.
    pub max_questions: usize,
    /// Sessions.
    pub sessions: SessionCounts,
    /// The most that may be open.
    pub max_sessions: usize,
    /// The backend is unreachable for all users.
    pub breaker_is_open: bool,
    /// Sources that are closed for their failures.
    pub penalised: usize,
}

impl Supervisor {
    /// How things stand now. It looks at all that waits and runs, so it is not for each login.
    pub fn snapshot(&self, now: Instant) -> Snapshot<'_> {
        let since = |then: Instant| now.saturating_duration_since(then);
        Snapshot {
            counters: &self.counters,
            up: since(self.began),
            restarts: self.generation.saturating_sub(1),
            waiting: self.scheduler.waiting(),
            oldest_waiting: self.scheduler.waiting_ones().map(|attempt| attempt.arrived).min().map(since),
            max_waiting: self.limits.max_pending,
            held: self.verdicts.held(),
            workers: self.workers.counts(),
            max_workers: self.limits.max_workers,
            longest_running: self.workers.first_arrival().map(since),
            questions: self.waiting_questions.all().len(),
            max_questions: self.limits.max_suspended,
            sessions: self.sessions.counts(),
            max_sessions: self.limits.max_sessions,
            breaker_is_open: self.away,
            penalised: self.penalties.closed(now).count(),
        }
    }
}
