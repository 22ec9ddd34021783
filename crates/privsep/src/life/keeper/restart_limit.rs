//! How often helpers die: one that dies again and again is not started for ever.

use std::time::{Duration, Instant};

/// This many deaths ...
const MANY: usize = 3;
/// ... within this time are too many.
const TIME: Duration = Duration::from_secs(10);

/// The last deaths.
#[derive(Debug, Default)]
pub(super) struct Deaths(Vec<Instant>);

impl Deaths {
    /// The limit in words.
    pub(super) const LIMIT: &'static str = "the third within 10 s";

    /// Counts one more; whether these are too many.
    pub(super) fn are_too_many(&mut self, now: Instant) -> bool {
        self.0.retain(|death| now.saturating_duration_since(*death) < TIME);
        self.0.push(now);
        self.0.len() >= MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_within_ten_seconds_are_too_many() {
        let start = Instant::now();
        let at = |seconds: &[f32]| {
            let mut deaths = Deaths::default();
            seconds.iter().map(|after| deaths.are_too_many(start + Duration::from_secs_f32(*after))).last()
        };
        assert_eq!(at(&[0.0, 1.0, 9.9]), Some(true));
        assert_eq!(at(&[0.0, 1.0, 10.0]), Some(false));
        assert_eq!(at(&[0.0, 1.0, 10.0, 10.9]), Some(true));
        assert_eq!(at(&[0.0, 20.0, 40.0, 60.0]), Some(false));
    }
}
