//! What the supervisor counts, for `status=` and for metrics: plain numbers in memory that is there from the start, so that a
//! login costs a few additions. They begin at zero with each supervisor: one that was killed takes its numbers along.

mod latency;
mod snapshot;

use std::time::Duration;

pub use latency::{LatencyHistogram, RecentLatencies};
pub use snapshot::{SessionCounts, Snapshot, WorkerCounts};

use pam::ReturnCode;

use super::outcome::{Outcome, code};
use super::sessions::session_log::SessionEvent;
use crate::protocol::verdict::Verdict;

/// Declares an enum whose variants have labels: the same in JSON and in metrics.
macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $label:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// Its label; a published label never changes.
            pub fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }
        }
    };
}

labels! {
    /// What became of an attempt.
    VerdictKind {
        /// The client may come in.
        Accepted = "accepted",
        /// It may not.
        Rejected = "rejected",
        /// It may not now.
        Temporary = "temporary",
        /// It was asked a question.
        Asked = "asked",
    }
}

labels! {
    /// What decided an attempt.
    VerdictCause {
        /// PAM.
        Pam = "pam",
        /// PAM asks the person at the client.
        Question = "question",
        /// The same client has come again before it has answered.
        QuestionAgain = "question_again",
        /// Its answer belongs to no question.
        NoQuestion = "no_question",
        /// A worker ended before PAM did.
        WorkerEnded = "worker_ended",
        /// A worker was killed, for what it has sent is no report.
        WorkerDistrusted = "worker_distrusted",
        /// The system is short of something.
        Shortage = "shortage",
        /// PAM took longer than the time limit.
        TimeLimit = "time_limit",
        /// No worker was free within the time limit.
        WaitedTooLong = "waited_too_long",
        /// Too many attempts wait.
        QueueFull = "queue_full",
        /// Too many attempts of one username and source.
        TooManyUnanswered = "too_many_alike",
        /// Too many sessions.
        TooManySessions = "too_many_sessions",
        /// Too many sessions of one user.
        TooManySessionsOfUser = "too_many_sessions_of_user",
        /// Its user was revoked during the login.
        Revoked = "revoked",
        /// There is no worker and none can be started.
        NoWorker = "no_worker",
        /// The backend is unreachable for all users.
        BackendAway = "backend_away",
        /// The source only fails.
        Penalty = "penalty",
    }
}

impl VerdictKind {
    /// Of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Accepted { .. } => VerdictKind::Accepted,
            Verdict::Rejected => VerdictKind::Rejected,
            Verdict::Temporary { .. } => VerdictKind::Temporary,
            Verdict::Asked(_) => VerdictKind::Asked,
        }
    }
}

impl VerdictCause {
    /// Of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Pam(..) => VerdictCause::Pam,
            Outcome::Asked(_) => VerdictCause::Question,
            Outcome::AskedAgain(_) => VerdictCause::QuestionAgain,
            Outcome::NoQuestion => VerdictCause::NoQuestion,
            Outcome::WorkerEnded(_) => VerdictCause::WorkerEnded,
            Outcome::Distrusted(_) => VerdictCause::WorkerDistrusted,
            Outcome::Shortage(_) => VerdictCause::Shortage,
            Outcome::RanTooLong => VerdictCause::TimeLimit,
            Outcome::WaitedTooLong => VerdictCause::WaitedTooLong,
            Outcome::QueueFull => VerdictCause::QueueFull,
            Outcome::TooManyUnanswered => VerdictCause::TooManyUnanswered,
            Outcome::TooManySessions => VerdictCause::TooManySessions,
            Outcome::TooManyOfUser => VerdictCause::TooManySessionsOfUser,
            Outcome::Revoked => VerdictCause::Revoked,
            Outcome::NoWorker => VerdictCause::NoWorker,
            Outcome::Away => VerdictCause::BackendAway,
            Outcome::Penalty(_) => VerdictCause::Penalty,
        }
    }
}

/// Declares the counters that are one number each, with their names for status.
macro_rules! counters {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $counter:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$inner])* pub $counter: u64,)+ }

        impl $name {
            /// Each by its name.
            pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($counter), self.$counter),)+].into_iter()
            }

            /// Each another number, for tests that look where they are.
            #[cfg(test)]
            pub fn all_different() -> Self {
                let mut number = 1_000_000..;
                let mut next = || number.next().unwrap_or_default();
                Self { $($counter: next(),)+ }
            }
        }
    };
}

counters! {
    /// What is one number. `ovpn-plugin status --json` shows each by the name of its field; metrics have families for them.
    Totals {
        /// Attempts whose clients were gone before PAM was asked.
        cancelled,
        /// Attempts that the front has refused by itself, for what the client sent. It tells of all with `syslog=`, `status=` or
        /// `metrics=`, otherwise only of those that count for penalties.
        refused_by_front,
        /// The same, but not for what the client sent.
        undecided_by_front,
        /// Answers to questions that fit.
        questions_answered,
        /// Questions that were given up.
        questions_given_up,
        /// Sessions that were opened.
        sessions_opened,
        /// Sessions that were closed.
        sessions_closed,
        /// Clients that were refused since no session could be opened.
        sessions_refused,
        /// Sessions that nobody has closed.
        sessions_lost,
        /// Clients that got their options.
        options_given,
        /// Clients whose options could not be put together.
        options_refused,
        /// Workers that were forked.
        workers_forked,
        /// Workers that could not be forked.
        fork_failures,
        /// Workers that a module has ended while it ran.
        workers_ended_by_modules,
        /// Workers that had to be killed: over the time limit, or not ready in time.
        workers_killed,
        /// How often the backend was found unreachable for all users.
        breaker_opened,
        /// How often a source was closed for its failures.
        penalties,
    }
}

const KINDS: usize = VerdictKind::ALL.len();
const CAUSES: usize = VerdictCause::ALL.len();
/// Linux-PAM has codes up to 31. What is beyond is counted last.
const CODES: usize = 33;

/// What is counted. Everything only grows.
#[derive(Debug, Clone)]
pub struct Counters {
    attempts: [[u64; CAUSES]; KINDS],
    codes: [u64; CODES],
    /// From the arrival of an attempt to its verdict: how long it waited for a worker and for PAM. Of those that took one of
    /// both; what is refused at once is no measure. A refusal is delivered later than that (`refusal-time`).
    latency: [LatencyHistogram; KINDS],
    /// The same of the last ones, whatever came of them.
    pub recent: RecentLatencies,
    /// All else.
    pub totals: Totals,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            attempts: [[0; CAUSES]; KINDS],
            codes: [0; CODES],
            latency: std::array::from_fn(|_| LatencyHistogram::default()),
            recent: RecentLatencies::default(),
            totals: Totals::default(),
        }
    }
}

impl Counters {
    /// An attempt has its verdict, so long after it came.
    pub fn concluded(&mut self, verdict: &Verdict, outcome: &Outcome, took: Duration) {
        let kind = VerdictKind::of(verdict) as usize;
        self.attempts[kind][VerdictCause::of(outcome) as usize] += 1;
        if let Outcome::Pam(end, _) = outcome {
            let code = usize::try_from(code(end).raw()).unwrap_or(CODES);
            self.codes[code.min(CODES - 1)] += 1;
        }
        if !outcome.costs_nothing() {
            self.latency[kind].add(took);
            self.recent.add(took);
        }
    }

    /// Something has become of a session.
    pub fn of_session(&mut self, event: SessionEvent) {
        *match event {
            SessionEvent::Opened(_) => &mut self.totals.sessions_opened,
            SessionEvent::Closed(..) => &mut self.totals.sessions_closed,
            SessionEvent::Refused => &mut self.totals.sessions_refused,
            SessionEvent::Lost(..) => &mut self.totals.sessions_lost,
        } += 1;
    }

    /// Attempts of this kind that were decided by this.
    pub fn attempts(&self, kind: VerdictKind, cause: VerdictCause) -> u64 {
        self.attempts[kind as usize][cause as usize]
    }

    /// How often PAM has ended with which code: the codes that came, by the names of PAM's header.
    pub fn codes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.codes.iter().enumerate().filter(|(_, count)| **count > 0).map(|(code, count)| {
            let name = i32::try_from(code).ok().and_then(|code| ReturnCode::from_raw(code).name());
            (name.unwrap_or("other"), *count)
        })
    }

    /// How long attempts of this kind took.
    pub fn latency(&self, kind: VerdictKind) -> &LatencyHistogram {
        &self.latency[kind as usize]
    }
}

#[cfg(test)]
#[path = "counters_tests.rs"]
mod tests;
