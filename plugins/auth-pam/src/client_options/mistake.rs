//! What can be wrong with the options of clients. At the start it is why OpenVPN does not start, afterwards why a client is
//! refused.

use std::fmt;
use std::io;
use std::path::PathBuf;

use privsep::walk::{Problem, WalkError};

use super::MAX_BYTES;

/// What is wrong.
#[derive(Debug)]
pub enum Mistake {
    /// A file or directory cannot be looked at.
    Walk(WalkError),
    /// A file or directory cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Others than root could change it.
    Insecure(Problem),
    /// It is neither a file nor a link to one.
    NotAFile(PathBuf),
    /// The file is too long.
    TooLong(PathBuf),
    /// A line cannot be given to a client.
    Line {
        /// In which file.
        path: PathBuf,
        /// In which line, counted from 1.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
    /// All files of a client together are too long.
    TooMuch,
    /// The name service cannot say who the user is.
    NameService {
        /// What it was asked for.
        asked: String,
        /// What it said.
        why: &'static str,
    },
}

impl From<WalkError> for Mistake {
    fn from(error: WalkError) -> Self {
        Mistake::Walk(error)
    }
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Walk(error) => error.fmt(f),
            Mistake::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
            Mistake::Insecure(problem) => write!(f, "{problem}; {}", problem.remedy()),
            Mistake::NotAFile(path) => write!(f, "{} is not a file", path.display()),
            Mistake::TooLong(path) => {
                write!(f, "{} is longer than {} KiB", path.display(), MAX_BYTES / 1024)
            }
            Mistake::Line { path, number, what } => write!(f, "{}:{number}: {what}", path.display()),
            Mistake::TooMuch => write!(f, "they are longer than {} KiB", MAX_BYTES / 1024),
            Mistake::NameService { asked, why } => {
                write!(f, "the name service does not answer for {asked}: {why}")
            }
        }
    }
}

impl std::error::Error for Mistake {}
