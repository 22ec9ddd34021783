//! The breaker: while the authentication backend is unreachable for all users, attempts are answered at once instead of each
//! holding a worker until the backend's own time limit is over.
//!
//! One user for whom the backend is unreachable is no sign, and a made-up name never is one: modules say the same for users
//! they know nothing of. So it takes five users in a row whom PAM has accepted before. Any other outcome, of anybody,
//! shows that the backend is there.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::source::Source;

/// Users in a row for whom the backend was unreachable.
pub const OPENS_AFTER: usize = 5;
/// Users that are remembered as accepted; the oldest go first.
const MAX_KNOWN: usize = 4096;
/// While the breaker is open, one attempt is passed on this often.
pub const PROBE: Duration = Duration::from_secs(5);

/// What has changed; worth a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerChange {
    /// The backend is unreachable for all users.
    Opened,
    /// It is back.
    Closed,
}

/// The state of the breaker.
#[derive(Debug)]
pub struct CircuitBreaker {
    keys: RandomState,
    /// Keyed hashes of those whom PAM has accepted, and in which order.
    known: HashSet<u64>,
    order: VecDeque<u64>,
    /// Those for whom the backend was unreachable, since it was last there for anybody.
    users: Vec<u64>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    next_probe: Instant,
    /// The same for those whom PAM has accepted before.
    next_known: Instant,
    last_prober: Option<Source>,
}

impl CircuitBreaker {
    /// Closed.
    pub fn new() -> Self {
        CircuitBreaker {
            keys: RandomState::new(),
            known: HashSet::new(),
            order: VecDeque::new(),
            users: Vec::with_capacity(OPENS_AFTER),
            open: None,
        }
    }

    /// Whether an attempt is passed on. While the breaker is open, a probe is, and the source of the last one waits for
    /// twice as long as others. Users whom PAM has accepted before have a probe of their own. Clients whose attempts say
    /// nothing of the backend, with made-up names from several sources, must not be the only probers.
    pub fn admit(&mut self, now: Instant, source: Source, username: &[u8]) -> bool {
        let Some(open) = &mut self.open else { return true };
        if open.next_known <= now && self.known.contains(&self.keys.hash_one(username)) {
            open.next_known = now + PROBE;
            return true;
        }
        let again = source != Source::Unknown && open.last_prober == Some(source);
        let from = if again { open.next_probe + PROBE } else { open.next_probe };
        if now < from {
            return false;
        }
        *open = Open { next_probe: now + PROBE, last_prober: Some(source), ..*open };
        true
    }

    /// What was passed on then says nothing of the backend: if nobody was passed on since, the next one is passed on from
    /// this time, and no later than otherwise.
    pub fn unknown(&mut self, passed_on: Instant, from: Instant) {
        let Some(open) = &mut self.open else { return };
        for next in [&mut open.next_probe, &mut open.next_known] {
            if *next == passed_on + PROBE {
                *next = from.min(*next);
            }
        }
    }

    /// PAM has accepted a login of this user.
    pub fn accepted(&mut self, username: &[u8]) {
        let user = self.keys.hash_one(username);
        if !self.known.insert(user) {
            return;
        }
        self.order.push_back(user);
        if self.order.len() > MAX_KNOWN {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// A transaction has ended; `reached`: whether its authentication phase found the backend there, if that is known.
    pub fn concluded(
        &mut self,
        now: Instant,
        username: &[u8],
        reached: Option<bool>,
    ) -> Option<BreakerChange> {
        if reached? {
            self.users.clear();
            return self.open.take().map(|_| BreakerChange::Closed);
        }
        if self.open.is_some() {
            return None;
        }
        let user = self.keys.hash_one(username);
        if self.known.contains(&user) && !self.users.contains(&user) {
            self.users.push(user);
        }
        if self.users.len() < OPENS_AFTER {
            return None;
        }
        self.users.clear();
        self.open = Some(Open { next_probe: now + PROBE, next_known: now + PROBE, last_prober: None });
        Some(BreakerChange::Opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: Source = Source::V4(1);
    const B: Source = Source::V4(2);

    /// One that knows so many users.
    fn knowing(users: u8) -> CircuitBreaker {
        let mut breaker = CircuitBreaker::new();
        (0..users).for_each(|user| breaker.accepted(&[user]));
        breaker
    }

    #[test]
    fn names_that_nobody_has_logged_in_with_say_nothing() {
        let now = Instant::now();
        let mut breaker = knowing(4);
        for user in 0..=255u8 {
            assert_eq!(breaker.concluded(now, &[user], Some(false)), None, "{user}");
            assert!(breaker.admit(now, A, b"x"));
        }
        breaker.accepted(b"one more");
        assert_eq!(breaker.concluded(now, b"one more", Some(false)), Some(BreakerChange::Opened));
    }

    #[test]
    fn not_all_users_are_remembered() {
        let mut breaker = CircuitBreaker::new();
        for user in 0..2 * MAX_KNOWN {
            breaker.accepted(&user.to_le_bytes());
        }
        assert_eq!((breaker.known.len(), breaker.order.len()), (MAX_KNOWN, MAX_KNOWN));
        assert!(breaker.known.contains(&breaker.keys.hash_one((2 * MAX_KNOWN - 1).to_le_bytes().as_slice())));
    }

    fn open(now: Instant) -> CircuitBreaker {
        let mut breaker = knowing(5);
        for user in 0..4u8 {
            assert_eq!(breaker.concluded(now, &[user], Some(false)), None);
            assert!(breaker.admit(now, A, b"x"));
        }
        assert_eq!(breaker.concluded(now, &[4], Some(false)), Some(BreakerChange::Opened));
        breaker
    }

    #[test]
    fn five_users_in_a_row_open_it_and_one_probe_every_five_seconds_is_passed() {
        let now = Instant::now();
        let mut breaker = open(now);
        assert!(!breaker.admit(now, A, b"x"));
        assert!(!breaker.admit(now + PROBE - Duration::from_millis(1), A, b"x"));
        assert!(breaker.admit(now + PROBE, A, b"x"));
        assert!(!breaker.admit(now + PROBE, B, b"x"));
        assert_eq!(breaker.concluded(now + PROBE, b"x", Some(false)), None);
        assert!(!breaker.admit(now + 2 * PROBE - Duration::from_millis(1), B, b"x"));
        assert!(breaker.admit(now + 2 * PROBE, B, b"x"));
    }

    #[test]
    fn any_other_outcome_closes_it() {
        let now = Instant::now();
        let mut breaker = open(now);
        assert_eq!(breaker.concluded(now, &[1], Some(true)), Some(BreakerChange::Closed));
        assert!(breaker.admit(now, A, b"x") && breaker.admit(now, A, b"x"));
        assert_eq!(breaker.concluded(now, &[1], Some(true)), None);
        // It takes five again.
        for user in 0..4u8 {
            assert_eq!(breaker.concluded(now, &[user], Some(false)), None);
        }
        assert_eq!(breaker.concluded(now, &[4], Some(false)), Some(BreakerChange::Opened));
    }

    #[test]
    fn one_user_does_not_open_it_and_does_not_keep_it_from_opening() {
        let (mut breaker, now) = (knowing(4), Instant::now());
        breaker.accepted(b"alice");
        for _ in 0..100 {
            assert_eq!(breaker.concluded(now, b"alice", Some(false)), None);
        }
        for user in 0..3u8 {
            assert_eq!(breaker.concluded(now, &[user], Some(false)), None);
            assert_eq!(breaker.concluded(now, b"alice", Some(false)), None);
        }
        assert_eq!(breaker.concluded(now, &[3], Some(false)), Some(BreakerChange::Opened));
    }

    #[test]
    fn one_for_whom_the_backend_is_there_begins_the_row_anew() {
        let (mut breaker, now) = (knowing(100), Instant::now());
        for user in 0..100u8 {
            assert_eq!(breaker.concluded(now, &[user], Some(false)), None);
            if user % 4 == 3 {
                assert_eq!(breaker.concluded(now, b"local", Some(true)), None);
            }
        }
    }

    #[test]
    fn another_source_than_the_last_prober_comes_first() {
        let now = Instant::now();
        let mut breaker = open(now);
        assert!(breaker.admit(now + PROBE, A, b"x"));
        assert!(!breaker.admit(now + 2 * PROBE, A, b"x"));
        assert!(breaker.admit(now + 2 * PROBE, B, b"x"));
        assert!(breaker.admit(now + 3 * PROBE, A, b"x"));
        assert!(!breaker.admit(now + 5 * PROBE - Duration::from_millis(1), A, b"x"));
        assert!(breaker.admit(now + 5 * PROBE, A, b"x"));
    }

    /// Otherwise questions and joined attempts could be all the probes there are.
    #[test]
    fn a_probe_that_says_nothing_makes_room_for_the_next_one() {
        let now = Instant::now();
        let mut breaker = open(now);
        let [first, third] = [1, 3].map(|times| now + PROBE * times);
        assert!(breaker.admit(first, A, b"x") && !breaker.admit(first, B, b"x"));
        let (moment, from) = (Duration::from_millis(1), first + PROBE / 5);
        breaker.unknown(first, from);
        assert!(!breaker.admit(from - moment, B, b"x"));
        assert!(!breaker.admit(from, A, b"x"), "the last prober");
        assert!(breaker.admit(from, B, b"x"));
        // Of an earlier turn.
        assert!(breaker.admit(from + PROBE, A, b"x"));
        breaker.unknown(first, first);
        assert!(!breaker.admit(from + PROBE, B, b"x"));
        // The same for users whom PAM has accepted before.
        assert!(breaker.admit(third, B, &[1]));
        breaker.unknown(third, third);
        assert!(breaker.admit(third, A, &[2]));
    }

    /// The source of the last one waits for twice as long anyway.
    #[test]
    fn a_probe_that_says_nothing_puts_the_next_one_off_for_nobody() {
        let now = Instant::now();
        let mut breaker = open(now);
        let first = now + PROBE;
        assert!(breaker.admit(first, A, b"x"));
        breaker.unknown(first, first + PROBE * 2 - Duration::from_millis(1));
        assert!(breaker.admit(first + PROBE * 2, A, b"x"));
    }

    #[test]
    fn without_addresses_each_may_probe() {
        let now = Instant::now();
        let mut breaker = open(now);
        assert!(breaker.admit(now + PROBE, Source::Unknown, b"x"));
        assert!(breaker.admit(now + 2 * PROBE, Source::Unknown, b"x"));
    }

    #[test]
    fn made_up_names_from_several_sources_are_not_the_only_probers() {
        let now = Instant::now();
        let mut breaker = open(now);
        for second in 1..=60 {
            let later = now + Duration::from_secs(second);
            for source in [A, B] {
                if breaker.admit(later, source, b"made up") {
                    assert_eq!(breaker.concluded(later, b"made up", Some(false)), None);
                }
            }
        }
        let later = now + Duration::from_secs(60);
        let c = Source::V4(3);
        assert!(!breaker.admit(later, c, b"made up"));
        assert!(breaker.admit(later, c, &[1]));
        assert!(!breaker.admit(later, c, &[2]), "one probe every five seconds");
        assert!(breaker.admit(later + PROBE, c, &[2]));
    }

    proptest! {
        #[test]
        fn it_opens_exactly_when_the_last_five_users_all_found_the_backend_away(
            outcomes in prop::collection::vec((0u8..8, prop::bool::weighted(0.9)), 0..100),
        ) {
            let (mut breaker, now) = (knowing(8), Instant::now());
            let mut row: Vec<u8> = Vec::new();
            let mut open = false;
            for (user, unavailable) in outcomes {
                row.push(user);
                if !unavailable {
                    row.clear();
                }
                let users: std::collections::BTreeSet<_> = row.iter().collect();
                let expected = match (open, unavailable) {
                    (true, false) => Some(BreakerChange::Closed),
                    (false, true) if users.len() == 5 => Some(BreakerChange::Opened),
                    _ => None,
                };
                prop_assert_eq!(breaker.concluded(now, &[user], Some(!unavailable)), expected);
                open = match expected { Some(change) => change == BreakerChange::Opened, None => open };
                prop_assert_eq!(breaker.admit(now, A, b"x"), !open);
            }
        }
    }
}
