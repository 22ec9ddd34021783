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
    asleep: u8,
}

impl Trial {
    /// Begins now.
    pub fn new(login: u64, now: Instant) -> Self {
        Trial { login, next_look: now + INTERVAL, asleep: 0 }
    }

    /// The login's number.
    pub fn login(&self) -> u64 {
        self.login
    }

    /// When to look at the worker.
    pub fn next_look(&self) -> Instant {
        self.next_look
    }

    /// What a look found; true when the trial is over: the login is a slow one.
    pub fn looked(&mut self, now: Instant, computes: bool) -> bool {
        self.next_look = now + INTERVAL;
        self.asleep = if computes { 0 } else { self.asleep + 1 };
        self.asleep >= ASLEEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_worker_that_is_found_asleep_twice_in_a_row_is_slow() {
        let start = Instant::now();
        let mut trial = Trial::new(7, start);
        assert_eq!((trial.login(), trial.next_look()), (7, start + INTERVAL));
        for (computes, over) in [(true, false), (false, false), (true, false), (false, false), (false, true)]
        {
            assert_eq!(trial.looked(start, computes), over);
        }
    }

    #[test]
    fn the_next_look_is_an_interval_after_the_last_one() {
        let start = Instant::now();
        let mut trial = Trial::new(7, start);
        trial.looked(start + INTERVAL * 5, true);
        assert_eq!(trial.next_look(), start + INTERVAL * 6);
    }
}
