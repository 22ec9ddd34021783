//! Options as clap has them declared, for the manual pages.

use std::fmt::Write;

use clap::Arg;

use crate::man_markup::{indented, marked_up};

/// Whether a page lists it.
pub fn is_option(arg: &Arg) -> bool {
    !arg.is_positional() && !arg.is_hide_set()
}

/// What a page says of it.
pub fn entry(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("*-{short}*, ")).unwrap_or_default();
    let long = arg.get_long().unwrap_or_default();
    let takes_value = arg.get_action().takes_values();
    let value = arg
        .get_value_names()
        .filter(|_| takes_value)
        .map(|names| format!(" _{}_", names[0]))
        .unwrap_or_default();
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        let _ = write!(text, " [default: {}]", defaults.join(" "));
    }
    let (first, rest) = text.split_at(1);
    format!(
        "\n{short}*--{long}*{value}\n{}",
        indented(&in_the_page(&format!("{}{rest}.", first.to_uppercase())))
    )
}

/// As the page has it: placeholders underlined, options bold.
fn in_the_page(text: &str) -> String {
    marked_up(&text.replace("FILE", "*FILE*").replace(" --answer", " `--answer`"))
}
