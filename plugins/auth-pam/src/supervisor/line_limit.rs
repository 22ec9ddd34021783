//! Bounds what is written about attempts that cost nothing. An attempt that PAM decides, or that has waited in the queue,
//! has its lines in any case: there cannot be more of those than workers and queue allow. But the front can name as many
//! attempts as it likes that are refused or cancelled at once, and each of them would be a line in a log that root
//! writes.

use std::time::{Duration, Instant};

/// Attempts that have their lines when they come all at once: a whole office after an outage is no flood.
const BURST: u32 = 5_000;
/// Time for one more line.
const INTERVAL: Duration = Duration::from_millis(20);
/// How often the count of attempts without lines is logged.
const REPORT: Duration = Duration::from_secs(10);

/// How much may still be written.
#[derive(Debug)]
pub struct LineLimit {
    /// When nothing of the burst will be used up any more.
    recovered: Instant,
    suppressed: u64,
    /// When the count is logged.
    report: Option<Instant>,
}

impl LineLimit {
    /// With the whole burst to come.
    pub fn new(now: Instant) -> Self {
        LineLimit { recovered: now, suppressed: 0, report: None }
    }

    /// Whether the next attempt has its lines; else it is counted.
    pub fn admits(&mut self, now: Instant) -> bool {
        let recovered = self.recovered.max(now) + INTERVAL;
        if recovered.saturating_duration_since(now) <= INTERVAL * BURST {
            self.recovered = recovered;
            return true;
        }
        self.suppressed += 1;
        self.report.get_or_insert(now + REPORT);
        false
    }

    /// When [`LineLimit::take_report`] will have something to tell.
    pub fn next_event(&self) -> Option<Instant> {
        self.report
    }

    /// How many attempts had no lines since the last time, if it is time to tell.
    pub fn take_report(&mut self, now: Instant) -> Option<u64> {
        if self.report.is_none_or(|time| now < time) {
            return None;
        }
        self.take_rest()
    }

    /// The same at the end.
    pub fn take_rest(&mut self) -> Option<u64> {
        self.report = None;
        Some(std::mem::take(&mut self.suppressed)).filter(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limit: &mut LineLimit, now: Instant, count: u32) -> u32 {
        (0..count).map(|_| u32::from(limit.admits(now))).sum()
    }

    #[test]
    fn a_burst_has_all_its_lines_and_a_flood_a_few_each_second() {
        let start = Instant::now();
        let mut limit = LineLimit::new(start);
        assert_eq!(admitted(&mut limit, start, BURST), BURST);
        assert_eq!(limit.next_event(), None);
        assert_eq!(admitted(&mut limit, start, 1000), 0);
        let second = Duration::from_secs(1);
        assert_eq!(admitted(&mut limit, start + second, 1000), 50);
        assert_eq!(admitted(&mut limit, start + 2 * second, 1000), 50);
        // An hour later a burst is possible again, and not more than one.
        assert_eq!(admitted(&mut limit, start + 3600 * second, 2 * BURST), BURST);
    }

    #[test]
    fn what_has_no_lines_is_counted_and_told_now_and_then() {
        let start = Instant::now();
        let mut limit = LineLimit::new(start);
        admitted(&mut limit, start, BURST + 7);
        assert_eq!(limit.take_report(start), None);
        let time = limit.next_event().unwrap();
        assert_eq!(time, start + REPORT);
        admitted(&mut limit, start, 3);
        assert_eq!(limit.take_report(time), Some(10));
        assert_eq!((limit.take_report(time), limit.next_event(), limit.take_rest()), (None, None, None));
        admitted(&mut limit, time, BURST);
        assert_eq!(limit.take_rest(), Some(500 + 4500 - 500));
    }
}
