//! What can be wrong with the plugin's line or its options file. Each names the word.

use std::fmt;

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
            ConfigError::NoCommand => f.write_str(
                "the command is missing; write: plugin openvpn-plugin-down-root.so [OPTION=VALUE]... COMMAND [ARG]...",
            ),
            ConfigError::SecondCommand(word) => {
                let text = String::from_utf8_lossy(&word.text);
                write!(f, "{}'{text}': the file has a command already; write its arguments on its line", word.place)
            }
            ConfigError::Option(mistake @ Mistake::Unknown { word, .. }) => write!(
                f,
                "{mistake}; if it is the command, write './{word}'; to set a variable for the script, write a line of \
                 its own: setenv NAME VALUE"
            ),
            ConfigError::Option(mistake) => mistake.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}
