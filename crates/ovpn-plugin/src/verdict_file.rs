//! The files OpenVPN makes for a verdict: opened early, never created, one byte at the start says it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a decision cannot be deferred.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeferError {
    /// OpenVPN named no file for the verdict: it is too old, or this client cannot be deferred.
    NoFile {
        /// The variable that should have named it.
        variable: &'static str,
    },
    /// It was deferred already, in this same call.
    Taken,
    /// A file cannot be opened or written.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for DeferError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile { variable } => {
                write!(out, "cannot defer: OpenVPN named no file in {variable}")
            }
            Self::Taken => out.write_str("cannot defer: the decision was taken before"),
            Self::File { path, source } => write!(out, "cannot defer: {}: {source}", path.display()),
        }
    }
}

impl std::error::Error for DeferError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoFile { .. } | Self::Taken => None,
            Self::File { source, .. } => Some(source),
        }
    }
}

/// Opens what OpenVPN made; a link in its place is not followed.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK);
    }
    options.open(path)
}

/// The same where a decision needs it.
pub(crate) fn open_for(path: Option<&Path>, variable: &'static str) -> Result<File, DeferError> {
    let path = path.ok_or(DeferError::NoFile { variable })?;
    open(path).map_err(|source| DeferError::File { path: path.to_owned(), source })
}

/// Replaces what is in the file. Never empty meanwhile: OpenVPN may look at any moment.
pub(crate) fn put(mut file: &File, text: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text)?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::LoginFiles;

    #[test]
    fn nothing_of_what_was_there_stays() {
        let files = LoginFiles::new().unwrap();
        let path = files.control_file();
        let file = open(&path).unwrap();
        for text in ["TEMP: try again later", "no", ""] {
            put(&file, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
