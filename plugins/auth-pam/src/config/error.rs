//! What can be wrong with the plugin's line or its options file. Each names the word.

use std::fmt;

use lines::configuration;
use plugin_options::{Mistake, Word};

use crate::worker::prompts::MAX_PAIRS;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// No service name.
    NoService,
    /// The service name cannot be one.
    BadService(Word),
    /// The file names another service, or a name without a value.
    SecondService(Word),
    /// A name without a value.
    OddPairs(Word),
    /// More pairs than allowed; the first name too many.
    TooManyPairs(Word),
    /// An option, or the file.
    Option(Mistake),
}

impl From<Mistake> for ConfigError {
    fn from(mistake: Mistake) -> Self {
        ConfigError::Option(mistake)
    }
}

/// Where the word stands, and the word.
fn parts(word: &Word) -> (&impl fmt::Display, String) {
    (&word.place, String::from_utf8_lossy(&word.text).into_owned())
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NoService => configuration::no_service().fmt(f),
            ConfigError::BadService(word) => {
                let (place, word) = parts(word);
                configuration::bad_service(place, &word).fmt(f)
            }
            ConfigError::SecondService(word) => {
                let (place, word) = parts(word);
                configuration::second_service(place, &word).fmt(f)
            }
            ConfigError::OddPairs(word) => {
                let (place, word) = parts(word);
                configuration::odd_pairs(place, &word).fmt(f)
            }
            ConfigError::TooManyPairs(word) => {
                let (place, word) = parts(word);
                configuration::too_many_pairs(place, MAX_PAIRS, &word).fmt(f)
            }
            ConfigError::Option(mistake) => mistake.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}
