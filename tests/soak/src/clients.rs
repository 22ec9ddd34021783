//! The clients: each connects again and again, until the end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use harness::Outcome;

use crate::stage::{ANSWER, PASSWORD, Stage};

pub(crate) const CLIENTS: usize = 50;
/// How long a client waits for its verdict: it gives up by itself after about this time.
const PATIENCE: Duration = Duration::from_secs(40);
/// The shortest pause before a client comes again.
const PAUSE: Duration = Duration::from_secs(2);

/// What becomes of a client's logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Good,
    Asked,
    Bad,
    Crashing,
    Hanging,
}

impl Kind {
    fn of(number: usize) -> Self {
        match number % 10 {
            0..=4 => Self::Good,
            5 => Self::Asked,
            6 | 7 => Self::Bad,
            8 => Self::Crashing,
            _ => Self::Hanging,
        }
    }

    fn user(self, number: usize) -> String {
        let word = match self {
            Self::Good => "good",
            Self::Asked => "ask",
            Self::Bad => "bad",
            Self::Crashing => "crash",
            Self::Hanging => "hang",
        };
        format!("{word}{number}")
    }

    fn is_let_in(self) -> bool {
        matches!(self, Self::Good | Self::Asked)
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Clients {
    stopped: Mutex<bool>,
    told: Condvar,
    outcomes: Mutex<BTreeMap<(Kind, &'static str), usize>>,
}

impl Clients {
    pub(crate) fn start<'scope, 'env>(&'env self, scope: &'scope Scope<'scope, 'env>, stage: &'env Stage) {
        for number in 0..CLIENTS {
            scope.spawn(move || {
                // Not all in the same moment.
                let mut pause = PAUSE.mul_f64(0.1 * number as f64);
                while !self.is_stopped_within(pause) {
                    self.visit(stage, number);
                    pause = PAUSE + Duration::from_millis(137 * (number as u64 % 11));
                }
            });
        }
    }

    /// Has all of them leave.
    pub(crate) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    fn is_stopped_within(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            stopped = self.told.wait_timeout(stopped, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *stopped
    }

    /// A login, and the time in the tunnel if there is one.
    fn visit(&self, stage: &Stage, number: usize) {
        let kind = Kind::of(number);
        let user = kind.user(number);
        let stay = Duration::from_secs(2 + number as u64 % 9);
        let outcome = if kind == Kind::Asked {
            let person = stage.server.person(&user, PASSWORD).answers(&[ANSWER]).start();
            let outcome = person.outcome(PATIENCE);
            self.stay(&outcome, stay);
            outcome
        } else {
            let password = if kind == Kind::Bad { "wrong" } else { PASSWORD };
            let address = format!("127.0.1.{}", number + 1);
            let client = stage.server.client(&user, password).from_address(&address).start();
            let outcome = client.outcome(PATIENCE);
            self.stay(&outcome, stay);
            outcome
        };
        let word = match outcome {
            Outcome::Connected(_) => LET_IN,
            Outcome::Refused { .. } => "refused",
            Outcome::Neither => "no answer",
        };
        *self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).entry((kind, word)).or_default() += 1;
    }

    fn stay(&self, outcome: &Outcome, time: Duration) {
        if matches!(outcome, Outcome::Connected(_)) {
            self.is_stopped_within(time);
        }
    }
}

const LET_IN: &str = "let in";

/// How logins have ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    outcomes: BTreeMap<(Kind, &'static str), usize>,
    pub(crate) signals: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, clients: Clients) {
        for (what, count) in clients.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner) {
            *self.outcomes.entry(what).or_default() += count;
        }
    }

    /// What must not be. A restart of the server leaves clients without an answer, but not most of them.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let count = |kind: Kind, word| self.outcomes.get(&(kind, word)).copied().unwrap_or(0);
        let mut found = Vec::new();
        for kind in [Kind::Good, Kind::Asked, Kind::Bad, Kind::Crashing, Kind::Hanging] {
            let all: usize =
                self.outcomes.iter().filter(|(what, _)| what.0 == kind).map(|(_, count)| count).sum();
            let let_in = count(kind, LET_IN);
            if kind.is_let_in() && let_in * 2 < all || all == 0 {
                found.push(format!("{kind:?}: of {all} logins only {let_in} were let in"));
            }
            if !kind.is_let_in() && let_in > 0 {
                found.push(format!("{kind:?}: {let_in} logins were let in"));
            }
        }
        found
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.outcomes.values().sum();
        writeln!(f, "{all} logins, {} signals", self.signals)?;
        self.outcomes.iter().try_for_each(|((kind, word), count)| writeln!(f, "  {kind:?}: {count} {word}"))
    }
}
