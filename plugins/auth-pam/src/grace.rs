//! How long a deferred login is waited for before it is really deferred.
//!
//! A verdict that comes within the grace is answered directly, which spares the client the second that OpenVPN needs to
//! notice a control file. But every wait stops the whole server, so it is only done when it is likely to pay: no
//! other login is pending or has come just before, and the last ones were quick. After a miss the next 1, 2, 4 ... 64 logins are not waited
//! for; one quick verdict resets that, also one that nobody waited for.
//!
//! As long as it is not known that the stack is quick (at the start, and after a miss) a wait is on trial: it lasts the
//! whole grace only if the login's worker computes all the time, and ends at once when it is found to wait for something
//! itself. So a password hash is waited for, a server that is away or a finger on a button is not.

use std::time::Duration;

const MOST_SKIPPED: u32 = 64;

/// The rule's memory.
#[derive(Debug)]
pub struct Grace {
    limit: Duration,
    to_skip: u32,
    next_skip: u32,
    quick: bool,
}

/// How to wait for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// At most this long.
    pub most: Duration,
    /// Only as long as the worker computes.
    pub trial: bool,
}

impl Grace {
    /// Waits of at most `limit`; zero: never wait.
    pub fn new(limit: Duration) -> Self {
        Grace { limit, to_skip: 0, next_skip: 1, quick: false }
    }

    /// How to wait for the login that comes now; `None`: not at all.
    pub fn for_next(&mut self, others_pending: bool) -> Option<Wait> {
        if self.limit.is_zero() {
            return None;
        }
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return None;
        }
        (!others_pending).then_some(Wait { most: self.limit, trial: !self.quick })
    }

    /// PAM has decided a login in this time, waited for or not.
    pub fn decided(&mut self, took: Duration) {
        if took <= self.limit {
            (self.to_skip, self.next_skip, self.quick) = (0, 1, true);
        }
    }

    /// A login was waited for in vain.
    pub fn miss(&mut self) {
        (self.to_skip, self.quick) = (self.next_skip, false);
        self.next_skip = (self.next_skip * 2).min(MOST_SKIPPED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);
    const QUICK: Duration = Duration::from_millis(40);
    const TRIAL: Option<Wait> = Some(Wait { most: LIMIT, trial: true });
    const TRUSTED: Option<Wait> = Some(Wait { most: LIMIT, trial: false });

    /// Number of logins not waited for until the next wait.
    fn skipped(grace: &mut Grace) -> u32 {
        (0..1000).take_while(|_| grace.for_next(false).is_none()).count().try_into().unwrap()
    }

    #[test]
    fn the_first_login_is_on_trial_and_quick_ones_are_always_waited_for() {
        let mut grace = Grace::new(LIMIT);
        assert_eq!(grace.for_next(false), TRIAL);
        for _ in 0..100 {
            grace.decided(QUICK);
            assert_eq!(grace.for_next(false), TRUSTED);
        }
    }

    #[test]
    fn zero_never_waits() {
        let mut grace = Grace::new(Duration::ZERO);
        grace.decided(Duration::ZERO);
        assert_eq!(grace.for_next(false), None);
    }

    #[test]
    fn a_pending_login_forbids_waiting_but_is_no_miss() {
        let mut grace = Grace::new(LIMIT);
        assert_eq!(grace.for_next(true), None);
        assert_eq!(grace.for_next(false), TRIAL);
    }

    #[test]
    fn misses_double_the_number_of_skipped_logins_up_to_64() {
        let mut grace = Grace::new(LIMIT);
        assert_eq!(skipped(&mut grace), 0);
        for expected in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
            grace.miss();
            assert_eq!(skipped(&mut grace), expected);
        }
    }

    #[test]
    fn after_a_miss_the_next_wait_is_on_trial() {
        let mut grace = Grace::new(LIMIT);
        grace.decided(QUICK);
        grace.miss();
        assert_eq!((grace.for_next(false), grace.for_next(false)), (None, TRIAL));
    }

    #[test]
    fn a_quick_verdict_ends_the_skipping_and_resets_the_doubling() {
        let mut grace = Grace::new(LIMIT);
        for _ in 0..4 {
            grace.miss();
        }
        grace.decided(QUICK);
        assert_eq!(grace.for_next(false), TRUSTED);
        grace.miss();
        assert_eq!(skipped(&mut grace), 1);
    }

    #[test]
    fn a_slow_verdict_changes_nothing() {
        let mut grace = Grace::new(LIMIT);
        grace.decided(LIMIT * 2);
        assert_eq!(grace.for_next(false), TRIAL);
        grace.decided(QUICK);
        grace.decided(LIMIT * 2);
        assert_eq!(grace.for_next(false), TRUSTED);
        grace.miss();
        grace.decided(LIMIT * 2);
        assert_eq!(skipped(&mut grace), 1);
    }
}
