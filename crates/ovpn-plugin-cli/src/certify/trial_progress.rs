//! What is shown while the trials run, on standard error and only to people: a run takes minutes where a plugin is slow.

use std::io::{Write, stderr};
use std::time::{Duration, Instant};

use crate::show::printable;

/// All trials together take no longer; what is left then is not checked.
pub(crate) const WHOLE: Duration = Duration::from_secs(300);
/// So long nothing is said of a trial, and so often it is said again.
const EVERY: Duration = Duration::from_secs(3);

/// How far the run is.
pub(crate) struct TrialProgress {
    is_shown: bool,
    start: Instant,
    number: usize,
    trials: usize,
    told: Instant,
}

impl TrialProgress {
    /// Of so many trials, from now on.
    pub(crate) fn new(is_shown: bool, trials: usize, now: Instant) -> Self {
        Self { is_shown, start: now, number: 0, trials, told: now }
    }

    /// The next trial begins.
    pub(crate) fn next(&mut self, now: Instant) {
        self.number += 1;
        self.told = now;
    }

    /// It is at this.
    pub(crate) fn at(&mut self, what: &str, now: Instant) {
        if now.duration_since(self.told) >= EVERY {
            self.told = now;
            let text = printable(&self.text(what, now));
            // Nobody may be there to read it.
            let _ = if self.is_shown { writeln!(stderr(), "{text}") } else { Ok(()) };
        }
    }

    fn text(&self, what: &str, now: Instant) -> String {
        let (so_far, most) = (now.duration_since(self.start).as_secs(), WHOLE.as_secs());
        let (number, trials) = (self.number, self.trials);
        format!("trial {number} of {trials} waits for {what}: {so_far} s so far, at most {most} s")
    }

    /// Whether there is no time left.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.start) >= WHOLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_it_waits_for_and_ends() {
        let start = Instant::now();
        let mut progress = TrialProgress::new(false, 19, start);
        progress.next(start);
        progress.next(start);
        let text = progress.text("the login", start + Duration::from_secs(7));
        assert_eq!(text, "trial 2 of 19 waits for the login: 7 s so far, at most 300 s");
        progress.at("the login", start + Duration::from_secs(2));
        assert_eq!(progress.told, start, "it is not said at once");
        progress.at("the login", start + Duration::from_secs(4));
        assert_eq!(progress.told, start + Duration::from_secs(4));
        assert!(!progress.is_over(start + Duration::from_secs(299)));
        assert!(progress.is_over(start + Duration::from_secs(300)));
    }
}
