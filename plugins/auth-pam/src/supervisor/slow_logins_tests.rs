//! When it is logged that logins are slow, and when that it is over.

use super::*;

/// Looks whenever it is due, up to a time; the changes and when they were said, in milliseconds.
struct Run {
    slow_logins: SlowLogins,
    start: Instant,
    millis: u64,
    said: Vec<(u64, SlowLoginsChange)>,
}

impl Run {
    fn new() -> Self {
        Run { slow_logins: SlowLogins::default(), start: Instant::now(), millis: 0, said: Vec::new() }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    /// Until then the oldest login is the one that came at `oldest`.
    fn until(&mut self, millis: u64, oldest: Option<u64>) {
        let oldest = oldest.map(|millis| self.at(millis));
        while self.millis < millis {
            let now = self.at(self.millis);
            self.slow_logins.note(now, oldest.is_some());
            if self.slow_logins.is_due(now) {
                let change = self.slow_logins.look(now, oldest);
                self.said.extend(change.map(|change| (self.millis, change)));
            }
            self.millis += 100;
        }
    }
}

fn over(millis: u64, answered: bool) -> SlowLoginsChange {
    SlowLoginsChange::Over(Duration::from_millis(millis), answered)
}

#[test]
fn a_short_wait_is_not_said_and_costs_no_look() {
    let mut run = Run::new();
    run.until(9900, Some(0));
    assert!(!run.slow_logins.is_due(run.at(9900)));
    run.until(9999, None);
    assert_eq!(run.slow_logins.next_event(), None, "an idle supervisor is woken");
    // One after the other, none for long.
    for step in 0..50 {
        run.until(10_000 + (step + 1) * 3000, Some(10_000 + step * 3000));
    }
    assert_eq!(run.said, []);
}

#[test]
fn one_line_at_its_beginning_and_one_at_its_end() {
    let mut run = Run::new();
    run.until(25_000, Some(0));
    run.slow_logins.answered();
    run.until(40_000, None);
    assert_eq!(run.said, [(10_000, SlowLoginsChange::Begun), (25_000, over(25_000, true))]);
    assert_eq!(run.slow_logins.next_event(), None);
}

#[test]
fn an_answer_to_somebody_else_ends_nothing() {
    let mut run = Run::new();
    run.until(15_000, Some(0));
    run.slow_logins.answered();
    run.until(30_000, Some(0));
    // The oldest is given up at its time limit, the next one waits since a moment.
    run.until(38_000, Some(29_000));
    assert_eq!(run.said, [(10_000, SlowLoginsChange::Begun)]);
    run.until(60_000, Some(29_000));
    run.until(61_000, None);
    assert_eq!(run.said[1..], [(60_000, over(60_000, false))]);
}

#[test]
fn it_is_over_when_pam_answers_although_others_wait() {
    let mut run = Run::new();
    run.until(20_000, Some(0));
    run.slow_logins.answered();
    run.until(21_000, Some(18_000));
    assert_eq!(run.said, [(10_000, SlowLoginsChange::Begun), (20_000, over(20_000, true))]);
}

#[test]
fn slow_logins_that_come_and_go_are_logged_once_a_minute() {
    let mut run = Run::new();
    for step in 0..12 {
        run.until(step * 15_000 + 12_000, Some(step * 15_000));
        run.slow_logins.answered();
        run.until(step * 15_000 + 15_000, None);
    }
    let begun: Vec<_> = run.said.iter().filter(|(_, change)| *change == SlowLoginsChange::Begun).collect();
    assert!(begun.len() >= 2, "{:?}", run.said);
    for pair in run.said.windows(2) {
        let rests = pair[1].1 != SlowLoginsChange::Begun || pair[1].0 - pair[0].0 >= 60_000;
        assert!(rests, "{:?}", run.said);
    }
    // UnloggedLine late, but said.
    let mut run = Run::new();
    run.until(12_000, Some(0));
    run.slow_logins.answered();
    run.until(13_000, None);
    run.until(200_000, Some(13_000));
    assert_eq!(run.said[2..], [(72_000, SlowLoginsChange::Begun)]);
}
