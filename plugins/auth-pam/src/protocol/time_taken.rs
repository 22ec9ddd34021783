//! How long something took, for the log and the audit line: from its arrival until it was decided, and what of that PAM's
//! modules had. The rest is mostly the wait for a worker. What a refusal waits for afterwards (`refusal-time`) is not in it.

use std::time::{Duration, Instant};

/// Both times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeTaken {
    /// From its arrival.
    pub whole: Duration,
    /// In PAM, if that was asked.
    pub pam: Option<Duration>,
}

impl TimeTaken {
    /// What has arrived then is decided now; `begun`: when it was given to PAM, if it was.
    pub fn until(now: Instant, arrived: Instant, begun: Option<Instant>) -> Self {
        let since = |then: Instant| now.saturating_duration_since(then);
        TimeTaken { whole: since(arrived), pam: begun.map(since) }
    }

    /// Without PAM, or together with it.
    pub fn of(whole: Duration) -> Self {
        TimeTaken { whole, pam: None }
    }

    /// For a line of the log, with a comma behind it.
    pub fn for_log(self) -> String {
        let pam = self.pam.map(|pam| format!("PAM {} s, ", seconds(pam))).unwrap_or_default();
        format!("took {} s, {pam}", seconds(self.whole))
    }

    /// For an audit line, with a blank behind it.
    pub fn fields(self) -> String {
        let pam = self.pam.map(|pam| format!("pam={} ", seconds(pam))).unwrap_or_default();
        format!("took={} {pam}", seconds(self.whole))
    }
}

/// To the millisecond: what is less is no time that anybody waits.
fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_and_pams_own_time_are_told_apart() {
        let arrived = Instant::now();
        let at = |millis| arrived + Duration::from_millis(millis);
        let took = TimeTaken::until(at(2140), arrived, Some(at(8)));
        assert_eq!(
            (took.for_log(), took.fields()),
            ("took 2.140 s, PAM 2.132 s, ".into(), "took=2.140 pam=2.132 ".into())
        );
        let took = TimeTaken::until(at(61_005), arrived, None);
        assert_eq!((took.for_log(), took.fields()), ("took 61.005 s, ".into(), "took=61.005 ".into()));
        // A clock that stands still, or a front that answers at once.
        assert_eq!(TimeTaken::until(arrived, at(5), Some(at(7))).fields(), "took=0.000 pam=0.000 ");
        assert_eq!(TimeTaken::of(Duration::from_micros(999)).fields(), "took=0.000 ");
    }
}
