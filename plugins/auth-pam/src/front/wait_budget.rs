//! How much OpenVPN may stand still for attempts.
//!
//! It waits for a verdict within the grace, and for the question to a client that can be asked at once (`question-wait`).
//! Every wait stops the whole server. A refused attempt is pending for a while, in which nobody waits, but a question is soon
//! asked and never answered, and somebody with one account can log in again and again. So there is a budget: some waits in a
//! row, and then a part of the time. A right answer gives back what its question has cost, so that people who do answer are
//! asked at once. That has a budget as large: somebody may answer rightly again and again.

use std::time::{Duration, Instant};

/// Waits in a row.
const IN_A_ROW: u32 = 16;
/// One part in so many of the time may be spent.
const SHARE: u32 = 5;
/// A wait below this is no longer than what OpenVPN itself takes for a login, and costs nothing.
const FREE: Duration = Duration::from_millis(1);

/// The budget.
#[derive(Debug)]
pub struct WaitBudget {
    longest: Duration,
    saved: Duration,
    /// What right answers may give back.
    returnable: Duration,
    since: Instant,
}

impl WaitBudget {
    /// For waits of at most this length.
    pub fn new(longest: Duration) -> Self {
        let most = longest * IN_A_ROW;
        WaitBudget { longest, saved: most, returnable: most, since: Instant::now() }
    }

    /// Whether OpenVPN may wait so long for the attempt that comes now.
    pub fn affords(&mut self, now: Instant, wait: Duration) -> bool {
        let part = now.saturating_duration_since(self.since) / SHARE;
        self.saved = self.with(self.saved, part);
        self.returnable = self.with(self.returnable, part);
        self.since = now;
        self.saved >= wait
    }

    /// OpenVPN has waited for an attempt.
    pub fn spent(&mut self, time: Duration) {
        if time >= FREE {
            self.saved = self.saved.saturating_sub(time);
        }
    }

    /// Somebody's answer was right.
    pub fn answered(&mut self) {
        let back = self.longest.min(self.returnable);
        self.returnable -= back;
        self.saved = self.with(self.saved, back);
    }

    fn with(&self, have: Duration, more: Duration) -> Duration {
        have.saturating_add(more).min(self.longest * IN_A_ROW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(200);

    /// How many of so many attempts, one each wait, OpenVPN waits for.
    fn waits(budget: &mut WaitBudget, start: Instant, count: u32) -> u32 {
        waits_for(budget, start, count, false)
    }

    /// The same, and each of them is `answered` rightly, or none.
    fn waits_for(budget: &mut WaitBudget, start: Instant, count: u32, answered: bool) -> u32 {
        let waits = |number: u32| {
            let waits = budget.affords(start + WAIT * number, WAIT);
            if waits {
                budget.spent(WAIT);
            }
            if answered {
                budget.answered();
            }
            u32::from(waits)
        };
        (0..count).map(waits).sum()
    }

    #[test]
    fn what_is_not_accepted_costs_a_part_of_the_time() {
        let start = Instant::now();
        let mut budget = WaitBudget::new(WAIT);
        let all = waits(&mut budget, start, 1000);
        assert!((200..=200 + IN_A_ROW + 1).contains(&all), "{all}");
        // Whatever comes first in a calm moment is worth a wait again.
        assert_eq!(waits(&mut budget, start + WAIT * 2000, IN_A_ROW), IN_A_ROW);
    }

    #[test]
    fn a_short_wait_costs_nothing() {
        let start = Instant::now();
        let mut budget = WaitBudget::new(WAIT);
        (0..100_000).for_each(|_| budget.spent(FREE - Duration::from_nanos(1)));
        assert_eq!(waits(&mut budget, start, IN_A_ROW), IN_A_ROW);
    }

    /// Two such logins in five waits, somebody else in a third one.
    #[test]
    fn people_who_answer_are_asked_at_once() {
        let start = Instant::now();
        let mut budget = WaitBudget::new(WAIT);
        for number in 0..1000u32 {
            let affords =
                |budget: &mut WaitBudget, part| budget.affords(start + WAIT * (5 * number + part), WAIT);
            for part in [0, 2] {
                assert!(affords(&mut budget, part), "{number}");
                budget.spent(WAIT);
                budget.answered();
            }
        }
        assert_eq!(waits(&mut budget, start + WAIT * 5000, IN_A_ROW), IN_A_ROW);
    }

    /// Somebody with an account logs in again and again, rightly each time.
    #[test]
    fn right_answers_do_not_stop_the_server_either() {
        let start = Instant::now();
        let mut budget = WaitBudget::new(WAIT);
        let all = waits_for(&mut budget, start, 1000, true);
        assert!((400..=400 + 2 * IN_A_ROW + 2).contains(&all), "{all}");
    }
}
