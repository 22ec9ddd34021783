//! Finds out whether the worker of a login computes or waits for something, while the front waits for the login.
//!
//! A state machine without a clock: the supervisor looks at the worker when it is told to, and tells what it saw.

use std::time::{Duration, Instant};

/// Time between two looks; what is over before the first one needs none.
const INTERVAL: Duration = Duration::from_millis(1);
/// As many looks in a row must find the worker asleep: a file that is read or a child that is reaped is no wait.
const ASLEEP: u8 = 2;

/// A login on trial.
#[derive(Debug)]
pub struct Trial {
    login: u64,
    next_look: Instant,
    end: Instant,
    asleep: u8,
}

/// What follows from a look at the worker.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// There will be another one.
    Again,
    /// The login is a slow one.
    Slow,
    /// The front does not wait any more.
    Over,
}

impl Trial {
    /// Begins now and ends with the grace at the latest.
    pub fn new(login: u64, now: Instant, grace: Duration) -> Self {
        Trial { login, next_look: now + INTERVAL, end: now + grace, asleep: 0 }
    }

    /// The login's number.
    pub fn login(&self) -> u64 {
        self.login
    }

    /// When to look at the worker.
    pub fn next_look(&self) -> Instant {
        self.next_look
    }

    /// Takes what a look found.
    pub fn looked(&mut self, now: Instant, computes: bool) -> Look {
        self.next_look = now + INTERVAL;
        self.asleep = if computes { 0 } else { self.asleep + 1 };
        match self.asleep {
            _ if now >= self.end => Look::Over,
            ASLEEP.. => Look::Slow,
            _ => Look::Again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_millis(50);

    #[test]
    fn only_a_worker_that_is_found_asleep_twice_in_a_row_is_slow() {
        let start = Instant::now();
        let mut trial = Trial::new(7, start, GRACE);
        assert_eq!((trial.login(), trial.next_look()), (7, start + INTERVAL));
        let looks = [
            (true, Look::Again),
            (false, Look::Again),
            (true, Look::Again),
            (false, Look::Again),
            (false, Look::Slow),
        ];
        for (computes, then) in looks {
            assert_eq!(trial.looked(start, computes), then);
        }
    }

    #[test]
    fn the_next_look_is_an_interval_after_the_last_one() {
        let start = Instant::now();
        let mut trial = Trial::new(7, start, GRACE);
        trial.looked(start + INTERVAL * 5, true);
        assert_eq!(trial.next_look(), start + INTERVAL * 6);
    }

    #[test]
    fn nobody_looks_any_more_when_the_grace_is_over() {
        let start = Instant::now();
        for computes in [true, false] {
            assert_eq!(Trial::new(7, start, GRACE).looked(start + GRACE, computes), Look::Over);
        }
    }
}
