//! What the supervisor needs to know, settled before the fork.

use std::time::Duration;

use crate::config::Config;
use crate::pool::Limits;

/// An idle worker that is not the last leaves after this time.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// A worker leaves after this many logins, or at this age: a module replaced on disk is only seen by a new process.
const MAX_SERVED: u32 = 1000;
const MAX_AGE: Duration = Duration::from_secs(3600);
/// Pause after a fork that failed.
const FORK_PAUSE: Duration = Duration::from_secs(1);
/// Pause before it is looked again whether there is a processor for a further worker.
const FORK_HOLD: Duration = Duration::from_millis(1);

/// Descriptors the supervisor needs for itself, with some to spare.
const OWN_FILES: usize = 32;

/// Configuration and surroundings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration line.
    pub config: Config,
    /// OpenVPN is to become a daemon: leave its terminal alone.
    pub daemon: bool,
    /// ... but its standard output and error go to a log file.
    pub log_redirected: bool,
    /// Say more (OpenVPN's `verb` is at least 4).
    pub debug: bool,
    /// The default for `max-workers`.
    pub max_workers: usize,
}

impl Settings {
    /// Whether standard output and error lead to OpenVPN's log.
    pub fn keep_output(&self) -> bool {
        !self.daemon || self.log_redirected
    }

    /// The bounds of the pool in a process that may have `open_files` descriptors.
    pub fn pool_limits(&self, open_files: usize) -> Limits {
        // Three descriptors for a worker and its login: a limit on open files is one on workers too.
        let possible = (open_files.saturating_sub(OWN_FILES) / 3).max(1);
        let wanted = self.config.max_workers.unwrap_or(self.max_workers);
        if wanted > possible {
            log::warn!(
                "the limit on open files ({open_files}) allows {possible} workers instead of {wanted}"
            );
        }
        let max_workers = wanted.min(possible);
        // Each login that waits or runs holds up to two descriptors, each worker one more.
        let for_waiting = open_files.saturating_sub(OWN_FILES + 3 * max_workers) / 2;
        Limits {
            max_workers,
            max_pending: self.config.max_pending.min(for_waiting),
            max_pending_per_address: self.config.max_pending_per_address,
            time_limit: self.config.time_limit,
            idle_time: IDLE_TIME,
            max_served: MAX_SERVED,
            max_age: MAX_AGE,
            fork_pause: FORK_PAUSE,
            fork_hold: FORK_HOLD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(words: &[&str], open_files: usize) -> Limits {
        let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
        let settings =
            Settings { config, daemon: false, log_redirected: false, debug: false, max_workers: 10 };
        settings.pool_limits(open_files)
    }

    #[test]
    fn a_worker_serves_a_thousand_logins_or_an_hour_and_is_idle_for_half_a_minute() {
        let limits = limits(&["login"], 1_000_000);
        assert_eq!((limits.max_served, limits.max_age), (1000, Duration::from_secs(60 * 60)));
        assert_eq!(limits.idle_time, Duration::from_secs(30));
    }

    #[test]
    fn without_options_the_machine_and_with_them_the_administrator_decides() {
        let without = limits(&["login"], 1_000_000);
        assert_eq!(
            (without.max_workers, without.max_pending, without.max_pending_per_address),
            (10, 1024, 16)
        );
        let words = ["max-workers=1000", "max-pending=7", "max-pending-per-address=5", "login"];
        let with = limits(&words, 1_000_000);
        assert_eq!((with.max_workers, with.max_pending, with.max_pending_per_address), (1000, 7, 5));
    }

    #[test]
    fn few_open_files_are_few_workers_and_few_waiting() {
        let limits = limits(&["max-workers=1000", "login"], OWN_FILES + 3 * 100 + 40);
        assert_eq!(limits.max_workers, 113);
        let scarce = super::tests::limits(&["max-workers=4", "login"], OWN_FILES + 3 * 4 + 40);
        assert_eq!((scarce.max_workers, scarce.max_pending), (4, 20));
        let none = super::tests::limits(&["login"], 0);
        assert_eq!((none.max_workers, none.max_pending), (1, 0));
    }
}
