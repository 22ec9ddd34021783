//! The lines that auth-pam logs, and the reasons of its refusals: each once, with what it means.
//!
//! The plugin logs them by the functions here. The command `ovpn-plugin` explains them, and `docs/reference/log-lines.md`
//! lists them, by the tables.

// Each function has its text as documentation.
#![allow(clippy::must_use_candidate)]

use log_lines::Section;

pub mod attempts;
pub mod clients;
pub mod configuration;
pub mod limits;
pub mod metrics;
pub mod passwordless;
pub mod processes;
pub mod questions;
pub mod refusals;
pub mod sessions;
pub mod startup;
pub mod status;
pub mod system_log;
mod texts;
pub mod workers;

/// All sections, in the order of the reference document.
pub static ALL: [&Section; 14] = [
    &startup::LINES,
    &configuration::LINES,
    &attempts::LINES,
    &refusals::LINES,
    &limits::LINES,
    &questions::LINES,
    &passwordless::LINES,
    &sessions::LINES,
    &clients::LINES,
    &workers::LINES,
    &processes::LINES,
    &status::LINES,
    &metrics::LINES,
    &system_log::LINES,
];
