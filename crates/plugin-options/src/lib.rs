//! The options of a plugin: each stands once, in a table, and is read by one parser from the plugin's line in OpenVPN's
//! configuration and from the file that `options=FILE` names there.
//!
//! * [`word_split`]: how OpenVPN splits a line into words;
//! * [`OptionSpec`]: an option, with all that is to be known of it; [`Form`] and [`Value`]: what follows the `=`;
//! * [`entries`]: the part of it that the parser has;
//! * [`Grammar`]: reads a plugin line, and the file it names;
//! * [`mod@file`]: reads that file, if nobody but root could change it.

pub mod file;
mod form;
mod grammar;
pub mod lines;
mod mistake;
mod nearest;
mod table;
mod value;
pub mod word_split;

pub use form::{Form, Number};
pub use grammar::{Grammar, Remainder, Word};
pub use mistake::{Mistake, Place};
pub use nearest::nearest;
pub use table::{Entry, Fallback, OPTIONS_FILE, OptionSpec, Set, count, entries};
pub use value::Value;
