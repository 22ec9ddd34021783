//! How long OpenVPN waits for the verdict of a deferred attempt before it is really deferred.
//!
//! A verdict that comes within the grace is answered directly, which spares the client the second that OpenVPN needs to
//! notice a control file. But every wait stops the whole server, so OpenVPN waits only if nothing else is pending, no
//! login was accepted just before, and of the last four accepted logins two or more were quick and at most one was slow.
//! How much it waits over all is in `wait_budget`.
//!
//! Passwords and answers to questions are counted apart. Where a password always leads to a question, no wait for a password
//! would end early, but answers are as quick as any login.
//!
//! Only accepted logins teach anything here. If refused ones did, the time for which the server stands still would tell
//! a bystander what PAM thought of somebody else's login.

use std::time::{Duration, Instant};

/// As many of the accepted logins that are remembered must have been quick.
const QUICK: u32 = 2;
/// And no more than as many slow: one that was slow by chance says nothing of the stack, but a user with one quick login
/// and one slow login after the other must not stop the server with each.
const SLOW: u32 = 1;
/// A bit for each accepted login that is remembered: the last four.
const REMEMBERED: u8 = 0b1111;
/// Attempts that follow an accepted one this closely are a burst: waiting for one attempt would hold up the next.
const BURST: Duration = Duration::from_millis(1);

/// What kind of attempt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// A transaction begins with it.
    Password = 0,
    /// A transaction goes on with it.
    Answer = 1,
    /// None, but a client that connects, for which a session is opened.
    Session = 2,
    /// The same, and its options are put together.
    Options = 3,
    /// None, for there is no password: only the account is looked at.
    Account = 4,
}

impl AttemptKind {
    /// A client connects right after its login: that is no burst.
    fn is_login(self) -> bool {
        !matches!(self, AttemptKind::Session | AttemptKind::Options)
    }
}

/// Which of the last accepted logins were quick and which slow, the newest in the lowest bit.
#[derive(Debug, Clone, Copy, Default)]
struct RecentLogins {
    quick: u8,
    slow: u8,
}

impl RecentLogins {
    fn add(&mut self, quick: bool) {
        self.quick = (self.quick << 1 | u8::from(quick)) & REMEMBERED;
        self.slow = (self.slow << 1 | u8::from(!quick)) & REMEMBERED;
    }

    fn promise_quick(self) -> bool {
        self.quick.count_ones() >= QUICK && self.slow.count_ones() <= SLOW
    }
}

/// The rule's memory.
#[derive(Debug)]
pub struct Grace {
    limit: Duration,
    /// Of each kind.
    recent: [RecentLogins; 5],
    /// Of clients that connect, and of logins.
    last_accepted: [Option<Instant>; 2],
}

impl Grace {
    /// Waits of at most `limit`; zero: never wait.
    pub fn new(limit: Duration) -> Self {
        Grace { limit, recent: [RecentLogins::default(); 5], last_accepted: [None; 2] }
    }

    /// How long to wait for the attempt that comes now; `None`: not at all. `pending`: there are others without a verdict.
    pub fn for_next(&self, now: Instant, pending: bool, kind: AttemptKind) -> Option<Duration> {
        let last = self.last_accepted[usize::from(kind.is_login())];
        let burst = last.is_some_and(|last| now.saturating_duration_since(last) < BURST);
        let waits = !self.limit.is_zero() && !pending && !burst && self.recent[kind as usize].promise_quick();
        waits.then_some(self.limit)
    }

    /// A login was accepted now, that long after its arrival, whether OpenVPN waited for it or not.
    pub fn accepted(&mut self, now: Instant, took: Duration, kind: AttemptKind) {
        self.last_accepted[usize::from(kind.is_login())] = Some(now);
        self.recent[kind as usize].add(took <= self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::AttemptKind::{Answer, Password};
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);
    const SOON: Duration = Duration::from_millis(40);
    const LATE: Duration = Duration::from_millis(51);

    /// One that knows a quick stack.
    fn trusting(now: Instant) -> Grace {
        let mut grace = Grace::new(LIMIT);
        (0..super::QUICK).for_each(|_| grace.accepted(now, SOON, Password));
        grace
    }

    #[test]
    fn nobody_waits_for_a_stack_that_is_not_known() {
        let (mut grace, now) = (Grace::new(LIMIT), Instant::now());
        for _ in 0..super::QUICK {
            assert_eq!(grace.for_next(now + BURST, false, Password), None);
            grace.accepted(now, SOON, Password);
        }
        assert_eq!(grace.for_next(now + BURST, false, Password), Some(LIMIT));
    }

    #[test]
    fn a_grace_of_zero_never_waits() {
        let (mut grace, now) = (Grace::new(Duration::ZERO), Instant::now());
        (0..9).for_each(|_| grace.accepted(now, Duration::ZERO, Password));
        assert_eq!(grace.for_next(now + BURST, false, Password), None);
    }

    #[test]
    fn nobody_waits_while_others_are_pending_or_right_after_an_accepted_login() {
        let now = Instant::now();
        let grace = trusting(now);
        assert_eq!(grace.for_next(now + BURST, true, Password), None);
        assert_eq!(grace.for_next(now + BURST / 2, false, Password), None);
        assert_eq!(grace.for_next(now + BURST, false, Password), Some(LIMIT));
    }

    #[test]
    fn one_slow_login_changes_nothing_and_two_of_four_end_the_waits() {
        let now = Instant::now();
        let (mut grace, later) = (trusting(now), now + BURST);
        let waits = |grace: &mut Grace, took| {
            grace.accepted(now, took, Password);
            grace.for_next(later, false, Password).is_some()
        };
        let after = [LATE, SOON, LIMIT, SOON, LATE, LATE, SOON, SOON, LATE, SOON, SOON, SOON];
        let wanted = [true, true, true, true, true, false, false, false, false, true, true, true];
        assert_eq!(after.map(|took| waits(&mut grace, took)), wanted);
    }

    #[test]
    fn nobody_waits_for_logins_of_which_every_other_is_slow() {
        let now = Instant::now();
        let (mut grace, later) = (trusting(now), now + BURST);
        let mut waits = |took| {
            grace.accepted(now, took, Password);
            grace.for_next(later, false, Password).is_some()
        };
        [LATE, SOON, LATE].into_iter().for_each(|took| _ = waits(took));
        assert!(!(0..20).any(|number| waits(if number % 2 == 0 { SOON } else { LATE })));
    }

    #[test]
    fn answers_teach_nothing_of_passwords() {
        let now = Instant::now();
        let (mut grace, later) = (Grace::new(LIMIT), now + BURST);
        (0..9).for_each(|_| grace.accepted(now, SOON, Answer));
        assert_eq!(
            (grace.for_next(later, false, Password), grace.for_next(later, false, Answer)),
            (None, Some(LIMIT))
        );
        (0..2).for_each(|_| grace.accepted(now, LATE, Answer));
        (0..2).for_each(|_| grace.accepted(now, SOON, Password));
        assert_eq!(
            (grace.for_next(later, false, Password), grace.for_next(later, false, Answer)),
            (Some(LIMIT), None)
        );
    }
}
