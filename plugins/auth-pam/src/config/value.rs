//! The values of options: what they may be, and what is said of those that are wrong.

use std::ffi::CString;

use super::ConfigError;

/// An option's value, and the whole word for what is wrong with it.
pub struct Value<'a> {
    /// The word.
    pub word: &'a [u8],
    /// What stands after the `=`.
    pub text: &'a str,
}

impl Value<'_> {
    /// The error for a value that would have to be something else.
    pub fn bad(&self, expected: &str) -> ConfigError {
        ConfigError::BadValue { word: shown(self.word), expected: expected.into() }
    }

    /// A whole number within bounds.
    pub fn number(&self, least: u64, most: u64, unit: &str) -> Result<u64, ConfigError> {
        let digits = !self.text.is_empty() && self.text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { self.text.parse().ok() } else { None };
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.bad(format!("must be a number from {least} to {most} {unit}").trim_end()))
    }

    /// The same without a unit.
    pub fn count(&self, least: u64, most: u64) -> Result<usize, ConfigError> {
        Ok(usize::try_from(self.number(least, most, "")?).unwrap_or(usize::MAX))
    }

    /// The length of a network prefix.
    pub fn prefix(&self, most: u8) -> Result<u8, ConfigError> {
        Ok(u8::try_from(self.number(1, most.into(), "bits")?).unwrap_or(most))
    }

    /// `yes` or `no`.
    pub fn yes_or_no(&self) -> Result<bool, ConfigError> {
        match self.text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.bad("must be yes or no")),
        }
    }

    /// An existing directory, made absolute: the helper changes its working directory.
    pub fn directory(&self) -> Result<CString, ConfigError> {
        let path = std::fs::canonicalize(self.text).map_err(|error| self.bad(&error.to_string()))?;
        if !path.is_dir() {
            return Err(self.bad("is not a directory"));
        }
        CString::new(path.into_os_string().into_encoded_bytes()).map_err(|_| self.bad("has a NUL byte"))
    }
}

/// A word for a message.
pub fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}
