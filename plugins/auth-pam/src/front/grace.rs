//! How long OpenVPN waits for the verdict of a deferred attempt before it is really deferred.
//!
//! A verdict that comes within the grace is answered directly, which spares the client the second that OpenVPN needs to
//! notice a control file. But every wait stops the whole server, so OpenVPN waits only if nothing else is pending, no
//! login was accepted just before, and the last two accepted logins were quick.
//!
//! Passwords and answers to questions are apart: where a password only ever leads to a question, no wait for one would end
//! early, while answers are as quick as any login.
//!
//! Only accepted logins teach anything here. If refused ones did, the time for which the server stands still would tell
//! a bystander what PAM thought of somebody else's login.

use std::time::{Duration, Instant};

/// As many accepted logins in a row must have been quick. More than one: a user with one quick login and one slow
/// login after the other must not stop the server with each.
const QUICK_IN_A_ROW: u32 = 2;
/// Logins that follow an accepted one this closely are a burst: waiting for one would hold up the next.
const BURST: Duration = Duration::from_millis(1);

/// What kind of attempt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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

impl Kind {
    /// A client connects right after its login: that is no burst.
    fn is_login(self) -> bool {
        !matches!(self, Kind::Session | Kind::Options)
    }
}

/// The rule's memory.
#[derive(Debug)]
pub struct Grace {
    limit: Duration,
    /// Of each kind.
    quick_in_a_row: [u32; 5],
    /// Of clients that connect, and of logins.
    last_accepted: [Option<Instant>; 2],
}

impl Grace {
    /// Waits of at most `limit`; zero: never wait.
    pub fn new(limit: Duration) -> Self {
        Grace { limit, quick_in_a_row: [0; 5], last_accepted: [None; 2] }
    }

    /// How long to wait for the attempt that comes now; `None`: not at all. `pending`: there are others without a verdict.
    pub fn for_next(&self, now: Instant, pending: bool, kind: Kind) -> Option<Duration> {
        let last = self.last_accepted[usize::from(kind.is_login())];
        let burst = last.is_some_and(|last| now.saturating_duration_since(last) < BURST);
        let waits = !self.limit.is_zero()
            && !pending
            && !burst
            && self.quick_in_a_row[kind as usize] >= QUICK_IN_A_ROW;
        waits.then_some(self.limit)
    }

    /// A login was accepted now, that long after its arrival, whether OpenVPN waited for it or not.
    pub fn accepted(&mut self, now: Instant, took: Duration, kind: Kind) {
        self.last_accepted[usize::from(kind.is_login())] = Some(now);
        let quick = &mut self.quick_in_a_row[kind as usize];
        *quick = if took <= self.limit { quick.saturating_add(1) } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::Kind::{Answer, Password};
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);
    const QUICK: Duration = Duration::from_millis(40);
    const SLOW: Duration = Duration::from_millis(51);

    /// One that knows a quick stack.
    fn trusting(now: Instant) -> Grace {
        let mut grace = Grace::new(LIMIT);
        (0..QUICK_IN_A_ROW).for_each(|_| grace.accepted(now, QUICK, Password));
        grace
    }

    #[test]
    fn nobody_waits_for_a_stack_that_is_not_known() {
        let (mut grace, now) = (Grace::new(LIMIT), Instant::now());
        for _ in 0..QUICK_IN_A_ROW {
            assert_eq!(grace.for_next(now + BURST, false, Password), None);
            grace.accepted(now, QUICK, Password);
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
    fn after_a_slow_login_two_quick_ones_in_a_row_are_needed() {
        let now = Instant::now();
        let (mut grace, later) = (trusting(now), now + BURST);
        grace.accepted(now, SLOW, Password);
        assert_eq!(grace.for_next(later, false, Password), None);
        grace.accepted(now, QUICK, Password);
        assert_eq!(grace.for_next(later, false, Password), None);
        grace.accepted(now, SLOW, Password);
        grace.accepted(now, QUICK, Password);
        assert_eq!(grace.for_next(later, false, Password), None);
        grace.accepted(now, LIMIT, Password);
        assert_eq!(grace.for_next(later, false, Password), Some(LIMIT));
    }

    #[test]
    fn answers_teach_nothing_of_passwords() {
        let now = Instant::now();
        let (mut grace, later) = (Grace::new(LIMIT), now + BURST);
        (0..9).for_each(|_| grace.accepted(now, QUICK, Answer));
        assert_eq!(
            (grace.for_next(later, false, Password), grace.for_next(later, false, Answer)),
            (None, Some(LIMIT))
        );
        grace.accepted(now, SLOW, Answer);
        (0..2).for_each(|_| grace.accepted(now, QUICK, Password));
        assert_eq!(
            (grace.for_next(later, false, Password), grace.for_next(later, false, Answer)),
            (Some(LIMIT), None)
        );
    }
}
