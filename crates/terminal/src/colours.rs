//! What a terminal can show.

use std::io::{IsTerminal, stdout};

/// Whether standard output is a terminal that has colours. NO_COLOR (no-color.org) switches them off.
pub fn colours() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stdout().is_terminal() && !no_color && !is_dumb()
}

/// Whether the terminal takes text and nothing else (TERM=dumb, or none).
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}
