//! The value of an option: what it may be, and what is said of those that are wrong.

use std::time::Duration;

use crate::{Mistake, Place};

/// An option's value, and the whole word for what is wrong with it.
#[derive(Debug)]
pub struct Value<'a> {
    pub(crate) word: &'a [u8],
    pub(crate) place: &'a Place,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Value<'a> {
    /// What stands after the `=`.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The same as text; empty if it is none.
    #[must_use]
    pub fn text(&self) -> &'a str {
        std::str::from_utf8(self.bytes).unwrap_or_default()
    }

    /// The whole word, for messages.
    #[must_use]
    pub fn word(&self) -> String {
        shown(self.word)
    }

    /// The error for a value that would have to be something else.
    #[must_use]
    pub fn bad(&self, expected: &str) -> Mistake {
        Mistake::BadValue { place: self.place.clone(), word: self.word(), expected: expected.into() }
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// If it is none.
    pub fn number(&self, least: u64, most: u64, unit: &str) -> Result<u64, Mistake> {
        let text = self.text();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.bad(format!("must be a number from {least} to {most} {unit}").trim_end()))
    }

    /// The same without a unit.
    ///
    /// # Errors
    /// If it is none.
    pub fn count(&self, least: u64, most: u64) -> Result<usize, Mistake> {
        Ok(usize::try_from(self.number(least, most, "")?).unwrap_or(usize::MAX))
    }

    /// Milliseconds.
    ///
    /// # Errors
    /// If it is no number, or above `most`.
    pub fn milliseconds(&self, most: u64) -> Result<Duration, Mistake> {
        self.number(0, most, "milliseconds").map(Duration::from_millis)
    }

    /// A time limit of at most a day; `None` for 0: no limit.
    ///
    /// # Errors
    /// If it is no number, or above a day.
    pub fn time_limit(&self) -> Result<Option<Duration>, Mistake> {
        let seconds = self.number(0, 86_400, "seconds (0: no limit)")?;
        Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
    }

    /// `yes` or `no`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn yes_or_no(&self) -> Result<bool, Mistake> {
        match self.text() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.bad("must be yes or no")),
        }
    }
}

/// A word for a message.
pub(crate) fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}
