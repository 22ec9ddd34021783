//! Fuzz targets: plain functions, which the fuzzer and the replay of the kept inputs both call. Not part of what is shipped.

mod config;
mod messages;
mod prompts;
mod questions;
mod status;
mod supervisor;
mod token;

use std::time::Duration;

use crate::config::Config;
use crate::settings::Settings;
use crate::startup::{Renegotiation, Replaces, TimeLimits};

pub use config::config;
pub use messages::{order, reply, report, request, writer};
pub use prompts::prompts;
pub use questions::questions;
pub use status::status;
pub use supervisor::supervisor;
pub use token::token;

/// Those of a small machine.
pub(crate) fn settings(config: Config) -> Settings {
    Settings {
        can_ask: config.asks(),
        time_limits: TimeLimits::new(config.timeout, None),
        config,
        config_name: None,
        daemon: false,
        debug: true,
        max_workers: 4,
        max_suspended: 3,
        max_sessions: 3,
        time_to_connect: Duration::from_secs(60),
        replaces: Replaces::User,
        dco: false,
        openvpn_minor: Some(6),
        renegotiation: Renegotiation::of(None),
        override_username: false,
    }
}

/// Takes an input apart from its beginning; where it is at its end, everything is zero and empty.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Up to the next NUL, which is no part of it.
    fn text(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = end.map_or(&[], |end| &self.0[end + 1..]);
        text
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn kept_inputs_are_taken_as_before() {
        let all: [corpus::Target; 11] = [
            ("config", super::config),
            ("order", super::order),
            ("prompts", super::prompts),
            ("questions", super::questions),
            ("reply", super::reply),
            ("report", super::report),
            ("request", super::request),
            ("status", super::status),
            ("supervisor", super::supervisor),
            ("token", super::token),
            ("writer", super::writer),
        ];
        corpus::replay(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"), &all);
    }
}
