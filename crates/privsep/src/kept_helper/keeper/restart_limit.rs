//! How often a helper is restarted: one that dies again and again is given up.

use std::time::{Duration, Instant};

/// This many deaths ...
const MANY: usize = 3;
/// ... within this time are too many.
const TIME: Duration = Duration::from_secs(10);

/// When helpers died, as far as it still counts.
#[derive(Debug, Default)]
pub(super) struct RestartLimit {
    deaths: Vec<Instant>,
}

impl RestartLimit {
    /// The limit as a log line has it.
    pub(super) const TEXT: &'static str = "the third within 10 s";

    /// Counts one more death; whether the limit is reached.
    pub(super) fn reached_by_death(&mut self, now: Instant) -> bool {
        self.deaths.retain(|death| now.saturating_duration_since(*death) < TIME);
        self.deaths.push(now);
        self.deaths.len() >= MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_within_ten_seconds_are_too_many() {
        let start = Instant::now();
        let at = |seconds: &[f32]| {
            let mut limit = RestartLimit::default();
            seconds.iter().map(|after| limit.reached_by_death(start + Duration::from_secs_f32(*after))).last()
        };
        assert_eq!(at(&[0.0, 1.0, 9.9]), Some(true));
        assert_eq!(at(&[0.0, 1.0, 10.0]), Some(false));
        assert_eq!(at(&[0.0, 1.0, 10.0, 10.9]), Some(true));
        assert_eq!(at(&[0.0, 20.0, 40.0, 60.0]), Some(false));
    }
}
