//! What may stand after an option's `=`: the parser, its error texts and the documents have it from here.

use std::fmt;

/// What the value of an option may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number.
    Number(Number),
    /// Anything else, as the documents have it (`DIR`, `yes|no|TEXT`); empty for an option that is not documented.
    Other(&'static str),
}

/// The bounds of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// What stands for it in the documents.
    pub name: &'static str,
    /// The least that is taken.
    pub least: u64,
    /// The most that is taken.
    pub most: u64,
    /// What it counts; empty if that needs no word.
    pub unit: &'static str,
}

impl Form {
    /// `yes` or `no`.
    pub const YES_NO: Self = Form::Words(&["yes", "no"]);

    /// A time limit of at most a day.
    pub const TIME_LIMIT: Self = Form::number("SECONDS", 0, 86_400, "seconds (0: no limit)");

    /// A number of things.
    #[must_use]
    pub const fn count(least: u64, most: u64) -> Self {
        Form::number("N", least, most, "")
    }

    /// Milliseconds.
    #[must_use]
    pub const fn milliseconds(most: u64) -> Self {
        Form::number("MS", 0, most, "milliseconds")
    }

    /// Seconds.
    #[must_use]
    pub const fn seconds(least: u64, most: u64) -> Self {
        Form::number("SECONDS", least, most, "seconds")
    }

    /// Any number within bounds.
    #[must_use]
    pub const fn number(name: &'static str, least: u64, most: u64, unit: &'static str) -> Self {
        Form::Number(Number { name, least, most, unit })
    }

    /// Whether the documents have options of this form.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        *self != Form::Other("")
    }

    /// What the value would have to be, in an error text; nothing if only the option itself knows.
    pub(crate) fn expected(&self) -> Option<String> {
        match self {
            Form::Words([first @ .., last]) => Some(format!("must be {} or {last}", first.join(", "))),
            Form::Number(number) => Some(format!("must be a number {}", number.bounds())),
            Form::Words([]) | Form::Other(_) => None,
        }
    }
}

impl fmt::Display for Form {
    /// As the documents have it: `yes|no`, `SECONDS`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Words(words) => f.write_str(&words.join("|")),
            Form::Number(number) => f.write_str(number.name),
            Form::Other(form) => f.write_str(form),
        }
    }
}

impl Number {
    /// `from 1 to 60 seconds`.
    #[must_use]
    pub fn bounds(&self) -> String {
        let Number { least, most, unit, .. } = self;
        let space = if unit.is_empty() { "" } else { " " };
        format!("from {least} to {most}{space}{unit}")
    }
}
