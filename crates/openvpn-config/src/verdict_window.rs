//! How long OpenVPN waits for a verdict.

use std::time::Duration;

use crate::OpenvpnConfig;

/// How long OpenVPN waits for a deferred verdict.
#[must_use]
pub fn window(config: &OpenvpnConfig) -> Duration {
    // A server subtracts up to a tenth of its own accord, or down to the second argument.
    let least = config
        .reneg_sec_least
        .map_or(config.reneg_sec - config.reneg_sec / 10, |least| least.min(config.reneg_sec));
    let half = if config.reneg_sec == 0 { u64::MAX } else { least / 2 };
    // More than the largest number of OpenVPN's own is a mistake, and more than a clock can count.
    Duration::from_secs(config.hand_window.min(half).min(i32::MAX as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(hand_window: u64, reneg_sec: u64, reneg_sec_least: Option<u64>) -> OpenvpnConfig {
        OpenvpnConfig { hand_window, reneg_sec, reneg_sec_least, ..OpenvpnConfig::default() }
    }

    #[test]
    fn openvpn_waits_for_the_shorter_of_two_times() {
        for (config, seconds) in [
            (OpenvpnConfig::default(), 60),
            (config(300, 3600, None), 300),
            (config(3000, 3600, None), 1620),
            (config(300, 0, None), 300),
            (config(300, 300, Some(200)), 100),
            (config(300, 200, Some(300)), 100),
            (config(0, 3600, None), 0),
            (config(u64::MAX, 0, None), i32::MAX as u64),
        ] {
            assert_eq!(window(&config).as_secs(), seconds, "{config:?}");
        }
    }
}
