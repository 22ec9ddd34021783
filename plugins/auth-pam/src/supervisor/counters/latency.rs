//! How long attempts took: a histogram over all of them, and the last ones as they were.

use std::time::Duration;

/// Upper bounds of the buckets, in microseconds: from a login that a cache answers to a telephone that somebody looks for.
const BOUNDS: [u64; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 15_000_000, 60_000_000,
];

/// A histogram.
#[derive(Debug, Clone, Default)]
pub struct LatencyHistogram {
    /// Of each bucket alone; the last one has no bound.
    counts: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

impl LatencyHistogram {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[BOUNDS.partition_point(|bound| *bound < micros)] += 1;
        self.sum = self.sum.saturating_add(took);
    }

    /// How many took at most so long, for each bound.
    pub fn at_most(&self) -> impl Iterator<Item = (Duration, u64)> {
        let mut below = 0;
        BOUNDS.iter().zip(self.counts).map(move |(bound, count)| {
            below += count;
            (Duration::from_micros(*bound), below)
        })
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took together.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

/// So many of the last ones are kept.
const KEPT: usize = 1024;

/// The last ones, of which percentiles tell how it is now.
#[derive(Debug, Clone, Default)]
pub struct RecentLatencies {
    /// In microseconds, more than an hour as an hour or so.
    micros: Vec<u32>,
    next: usize,
}

impl RecentLatencies {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        if self.micros.is_empty() {
            self.micros.reserve_exact(KEPT);
        }
        if self.micros.len() < KEPT {
            self.micros.push(micros);
        } else {
            self.micros[self.next] = micros;
            self.next = (self.next + 1) % KEPT;
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.micros.len()
    }

    /// The time that so many percent of them did not exceed (nearest rank); nothing without any.
    pub fn percentiles<const N: usize>(&self, percents: [usize; N]) -> Option<[Duration; N]> {
        if self.micros.is_empty() {
            return None;
        }
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        Some(percents.map(|percent| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            Duration::from_micros(sorted[rank.min(sorted.len()) - 1].into())
        }))
    }
}
