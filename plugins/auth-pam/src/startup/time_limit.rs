//! How long an attempt may take. In deferred mode nobody waits for a verdict any longer than OpenVPN does, so the limit
//! lies below that: only then the client learns that it may try again.

use std::time::Duration;

use log_lines::UnloggedLine;

use crate::config::Timeout;
use openvpn_config::OpenvpnConfig;
pub use openvpn_config::window;

/// OpenVPN's default for `hand-window`.
pub const UNKNOWN_HAND_WINDOW: Duration = Duration::from_secs(60);
/// Without `timeout=` in direct mode.
const DIRECT: Duration = Duration::from_secs(60);
/// Without `timeout=` in deferred mode, if nothing is known of OpenVPN's configuration.
const DEFERRED: Duration = Duration::from_secs(50);
/// For the time before OpenVPN asks, and that until it notices the verdict.
const MARGIN: Duration = Duration::from_secs(10);

/// The limits of both modes; `None`: there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    direct: Option<Duration>,
    deferred: Option<Duration>,
}

impl TimeLimits {
    /// From the option, and how long OpenVPN waits for a deferred verdict, if that is known.
    pub fn new(timeout: Timeout, window: Option<Duration>) -> Self {
        match timeout {
            Timeout::Given(limit) => TimeLimits { direct: limit, deferred: limit },
            Timeout::Default => {
                let below = |window: Duration| window.saturating_sub(MARGIN).max(window / 2);
                let deferred = window.map_or(DEFERRED, below).max(Duration::from_secs(1));
                TimeLimits { direct: Some(DIRECT), deferred: Some(deferred) }
            }
        }
    }

    /// Those without any option or configuration.
    #[cfg(test)]
    pub fn of_direct_mode() -> Self {
        Self::new(Timeout::Default, None)
    }

    /// The limit of an attempt.
    pub fn of(&self, deferred: bool) -> Option<Duration> {
        if deferred { self.deferred } else { self.direct }
    }
}

/// How long OpenVPN gives a client to connect once it has begun.
pub fn time_to_connect(config: &OpenvpnConfig) -> Duration {
    Duration::from_secs(config.hand_window.min(i32::MAX as u64))
}

/// What to say of a `timeout=` that has no effect in deferred mode.
pub fn warning(timeout: Timeout, window: Duration) -> Option<UnloggedLine> {
    let Timeout::Given(limit) = timeout else { return None };
    let word = limit.map_or(0, |limit| limit.as_secs());
    let seconds = window.as_secs();
    limit
        .is_none_or(|limit| limit >= window)
        .then(|| lines::startup::timeout_too_long(word, seconds).unlogged())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_deferred_mode_lies_below() {
        let limit = |window: Option<u64>| {
            let limits = TimeLimits::new(Timeout::Default, window.map(Duration::from_secs));
            assert_eq!(limits.of(false), Some(Duration::from_secs(60)));
            limits.of(true).unwrap().as_millis()
        };
        assert_eq!(limit(None), 50_000);
        assert_eq!(limit(Some(60)), 50_000);
        assert_eq!(limit(Some(300)), 290_000);
        assert_eq!(limit(Some(15)), 7_500);
        assert_eq!(limit(Some(0)), 1_000);
    }

    #[test]
    fn what_the_administrator_says_counts_in_both_modes() {
        for limit in [None, Some(Duration::from_secs(90))] {
            let limits = TimeLimits::new(Timeout::Given(limit), Some(Duration::from_secs(60)));
            assert_eq!((limits.of(true), limits.of(false)), (limit, limit));
        }
    }

    #[test]
    fn a_limit_that_is_never_reached_is_warned_about() {
        let said = |seconds| warning(Timeout::Given(seconds), Duration::from_secs(60)).is_some();
        assert!(said(Some(Duration::from_secs(60))) && said(Some(Duration::from_secs(90))) && said(None));
        assert!(!said(Some(Duration::from_secs(59))));
        assert_eq!(warning(Timeout::Default, Duration::ZERO), None);
        let text = warning(Timeout::Given(Some(Duration::from_secs(90))), Duration::from_secs(60)).unwrap();
        assert!(
            text.starts_with("option 'timeout=90': OpenVPN gives up a deferred login after 60 s"),
            "{text}"
        );
    }
}
