//! What can be wrong with the options of clients. At the start it is why OpenVPN does not start, afterwards why a client is
//! refused.

use std::fmt;
use std::io;
use std::path::PathBuf;

use privsep::path_permissions::{Problem, WalkError};

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
            Mistake::NotAFile(path) => lines::clients::not_a_file(path.display()).fmt(f),
            Mistake::TooLong(path) => lines::clients::file_too_long(path.display(), MAX_BYTES / 1024).fmt(f),
            Mistake::Line { path, number, what } => {
                lines::clients::in_line(path.display(), *number, what).fmt(f)
            }
            Mistake::TooMuch => lines::clients::too_much(MAX_BYTES / 1024).fmt(f),
            Mistake::NameService { asked, why } => lines::clients::name_service(asked, why).fmt(f),
        }
    }
}

impl std::error::Error for Mistake {}
