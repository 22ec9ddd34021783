//! Every option, declared once: parser, defaults, error texts, manual page and reference come from here (`make
//! generate`). A word that is none of these is refused.

mod files_and_reports;
mod questions;
mod sessions;
mod sources;
mod users;
mod waiting;

use plugin_options::{Entry, OptionSpec, count, entries};

use super::Config;

/// The options, by what they are about.
pub const GROUPS: [&[OptionSpec<Config>]; 6] = [
    &waiting::OPTIONS,
    &questions::OPTIONS,
    &sessions::OPTIONS,
    &users::OPTIONS,
    &sources::OPTIONS,
    &files_and_reports::OPTIONS,
];

/// What the parser has of them.
pub const ENTRIES: [Entry<Config>; count(&GROUPS)] = entries(&GROUPS);
