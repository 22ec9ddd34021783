//! How long a deferred login is waited for before it is really deferred.
//!
//! A verdict that comes within the grace is answered directly, which spares the client the second that OpenVPN needs to
//! notice a control file. But every wait stops the whole server, so it is only done when it is likely to pay: no
//! other login is pending or has come just before, and the last ones were quick. After a miss the next 1, 2, 4 ... 64
//! logins are not waited for; a quick verdict resets that, also one that nobody waited for.
//!
//! As long as it is not known that the last ones were quick (at the start, and after slow ones) a wait is on trial: it
//! lasts the whole grace only if the login's worker computes all the time, and ends at once when it is found to wait
//! for something itself. So a password hash is waited for, a server that is away or a finger on a button is not.

use std::time::Duration;

const MOST_SKIPPED: u32 = 64;
/// As many verdicts in a row must have been quick before a login is waited for without trial. More than one: whoever
/// has one quick verdict and one slow one in turn must not stop the server with each.
const QUICK_IN_A_ROW: u32 = 2;

/// The rule's memory.
#[derive(Debug)]
pub struct Grace {
    limit: Duration,
    to_skip: u32,
    next_skip: u32,
    quick_in_a_row: u32,
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
        Grace { limit, to_skip: 0, next_skip: 1, quick_in_a_row: 0 }
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
        let trial = self.quick_in_a_row < QUICK_IN_A_ROW;
        (!others_pending).then_some(Wait { most: self.limit, trial })
    }

    /// PAM has decided a login in this time, waited for or not.
    pub fn decided(&mut self, took: Duration) {
        if took <= self.limit {
            (self.to_skip, self.next_skip) = (0, 1);
            self.quick_in_a_row = self.quick_in_a_row.saturating_add(1);
        } else {
            self.quick_in_a_row = 0;
        }
    }

    /// A login was waited for in vain.
    pub fn miss(&mut self) {
        // On trial it may yet turn out to have been quick.
        if self.quick_in_a_row >= QUICK_IN_A_ROW {
            self.quick_in_a_row = 0;
        }
        self.to_skip = self.next_skip;
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

    fn trusting() -> Grace {
        let mut grace = Grace::new(LIMIT);
        (0..QUICK_IN_A_ROW).for_each(|_| grace.decided(QUICK));
        grace
    }

    #[test]
    fn the_first_logins_are_on_trial_and_then_quick_ones_are_waited_for() {
        let mut grace = Grace::new(LIMIT);
        for _ in 0..QUICK_IN_A_ROW {
            assert_eq!(grace.for_next(false), TRIAL);
            grace.decided(QUICK);
        }
        for _ in 0..100 {
            assert_eq!(grace.for_next(false), TRUSTED);
            grace.decided(QUICK);
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
    fn after_a_miss_or_a_slow_verdict_waits_are_on_trial_until_enough_are_quick() {
        let slow: [fn(&mut Grace); 2] = [
            |grace| {
                grace.miss();
                assert_eq!(grace.for_next(false), None);
            },
            |grace| grace.decided(LIMIT * 2),
        ];
        for slow in slow {
            let mut grace = trusting();
            slow(&mut grace);
            for _ in 0..QUICK_IN_A_ROW {
                assert_eq!(grace.for_next(false), TRIAL);
                grace.decided(QUICK);
            }
            assert_eq!(grace.for_next(false), TRUSTED);
        }
    }

    #[test]
    fn a_quick_verdict_ends_the_skipping_and_resets_the_doubling() {
        let mut grace = trusting();
        for _ in 0..4 {
            grace.miss();
        }
        grace.decided(QUICK);
        assert_eq!(grace.for_next(false), TRIAL);
        grace.miss();
        assert_eq!(skipped(&mut grace), 1);
    }

    #[test]
    fn logins_that_were_given_up_on_trial_and_then_were_quick_count() {
        let mut grace = Grace::new(LIMIT);
        for _ in 0..QUICK_IN_A_ROW {
            assert_eq!(grace.for_next(false), TRIAL);
            grace.miss();
            grace.decided(QUICK);
        }
        assert_eq!(grace.for_next(false), TRUSTED);
    }

    #[test]
    fn a_slow_verdict_does_not_end_the_skipping() {
        let mut grace = trusting();
        grace.miss();
        grace.decided(LIMIT * 2);
        assert_eq!(skipped(&mut grace), 1);
    }
}
