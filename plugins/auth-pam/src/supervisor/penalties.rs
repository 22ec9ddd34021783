//! Sources that only fail are refused for a while before PAM is asked: guesses cost workers, processor time and lines in
//! logs, and with ever longer pauses hardly any are left.
//!
//! **What counts.** A refusal by PAM, once for each pair of username and credentials (a device that repeats an old
//! password for ever has failed once); and each time a module ends its worker, since that costs a new process. A refusal
//! for which the configuration is to blame does not count. A source is penalised after ten, if none of its attempts was accepted within an
//! hour. An hour without a counted failure, and all are forgotten.
//!
//! **When it counts.** When the verdict is delivered, not when PAM decides. A client sees whether its source is closed, and
//! for how long: from that it could tell when PAM decided an attempt before, which is later for a username that has an
//! account. So PAM is also asked about what a source sends until the tenth refusal may be known (`refusal-time`).
//!
//! **What a penalty is.** The tenth failure closes the source for five seconds. What waits of it then is not passed on
//! either; what runs goes on. When the time is over, one attempt is
//! passed on and the source is closed for as long again: if that attempt fails with something new, for twice as long, ten
//! minutes at most; if it is accepted, everything is forgiven. Attempts that were under way when the source was closed
//! are counted, but make nothing longer.
//!
//! **Who is not harmed.** A source from which somebody was accepted is exempt for an hour from then on. So one guesser
//! behind the same NAT as many users changes nothing for them, and nothing for himself either: PAM's own locks per
//! account (pam_faillock) are what is left against him.
//!
//! **Who may be harmed.** If the guesser comes first, users meet a closed source until one of them is accepted. Usernames
//! that did not fail from there yet have a door of their own, through which one attempt a second is passed: against a
//! guesser who tries a few accounts, the first user is let in at once, and the source is exempt. Only two have to try
//! repeatedly: a user who mistyped a password (and shares the door of the guesser's accounts), and a user who competes with
//! a guesser that takes a new username each time (at ten a second, about one try in ten goes through). Failures of new usernames do
//! not close a closed source for longer, so that this guesser does not shut the other door too.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::source::Source;

/// Different failures without a success from which on a source is penalised.
pub const FREE_FAILURES: u32 = 10;
/// The first penalty.
pub const FIRST: Duration = Duration::from_secs(5);
/// The longest.
pub const LONGEST: Duration = Duration::from_secs(600);
/// Failures are forgotten after this time, and so is a success.
pub const MEMORY: Duration = Duration::from_secs(3600);
/// While a source is closed, an attempt with a username that did not fail yet is passed on this often.
pub const NEW_USERNAME: Duration = Duration::from_secs(1);
/// Sources that are remembered.
pub const MAX_SOURCES: usize = 4096;

/// The same penalty is logged again after this time, if it lasts so long.
const QUIET: Duration = Duration::from_secs(60);
/// Failures of a source that are known again.
const RECENT_FAILURES: usize = 16;
/// Usernames of a source that are known to have failed.
const RECENT_USERNAMES: usize = 64;

/// An attempt that is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PenaltyRefusal {
    /// When it makes sense to try again.
    pub backoff: Duration,
    /// Worth a line in the log, which is so once for each penalty.
    pub log: Option<Penalty>,
}

/// A refusal by PAM, to be counted when its verdict is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAttempt {
    source: Source,
    /// A keyed hash of the username, which may be long.
    username: u64,
    fingerprint: u64,
}

/// What the log should say of a penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Penalty {
    /// Failures within the last hour that count, none of them followed by a success.
    pub failures: u32,
    /// How long the source is closed.
    pub length: Duration,
}

/// A source that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedSource {
    /// Which.
    pub source: Source,
    /// Why, and for how long each time.
    pub penalty: Penalty,
    /// How long it is until an attempt is passed on again; zero: the next one is.
    pub left: Duration,
}

/// The last few of something, each once.
#[derive(Debug, Default)]
struct LastFew<const MOST: usize>(VecDeque<u64>);

impl<const MOST: usize> LastFew<MOST> {
    fn contains(&self, value: u64) -> bool {
        self.0.contains(&value)
    }

    /// True if it is new.
    fn insert(&mut self, value: u64) -> bool {
        if self.contains(value) {
            return false;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(value);
        true
    }
}

/// What is known of a source.
#[derive(Debug)]
enum Record {
    Exempt { until: Instant },
    Failing(Box<Failures>),
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
    recent: LastFew<RECENT_FAILURES>,
    usernames: LastFew<RECENT_USERNAMES>,
    /// Set while the source is penalised.
    closed: Option<Closed>,
}

#[derive(Debug)]
struct Closed {
    length: Duration,
    until: Instant,
    /// The attempt that was passed on after the time was over has not failed yet.
    probing: bool,
    new_username_from: Instant,
    /// Until when nothing more is to be logged.
    quiet_until: Instant,
}

/// All sources that failed or were exempted lately.
#[derive(Debug)]
pub struct Penalties {
    enabled: bool,
    keys: RandomState,
    records: HashMap<Source, (u64, Record)>,
    /// The sources by when they were seen last.
    seen: BTreeMap<u64, Source>,
    clock: u64,
}

impl FailedAttempt {
    /// Where it came from.
    pub fn source(&self) -> Source {
        self.source
    }
}

impl Penalties {
    /// Nothing is known yet. Not `enabled`, everything is passed on.
    pub fn new(enabled: bool) -> Self {
        Penalties {
            enabled,
            keys: RandomState::new(),
            records: HashMap::new(),
            seen: BTreeMap::new(),
            clock: 0,
        }
    }

    /// Whether an attempt is passed on to PAM; if not, why.
    pub fn admit(&mut self, now: Instant, source: Source, username: &[u8]) -> Option<PenaltyRefusal> {
        let username = self.keys.hash_one(username);
        let Record::Failing(failures) = self.known(now, source)? else { return None };
        let new = !failures.usernames.contains(username);
        let closed = failures.closed.as_mut()?;
        let (door, interval) = if new {
            (&mut closed.new_username_from, NEW_USERNAME)
        } else {
            (&mut closed.until, closed.length)
        };
        if *door <= now {
            *door = now + interval;
            closed.probing |= !new;
            return None;
        }
        let backoff = door.saturating_duration_since(now);
        let log = (closed.quiet_until <= now)
            .then_some(Penalty { failures: failures.count, length: closed.length });
        if log.is_some() {
            closed.quiet_until = closed.until.max(now + QUIET);
        }
        Some(PenaltyRefusal { backoff, log })
    }

    /// What counts of an attempt that PAM refuses. `fingerprint`: a keyed hash of username and credentials.
    pub fn failure(&self, source: Source, username: &[u8], fingerprint: u64) -> FailedAttempt {
        FailedAttempt { source, username: self.keys.hash_one(username), fingerprint }
    }

    /// The client learns that PAM has refused an attempt. How long the source is closed from now on, if it was open until
    /// now: then what waits of it is not passed on either.
    pub fn refused(&mut self, now: Instant, failed: FailedAttempt) -> Option<Duration> {
        self.failed(now, failed.source, failed.username, Some(failed.fingerprint))
    }

    /// A module has ended the worker that ran an attempt: counts each time, also with the same credentials. The rest as
    /// [`Penalties::refused`].
    pub fn crashed(&mut self, now: Instant, source: Source, username: &[u8]) -> Option<Duration> {
        self.failed(now, source, self.keys.hash_one(username), None)
    }

    fn failed(
        &mut self,
        now: Instant,
        source: Source,
        username: u64,
        fingerprint: Option<u64>,
    ) -> Option<Duration> {
        if !self.enabled || source == Source::Unknown {
            return None;
        }
        if self.known(now, source).is_none() {
            let (recent, usernames) = (LastFew::default(), LastFew::default());
            let failures = Failures { count: 0, last: now, recent, usernames, closed: None };
            self.remember(source, Record::Failing(Box::new(failures)));
        }
        let Some((_, Record::Failing(failures))) = self.records.get_mut(&source) else { return None };
        let new_username = failures.usernames.insert(username);
        if fingerprint.is_some_and(|fingerprint| !failures.recent.insert(fingerprint)) {
            return None;
        }
        let was_open = failures.closed.is_none();
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.closed = match failures.closed.take() {
            None if failures.count >= FREE_FAILURES => Some(Closed {
                length: FIRST,
                until: now + FIRST,
                probing: false,
                new_username_from: now,
                quiet_until: now,
            }),
            Some(closed) if closed.probing && !new_username => {
                let length = (closed.length * 2).min(LONGEST);
                Some(Closed { length, until: now + length, probing: false, quiet_until: now, ..closed })
            }
            same => same,
        };
        failures.closed.as_ref().filter(|_| was_open).map(|closed| closed.length)
    }

    /// PAM has accepted an attempt.
    pub fn accepted(&mut self, now: Instant, source: Source) {
        if self.enabled && source != Source::Unknown {
            self.remember(source, Record::Exempt { until: now + MEMORY });
        }
    }

    /// Forgets what a source has failed; how often that was, and whether it was closed for it. One from which somebody was
    /// accepted stays exempt.
    pub fn forgive(&mut self, now: Instant, source: Source) -> Option<(u32, bool)> {
        let Record::Failing(failures) = self.known(now, source)? else { return None };
        let forgiven = (failures.count, failures.closed.is_some());
        let (seen, _) = self.records.remove(&source)?;
        self.seen.remove(&seen);
        Some(forgiven)
    }

    /// The sources that are closed now, in no order.
    pub fn closed(&self, now: Instant) -> impl Iterator<Item = ClosedSource> {
        self.records.iter().filter_map(move |(source, (_, record))| {
            let Record::Failing(failures) = record else { return None };
            let closed = failures.closed.as_ref().filter(|_| failures.last + MEMORY > now)?;
            let penalty = Penalty { failures: failures.count, length: closed.length };
            Some(ClosedSource { source: *source, penalty, left: closed.until.saturating_duration_since(now) })
        })
    }

    /// What is known of a source, which is seen now. What is too old is forgotten first.
    fn known(&mut self, now: Instant, source: Source) -> Option<&mut Record> {
        let (seen, record) = self.records.get(&source)?;
        let end = match record {
            Record::Exempt { until } => *until,
            Record::Failing(failures) => failures.last + MEMORY,
        };
        self.seen.remove(seen);
        if end <= now {
            self.records.remove(&source);
            return None;
        }
        self.clock += 1;
        self.seen.insert(self.clock, source);
        let (seen, record) = self.records.get_mut(&source)?;
        *seen = self.clock;
        Some(record)
    }

    fn remember(&mut self, source: Source, record: Record) {
        self.clock += 1;
        self.seen.insert(self.clock, source);
        if let Some((seen, _)) = self.records.insert(source, (self.clock, record)) {
            self.seen.remove(&seen);
        }
        if self.records.len() > MAX_SOURCES {
            if let Some((_, oldest)) = self.seen.pop_first() {
                self.records.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
#[path = "penalties_tests.rs"]
mod tests;
