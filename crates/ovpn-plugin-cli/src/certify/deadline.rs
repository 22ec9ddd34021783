//! How long a trial may take: so long without anything new, and a bound for all of it.

use std::time::{Duration, Instant};

/// So many times as long as it may be quiet, and some time besides: some trials take their time by themselves.
const TIMES: u32 = 10;
const BESIDES: Duration = Duration::from_secs(20);

/// When a trial is over that says nothing, or never stops saying something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// Looks are counted, not time: a busy machine holds them up as it does the plugin.
    quiet: u128,
    most_quiet: u128,
    of_all: Instant,
}

impl Deadline {
    /// One that is looked at after each `look`.
    pub(crate) fn new(limit: Duration, look: Duration, now: Instant) -> Self {
        let all = limit.saturating_mul(TIMES).saturating_add(BESIDES);
        Self { quiet: 0, most_quiet: limit.as_nanos() / look.as_nanos().max(1), of_all: now + all }
    }

    /// It was looked whether there is anything new, and there was or was not.
    pub(crate) fn looked(&mut self, is_new: bool) {
        self.quiet = if is_new { 0 } else { self.quiet + 1 };
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.quiet >= self.most_quiet || now >= self.of_all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_has_its_time_and_all_has_its_own() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut deadline = Deadline::new(second * 3, second, start);
        for is_new in [false, false, true, false, false] {
            deadline.looked(is_new);
            assert!(!deadline.is_over(start));
        }
        deadline.looked(false);
        assert!(deadline.is_over(start));
        deadline.looked(true);
        assert!(!deadline.is_over(start + second * 49) && deadline.is_over(start + second * 50));
    }
}
