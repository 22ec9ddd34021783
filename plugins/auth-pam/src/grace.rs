//! How long a deferred login is waited for before it is really deferred.
//!
//! A verdict that comes within the grace is answered directly, which spares the client the second that OpenVPN needs to
//! notice a control file. But every wait stops the whole server, so it is only done when it is likely to pay: no
//! other login is pending or has come just before, and the last ones were quick. After a miss the next 1, 2, 4 ... 64 logins are not waited
//! for; one quick verdict resets that.

use std::time::Duration;

const MOST_SKIPPED: u32 = 64;

/// The rule's memory.
#[derive(Debug)]
pub struct Grace {
    limit: Duration,
    to_skip: u32,
    next_skip: u32,
}

impl Grace {
    /// Waits of at most `limit`; zero: never wait.
    pub fn new(limit: Duration) -> Self {
        Grace { limit, to_skip: 0, next_skip: 1 }
    }

    /// How long to wait for the login that has just been sent; `None`: not at all.
    pub fn for_next(&mut self, others_pending: bool) -> Option<Duration> {
        if self.limit.is_zero() {
            return None;
        }
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return None;
        }
        (!others_pending).then_some(self.limit)
    }

    /// The verdict came while it was waited for.
    pub fn hit(&mut self) {
        self.next_skip = 1;
    }

    /// It did not.
    pub fn miss(&mut self) {
        self.to_skip = self.next_skip;
        self.next_skip = (self.next_skip * 2).min(MOST_SKIPPED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    /// Number of logins not waited for until the next wait.
    fn skipped(grace: &mut Grace) -> u32 {
        (0..1000).take_while(|_| grace.for_next(false).is_none()).count().try_into().unwrap()
    }

    #[test]
    fn quick_logins_are_always_waited_for() {
        let mut grace = Grace::new(LIMIT);
        for _ in 0..100 {
            assert_eq!(grace.for_next(false), Some(LIMIT));
            grace.hit();
        }
    }

    #[test]
    fn zero_never_waits() {
        let mut grace = Grace::new(Duration::ZERO);
        assert_eq!(grace.for_next(false), None);
    }

    #[test]
    fn a_pending_login_forbids_waiting_but_is_no_miss() {
        let mut grace = Grace::new(LIMIT);
        assert_eq!(grace.for_next(true), None);
        assert_eq!(grace.for_next(false), Some(LIMIT));
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
    fn a_quick_verdict_resets_the_doubling() {
        let mut grace = Grace::new(LIMIT);
        for _ in 0..4 {
            grace.miss();
            skipped(&mut grace);
        }
        grace.hit();
        grace.miss();
        assert_eq!(skipped(&mut grace), 1);
    }
}
