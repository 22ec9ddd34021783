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
