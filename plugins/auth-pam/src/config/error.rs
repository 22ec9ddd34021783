//! What can be wrong with the plugin's line or its options file. Each names the word.

use std::fmt;

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
fn parts(word: &Word) -> (&impl fmt::Display, impl fmt::Display) {
    (&word.place, String::from_utf8_lossy(&word.text))
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NoService => f.write_str(
                "the PAM service name is missing; write: plugin openvpn-plugin-auth-pam.so [OPTION=VALUE]... SERVICE [NAME VALUE]...",
            ),
            ConfigError::BadService(word) => {
                let (place, word) = parts(word);
                write!(f, "{place}'{word}' cannot be a PAM service name")
            }
            ConfigError::SecondService(word) => {
                let (place, word) = parts(word);
                write!(f, "{place}'{word}': the file has a service already, and pairs are a NAME and a VALUE")
            }
            ConfigError::OddPairs(word) => {
                let (place, word) = parts(word);
                write!(f, "{place}name '{word}' has no value: the words after the service name are pairs")
            }
            ConfigError::TooManyPairs(word) => {
                let (place, word) = parts(word);
                write!(f, "{place}more than {MAX_PAIRS} name/value pairs, the first too many is '{word}'")
            }
            ConfigError::Option(mistake) => mistake.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}
