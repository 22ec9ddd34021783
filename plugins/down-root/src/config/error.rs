//! What can be wrong with the plugin's line or its options file. Each names the word.

use std::fmt;

use lines::startup;
use plugin_options::{Mistake, Word};

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// No command.
    NoCommand,
    /// The file has two.
    SecondCommand(Word),
    /// An option, or the file.
    Option(Mistake),
}

impl From<Mistake> for ConfigError {
    fn from(mistake: Mistake) -> Self {
        ConfigError::Option(mistake)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NoCommand => startup::no_command().fmt(f),
            ConfigError::SecondCommand(word) => {
                let text = String::from_utf8_lossy(&word.text);
                startup::second_command(&word.place, &text).fmt(f)
            }
            ConfigError::Option(mistake @ Mistake::Unknown { word, .. }) => {
                startup::option_or_command(mistake, word).fmt(f)
            }
            ConfigError::Option(mistake) => mistake.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}
