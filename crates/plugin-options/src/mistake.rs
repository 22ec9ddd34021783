//! What can be wrong with an option, and where it stands.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::file::FileError;
use crate::lines;
use crate::word_split::SplitError;

/// Where a word stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the plugin's line of OpenVPN's configuration.
    Line,
    /// In a file.
    File {
        /// Which.
        path: Arc<PathBuf>,
        /// In which line, counted from 1.
        line: usize,
    },
}

impl fmt::Display for Place {
    /// What goes before a message: `FILE:LINE: `, or nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line => Ok(()),
            Place::File { path, line } => write!(f, "{}:{line}: ", path.display()),
        }
    }
}

/// What is wrong. Each names the word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// There is no such option.
    Unknown {
        /// Where it stands.
        place: Place,
        /// The whole word.
        word: String,
        /// The option that is most like it.
        nearest: Option<String>,
        /// All options.
        known: String,
    },
    /// The option's value is none it can have.
    BadValue {
        /// Where it stands.
        place: Place,
        /// The whole word.
        word: String,
        /// What it would have to be.
        expected: String,
    },
    /// The option stands there twice.
    Repeated {
        /// Where the second one stands.
        place: Place,
        /// The whole word.
        word: String,
    },
    /// A line of the file begins as an option, but has more words.
    NotAlone {
        /// Where.
        place: Place,
        /// The first word.
        word: String,
        /// The option as it is written.
        form: String,
    },
    /// A line of the file cannot be split into words.
    Split {
        /// Where.
        place: Place,
        /// Why.
        error: SplitError,
    },
    /// The file names another one.
    Nested(Place),
    /// The file cannot be used.
    File(FileError),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Unknown { place, word, nearest, known } => {
                let nearest = match nearest {
                    Some(nearest) => format!("did you mean {nearest}?"),
                    None => format!("known are {known}"),
                };
                lines::unknown(place, word, &nearest).fmt(f)
            }
            Mistake::BadValue { place, word, expected } => lines::bad_value(place, word, expected).fmt(f),
            Mistake::Repeated { place, word } => lines::repeated(place, word).fmt(f),
            Mistake::NotAlone { place, word, form } => lines::not_alone(place, word, form).fmt(f),
            Mistake::Split { place, error } => write!(f, "{place}{error}"),
            Mistake::Nested(place) => lines::nested(place).fmt(f),
            Mistake::File(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Mistake {}
