//! An entry of a plugin's table of options.

use crate::{Mistake, Value};

/// The option that names the file with further options. The parser reads it itself; tables list it for the documents.
pub const OPTIONS_FILE: &str = "options";

/// One option of a plugin whose options together are a `C`.
#[derive(Debug)]
pub struct OptionSpec<C> {
    /// What stands before the `=`.
    pub name: &'static str,
    /// What may stand after it, as the documents have it; empty for one that is not documented.
    pub form: &'static str,
    /// What holds without it; empty: nothing.
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether it may be given several times, once for each value of what stands before its `:`.
    pub repeats: bool,
    /// Takes a value.
    pub set: fn(&mut C, &Value<'_>) -> Result<(), Mistake>,
}

impl<C> OptionSpec<C> {
    /// The entry of [`OPTIONS_FILE`], the same in every plugin.
    #[must_use]
    pub const fn options_file() -> Self {
        OptionSpec {
            name: OPTIONS_FILE,
            form: "FILE",
            default: "",
            meaning: "file with further options, one a line (below)",
            repeats: false,
            // The parser itself reads it.
            set: |_, _| Ok(()),
        }
    }

    /// The option in a document: `timeout=SECONDS`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}={}", self.name, self.form)
    }

    /// Its row in a table of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let default = match self.default {
            "" => String::new(),
            number if number.starts_with(|c: char| c.is_ascii_digit()) => format!(" {number}"),
            word if word.contains(' ') => format!(" {word}"),
            word => format!(" `{word}`"),
        };
        let option = self.shown().replace('|', "\\|");
        format!("| `{option}` |{default} | {} |", self.meaning)
    }
}
