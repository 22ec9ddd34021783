//! The options of a plugin: each stands once, in a table, and is read by one parser from the plugin's line in OpenVPN's
//! configuration and from the file that `options=FILE` names there.
//!
//! * [`words`]: how OpenVPN splits a line into words;
//! * [`OptionSpec`]: an entry of the table; [`Value`]: what follows the `=`;
//! * [`Grammar`]: reads a plugin line, and the file it names;
//! * [`mod@file`]: reads that file, if nobody but root could change it.

pub mod file;
mod grammar;
mod mistake;
mod nearest;
mod table;
mod value;
pub mod words;

pub use grammar::{Grammar, Remainder, Word};
pub use mistake::{Mistake, Place};
pub use nearest::nearest;
pub use table::{OPTIONS_FILE, OptionSpec};
pub use value::Value;
