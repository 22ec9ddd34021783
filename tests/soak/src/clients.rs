//! The clients: each connects again and again, until the end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use harness::Outcome;

use crate::stage::{ANSWER, HAND_WINDOW, PASSWORD, Stage};

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
    /// How many times a restart of the server has begun, or is over.
    restarts: AtomicUsize,
    outcomes: Mutex<BTreeMap<Ended, usize>>,
}

/// How a login has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ended {
    kind: Kind,
    word: &'static str,
    /// The server was restarted meanwhile.
    disturbed: bool,
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

    /// Something that logins need not survive.
    pub(crate) fn during_restart(&self, restart: impl FnOnce()) {
        self.restarts.fetch_add(1, Ordering::SeqCst);
        restart();
        self.restarts.fetch_add(1, Ordering::SeqCst);
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
        let restarts = || self.restarts.load(Ordering::SeqCst);
        let (started, before) = (Instant::now(), restarts());
        let disturbed = || before % 2 == 1 || restarts() != before;
        let outcome = if kind == Kind::Asked {
            let person = stage.server.person(&user, PASSWORD).answers(&[ANSWER]).start();
            let outcome = (person.outcome(PATIENCE), started.elapsed(), disturbed());
            self.stay(&outcome.0, stay);
            outcome
        } else {
            let password = if kind == Kind::Bad { "wrong" } else { PASSWORD };
            let address = format!("127.0.1.{}", number + 1);
            let client = stage.server.client(&user, password).from_address(&address).start();
            let outcome = (client.outcome(PATIENCE), started.elapsed(), disturbed());
            self.stay(&outcome.0, stay);
            outcome
        };
        let (outcome, took, disturbed) = outcome;
        let word = match outcome {
            // OpenVPN has given up a login by then, and the client has come again.
            _ if took >= Duration::from_secs(HAND_WINDOW.into()) => "no answer in time",
            Outcome::Connected(_) => LET_IN,
            Outcome::Refused { .. } => REFUSED,
            Outcome::Neither => "no answer",
        };
        let ended = Ended { kind, word, disturbed };
        *self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).entry(ended).or_default() += 1;
    }

    fn stay(&self, outcome: &Outcome, time: Duration) {
        if matches!(outcome, Outcome::Connected(_)) {
            self.is_stopped_within(time);
        }
    }
}

const LET_IN: &str = "let in";
const REFUSED: &str = "refused";
/// Of so many logins that no restart has disturbed, one may end otherwise than it should: the machine is busy.
const ONE_OF: usize = 100;

/// How logins have ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    outcomes: BTreeMap<Ended, usize>,
    pub(crate) signals: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, clients: Clients) {
        for (what, count) in clients.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner) {
            *self.outcomes.entry(what).or_default() += count;
        }
    }

    fn count(&self, wanted: impl Fn(&Ended) -> bool) -> usize {
        self.outcomes.iter().filter(|(ended, _)| wanted(ended)).map(|(_, count)| count).sum()
    }

    /// How many logins there were.
    pub(crate) fn logins(&self) -> usize {
        self.count(|_| true)
    }

    /// What must not be. A restart of the server leaves clients without an answer; nothing else may.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for kind in [Kind::Good, Kind::Asked, Kind::Bad, Kind::Crashing, Kind::Hanging] {
            let word = if kind.is_let_in() { LET_IN } else { REFUSED };
            let undisturbed = |ended: &Ended| ended.kind == kind && !ended.disturbed;
            let all = self.count(undisturbed);
            let right = self.count(|ended| undisturbed(ended) && ended.word == word);
            if (all - right) * ONE_OF > all.max(ONE_OF) || all == 0 {
                found.push(format!("{kind:?}: of {all} logins without a restart only {right} were {word}"));
            }
            let let_in = self.count(|ended| ended.kind == kind && ended.word == LET_IN);
            if !kind.is_let_in() && let_in > 0 {
                found.push(format!("{kind:?}: {let_in} logins were let in"));
            }
        }
        found
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} logins, {} signals", self.logins(), self.signals)?;
        self.outcomes.iter().try_for_each(|(Ended { kind, word, disturbed }, count)| {
            writeln!(f, "  {kind:?}: {count} {word}{}", if *disturbed { " (restart)" } else { "" })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_login_in_twenty_without_an_answer_is_a_mistake() {
        let tally = |unanswered: usize, disturbed| {
            let mut tally = Tally::default();
            for kind in [Kind::Good, Kind::Asked, Kind::Bad, Kind::Crashing, Kind::Hanging] {
                let word = if kind.is_let_in() { LET_IN } else { REFUSED };
                tally.outcomes.insert(Ended { kind, word, disturbed: false }, 100 - unanswered);
                tally.outcomes.insert(Ended { kind, word: "no answer", disturbed }, unanswered);
            }
            tally.mistakes().len()
        };
        assert_eq!((tally(0, false), tally(1, false), tally(5, false), tally(5, true)), (0, 0, 5, 0));
    }

    #[test]
    fn nobody_is_let_in_who_must_not() {
        let mut tally = Tally::default();
        for kind in [Kind::Good, Kind::Asked, Kind::Bad, Kind::Crashing, Kind::Hanging] {
            let word = if kind.is_let_in() { LET_IN } else { REFUSED };
            tally.outcomes.insert(Ended { kind, word, disturbed: false }, 1000);
        }
        assert!(tally.mistakes().is_empty());
        tally.outcomes.insert(Ended { kind: Kind::Crashing, word: LET_IN, disturbed: true }, 1);
        assert_eq!(tally.mistakes(), ["Crashing: 1 logins were let in"]);
    }
}
