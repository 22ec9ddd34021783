//! Options as the project's commands declare them with clap, and its errors in one line.

use std::ffi::OsString;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, value_parser};

/// How wide `--help` is at most: wider lines are hard to read, also where there is room.
pub const WIDEST: usize = 100;

/// An option without a value.
#[must_use]
pub fn flag(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(id).action(ArgAction::SetTrue).help(help)
}

/// An option with a value of any bytes.
#[must_use]
pub fn text(id: &'static str, value: &'static str, help: &'static str) -> Arg {
    with(id, value, value_parser!(OsString), help)
}

/// An option with a value of some kind.
#[must_use]
pub fn with(
    id: &'static str,
    value: &'static str,
    parser: impl Into<ValueParser>,
    help: &'static str,
) -> Arg {
    Arg::new(id).long(id).value_name(value).value_parser(parser.into()).help(help)
}

/// What is wrong with a command line. How to call the command is said elsewhere.
#[must_use]
pub fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.split_once("\n\nUsage:").map_or(text.as_str(), |(text, _)| text);
    let text = text.split_once("\n\nFor more information").map_or(text, |(text, _)| text);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = lines.join("; ");
    joined.strip_prefix("error: ").unwrap_or(&joined).to_owned()
}
