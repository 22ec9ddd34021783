//! Which attempt runs next. Sources are served in turn, so that a flood from one source does not delay another. A state
//! machine without processes and without a clock; the supervisor tells it what happened.
//!
//! * A source has a queue of its own. In it, attempts that nobody can forge go ahead. Sources that can start something are
//!   served in turn; a source that cannot keeps its place in the round.
//! * A source never runs more than its share: all workers but the last quarter.
//! * A username never runs more than two transactions, over all sources; its further attempts are passed over.
//! * When too many wait, the longest queue gives its newest.
//!
//! Costs: every operation is a few steps in trees and tables, whatever waits, except that a start or an end of a
//! username's transaction visits each source in which attempts of that same username wait.

mod sources;
mod users;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use self::sources::Sources;
use self::users::{MAX_RUNNING, UserId, Users};
use super::source::Source;

/// What the scheduler needs to know of an attempt. It asks once, when it takes the attempt.
pub trait Schedulable {
    /// Its number, used only once at a time.
    fn id(&self) -> u64;
    /// Where it comes from.
    fn source(&self) -> Source;
    /// The user to log in.
    fn username(&self) -> &[u8];
    /// When it is over its time. It belongs to the attempt, because the time runs on in the worker and when the attempt
    /// is given back.
    fn deadline(&self) -> Option<Instant>;
    /// Whether it goes ahead of the others of its source.
    fn goes_ahead(&self) -> bool {
        false
    }
}

/// The bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Workers at the same time.
    pub max_workers: usize,
    /// Transactions that wait for an answer.
    pub max_suspended: usize,
    /// Sessions that may be open.
    pub max_sessions: usize,
    /// Attempts that wait although they may not start yet, or for want of a worker.
    pub max_pending: usize,
}

impl Limits {
    /// How many workers one source may use: not the last quarter, which is for the others.
    fn source_share(&self) -> usize {
        (self.max_workers - self.max_workers.div_ceil(4)).max(1)
    }
}

/// Place in the order of arrival; given-back attempts stand before all others but those that go ahead.
type Place = i64;

/// So far ahead they go: no number of attempts comes near.
const AHEAD: Place = 1 << 60;

#[derive(Debug)]
struct WaitingAttempt<A> {
    attempt: A,
    id: u64,
    source: Source,
    user: UserId,
    deadline: Option<Instant>,
}

/// The attempts that wait, and how many run of each source and username.
#[derive(Debug)]
pub struct Scheduler<A> {
    max_pending: usize,
    attempts: BTreeMap<Place, WaitingAttempt<A>>,
    places: HashMap<u64, Place>,
    /// The queue of each source.
    queues: BTreeSet<(Source, Place)>,
    /// What of it is of one username.
    lines: BTreeSet<(UserId, Source, Place)>,
    /// The first of each such line, as many as the username may still run.
    ready: BTreeSet<(Source, Place)>,
    deadlines: BTreeSet<(Instant, Place)>,
    sources: Sources,
    users: Users,
    first: Place,
    last: Place,
}

impl<A: Schedulable> Scheduler<A> {
    /// Nothing waits, nothing runs.
    pub fn new(limits: &Limits) -> Self {
        Scheduler {
            max_pending: limits.max_pending,
            attempts: BTreeMap::new(),
            places: HashMap::new(),
            queues: BTreeSet::new(),
            lines: BTreeSet::new(),
            ready: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            sources: Sources::new(limits.source_share()),
            users: Users::default(),
            first: 0,
            last: 0,
        }
    }

    /// Takes an attempt. `free`: the workers that are idle, starting or may still be started; attempts that these can
    /// take do not count as waiting. When too many wait, gives back the one that is refused instead: the newest of the
    /// longest queue, the new one if none is longer than its own. (A number that
    /// waits already is refused too.)
    pub fn submit(&mut self, attempt: A, free: usize) -> Option<A> {
        if self.places.contains_key(&attempt.id()) {
            return Some(attempt);
        }
        let source = attempt.source();
        self.last += 1;
        self.sources.change(source, |tally| tally.waiting += 1);
        let place = if attempt.goes_ahead() { self.last - AHEAD } else { self.last };
        self.insert(place, attempt);
        if self.attempts.len() - free.min(self.runnable()) <= self.max_pending {
            return None;
        }
        let longest = self.sources.longest(source)?;
        let (_, newest) = *self.queues.range((longest, Place::MIN)..=(longest, Place::MAX)).next_back()?;
        self.take(newest)
    }

    /// The attempt that is to start now, if there is one; it counts as running.
    pub fn next(&mut self) -> Option<A> {
        let source = self.sources.next()?;
        let (_, place) = *self.ready.range((source, Place::MIN)..=(source, Place::MAX)).next()?;
        let WaitingAttempt { attempt, user, .. } = self.remove(place)?;
        self.users.started(user);
        self.sources.started(source);
        self.refresh_user(user);
        Some(attempt)
    }

    /// A running attempt of this source and username runs no more.
    pub fn finished(&mut self, source: Source, username: &[u8]) {
        self.sources.change(source, |tally| tally.running = tally.running.saturating_sub(1));
        if let Some(user) = self.users.id(username) {
            self.users.finished(user);
            self.refresh_user(user);
        }
    }

    /// A transaction that waited for an answer goes on: it counts as running, also where no further one could start.
    pub fn resumed(&mut self, source: Source, username: &[u8]) {
        let user = self.users.waits(username);
        self.users.started(user);
        self.sources.change(source, |tally| tally.running += 1);
        self.refresh_user(user);
    }

    /// A running attempt's worker was gone before it began: the attempt waits again, as the first of all
    /// that may start.
    pub fn give_back(&mut self, attempt: A) {
        self.finished(attempt.source(), attempt.username());
        self.first -= 1;
        self.sources.given_back(attempt.source());
        self.insert(self.first, attempt);
    }

    /// Takes an attempt out that waits.
    pub fn cancel(&mut self, id: u64) -> Option<A> {
        let place = *self.places.get(&id)?;
        self.take(place)
    }

    /// Takes out all of a source that wait and are of this kind.
    pub fn take_source(&mut self, source: Source, is_such: impl Fn(&A) -> bool) -> Vec<A> {
        let queue = self.queues.range((source, Place::MIN)..=(source, Place::MAX)).map(|(_, place)| *place);
        let such = |place: &Place| self.attempts.get(place).is_some_and(|waiting| is_such(&waiting.attempt));
        let places: Vec<Place> = queue.filter(such).collect();
        places.into_iter().filter_map(|place| self.take(place)).collect()
    }

    /// Takes out those that have waited until their deadline.
    pub fn expired(&mut self, now: Instant) -> Vec<A> {
        let mut result = Vec::new();
        while let Some((_, place)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now)
        {
            result.extend(self.take(place));
        }
        result
    }

    /// When [`Scheduler::expired`] will have something to give.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.attempts.len()
    }

    /// The sources that have something waiting, with how much, and how much of them runs; the longest first.
    pub fn waiting_by_source(&self) -> Vec<(Source, usize, usize)> {
        self.sources.waiting()
    }

    /// All that wait, in the order in which they came, but for those that go ahead.
    pub fn waiting_ones(&self) -> impl Iterator<Item = &A> {
        self.attempts.values().map(|waiting| &waiting.attempt)
    }

    /// How many of them could start now if there were workers enough. Never less than that; more only while usernames
    /// wait in several sources and other sources have used up their share.
    pub fn runnable(&self) -> usize {
        self.sources.startable().min(self.users.startable())
    }

    /// Takes out all that wait.
    pub fn drain(&mut self) -> Vec<A> {
        let places: Vec<Place> = self.attempts.keys().copied().collect();
        places.into_iter().filter_map(|place| self.take(place)).collect()
    }

    fn insert(&mut self, place: Place, attempt: A) {
        let (id, source, deadline) = (attempt.id(), attempt.source(), attempt.deadline());
        let user = self.users.waits(attempt.username());
        self.places.insert(id, place);
        self.queues.insert((source, place));
        self.lines.insert((user, source, place));
        self.deadlines.extend(deadline.map(|deadline| (deadline, place)));
        self.attempts.insert(place, WaitingAttempt { attempt, id, source, user, deadline });
        self.refresh_line(user, source);
    }

    /// Takes an attempt out that will not start.
    fn take(&mut self, place: Place) -> Option<A> {
        let WaitingAttempt { attempt, user, .. } = self.remove(place)?;
        self.users.left(user);
        Some(attempt)
    }

    /// Takes an attempt out; what its username has waiting is for the caller to say.
    fn remove(&mut self, place: Place) -> Option<WaitingAttempt<A>> {
        let waiting = self.attempts.remove(&place)?;
        let (source, user) = (waiting.source, waiting.user);
        self.places.remove(&waiting.id);
        self.queues.remove(&(source, place));
        self.lines.remove(&(user, source, place));
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(&(deadline, place));
        }
        let ready = usize::from(self.ready.remove(&(source, place)));
        self.sources.change(source, |tally| {
            tally.waiting -= 1;
            tally.ready -= ready;
        });
        self.refresh_line(user, source);
        Some(waiting)
    }

    /// Settles which of the attempts of a username in a source are ready. One more than may run is looked at: one that
    /// was given back has pushed it out.
    fn refresh_line(&mut self, user: UserId, source: Source) {
        let room = self.users.room(user);
        let line = self.lines.range((user, source, Place::MIN)..=(user, source, Place::MAX));
        let (mut more, mut less) = (0, 0);
        for (number, (_, _, place)) in line.take(MAX_RUNNING + 1).enumerate() {
            if number < room {
                more += usize::from(self.ready.insert((source, *place)));
            } else {
                less += usize::from(self.ready.remove(&(source, *place)));
            }
        }
        if (more, less) != (0, 0) {
            self.sources.change(source, |tally| tally.ready = tally.ready + more - less);
        }
    }

    /// The same in all sources, when the number of those that run has changed.
    fn refresh_user(&mut self, user: UserId) {
        let mut after = (user, Source::Unknown, Place::MIN);
        while let Some((found, source, _)) = self.lines.range(after..).next().copied() {
            if found != user {
                return;
            }
            self.refresh_line(user, source);
            after = (user, source, Place::MAX);
        }
    }
}

#[cfg(test)]
#[path = "scheduler_tests.rs"]
mod tests;
