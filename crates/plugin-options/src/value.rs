//! The value of an option: what it may be, and what is said of those that are wrong.

use std::time::Duration;

use crate::{Form, Mistake, Place};

/// An option's value, and the whole word for what is wrong with it.
#[derive(Debug)]
pub struct Value<'a> {
    pub(crate) word: &'a [u8],
    pub(crate) place: &'a Place,
    pub(crate) form: &'a Form,
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

    /// The error for a value that is not of the option's form.
    fn is_not_of_the_form(&self) -> Mistake {
        self.bad(&self.form.expected().unwrap_or_else(|| format!("must be {}", self.form)))
    }

    /// A whole number within the bounds that the option's form has.
    ///
    /// # Errors
    /// If it is none.
    pub fn number(&self) -> Result<u64, Mistake> {
        let Form::Number(bounds) = self.form else { return Err(self.is_not_of_the_form()) };
        let text = self.text();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number
            .filter(|number| (bounds.least..=bounds.most).contains(number))
            .ok_or_else(|| self.is_not_of_the_form())
    }

    /// The same as a number of things.
    ///
    /// # Errors
    /// If it is none.
    pub fn count(&self) -> Result<usize, Mistake> {
        Ok(usize::try_from(self.number()?).unwrap_or(usize::MAX))
    }

    /// Milliseconds.
    ///
    /// # Errors
    /// If it is no number, or out of bounds.
    pub fn milliseconds(&self) -> Result<Duration, Mistake> {
        self.number().map(Duration::from_millis)
    }

    /// Seconds.
    ///
    /// # Errors
    /// If it is no number, or out of bounds.
    pub fn seconds(&self) -> Result<Duration, Mistake> {
        self.number().map(Duration::from_secs)
    }

    /// Seconds; `None` for 0: no limit.
    ///
    /// # Errors
    /// If it is no number, or out of bounds.
    pub fn time_limit(&self) -> Result<Option<Duration>, Mistake> {
        Ok(Some(self.seconds()?).filter(|limit| !limit.is_zero()))
    }

    /// What `parse` makes of one of the words that the option's form has.
    ///
    /// # Errors
    /// If it is another word, or `parse` knows it not.
    pub fn chosen<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Mistake> {
        let known = matches!(self.form, Form::Words(words) if words.contains(&self.text()));
        Some(self.text()).filter(|_| known).and_then(parse).ok_or_else(|| self.is_not_of_the_form())
    }

    /// `yes` or `no`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn yes_or_no(&self) -> Result<bool, Mistake> {
        self.chosen(|word| match word {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        })
    }
}

/// A word for a message.
pub(crate) fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}
