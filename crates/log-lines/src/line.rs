//! A line as its function gives it: not written yet, and without memory of its own.

use std::fmt;

use log::Level;

/// A line for the log. `F` writes its text.
#[must_use = "a line that nobody logs is lost"]
pub struct Line<F> {
    level: Level,
    write: F,
}

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> Line<F> {
    #[doc(hidden)]
    pub fn new(level: Level, write: F) -> Self {
        Line { level, write }
    }

    /// Its level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Logs it.
    pub fn log(self) {
        log(self.level, &self);
    }

    /// For a place that cannot log at once.
    pub fn unlogged(&self) -> UnloggedLine {
        UnloggedLine { level: self.level, text: self.to_string() }
    }
}

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Line<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(f)
    }
}

/// The part of a line that says why. `F` writes its text.
#[must_use = "a reason is for a line"]
pub struct Reason<F> {
    write: F,
}

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> Reason<F> {
    #[doc(hidden)]
    pub fn new(write: F) -> Self {
        Reason { write }
    }
}

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Reason<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(f)
    }
}

/// A line for the system log. `F` writes its text.
#[must_use = "a record that nobody writes is lost"]
pub struct Record<F> {
    write: F,
}

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> Record<F> {
    #[doc(hidden)]
    pub fn new(write: F) -> Self {
        Record { write }
    }
}

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Record<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(f)
    }
}

/// A line that waits to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a line that nobody logs is lost"]
pub struct UnloggedLine {
    /// Its level.
    pub level: Level,
    /// Its text.
    pub text: String,
}

impl UnloggedLine {
    /// Logs it.
    pub fn log(&self) {
        log(self.level, &self.text);
    }
}

/// Its text.
impl std::ops::Deref for UnloggedLine {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<&str> for UnloggedLine {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl PartialEq<String> for UnloggedLine {
    fn eq(&self, other: &String) -> bool {
        self.text == *other
    }
}

impl fmt::Display for UnloggedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The same code for all lines, so that each adds little to a plugin.
fn log(level: Level, text: &dyn fmt::Display) {
    log::log!(level, "{text}");
}
