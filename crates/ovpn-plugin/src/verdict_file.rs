//! The files OpenVPN makes for a verdict: opened early, never created, one byte at the start says it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
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
    /// The file for the verdict holds something already. OpenVPN makes one file for all plugins: another plugin has
    /// written to it, or an earlier answer did.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Undecided logins and clients hold three quarters of the files that OpenVPN may have open, two each. OpenVPN cannot
    /// even take a connection without one.
    TooManyFiles {
        /// How many it may have open (`ulimit -n`, `LimitNOFILE=`).
        limit: u64,
    },
    /// A file cannot be opened.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file for the verdict cannot be written.
    Write(io::Error),
}

impl fmt::Display for DeferError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile { variable } => {
                write!(out, "cannot defer: OpenVPN named no file in {variable}")
            }
            Self::Taken => out.write_str("cannot defer: the decision was taken before"),
            Self::InUse { path } => {
                let path = path.display();
                write!(out, "cannot defer: {path}: another plugin or an earlier answer has used the file")
            }
            Self::TooManyFiles { limit } => {
                write!(
                    out,
                    "cannot defer: undecided ones hold three quarters of the {limit} files that OpenVPN may have open"
                )
            }
            Self::File { path, source } => write!(out, "cannot defer: {}: {source}", path.display()),
            Self::Write(source) => write!(out, "cannot defer: the file for the verdict: {source}"),
        }
    }
}

impl std::error::Error for DeferError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoFile { .. } | Self::Taken | Self::InUse { .. } | Self::TooManyFiles { .. } => None,
            Self::File { source, .. } | Self::Write(source) => Some(source),
        }
    }
}

/// Opens what OpenVPN made; a link in its place is not followed.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
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

/// The same for the file of a verdict, which must be empty.
pub(crate) fn open_empty(path: Option<&Path>, variable: &'static str) -> Result<File, DeferError> {
    let file = open_for(path, variable)?;
    let path = path.unwrap_or(Path::new("")).to_owned();
    match holds(&file, b"") {
        Ok(true) => Ok(file),
        Ok(false) => Err(DeferError::InUse { path }),
        Err(source) => Err(DeferError::File { path, source }),
    }
}

/// Whether the file holds this short text and nothing else.
pub(crate) fn holds(mut file: &File, text: &[u8]) -> io::Result<bool> {
    if file.metadata()?.len() != text.len() as u64 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut found = Vec::new();
    file.take(text.len() as u64 + 1).read_to_end(&mut found)?;
    Ok(found == text)
}

/// Tries once more what has failed: without a verdict the client would wait until OpenVPN's own time is over.
fn twice<R>(act: impl Fn() -> io::Result<R>) -> io::Result<R> {
    act().or_else(|_| act())
}

/// Replaces what is in the file. Never empty meanwhile: OpenVPN may look at any moment.
pub(crate) fn put(mut file: &File, text: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text)?;
    file.set_len(text.len() as u64)
}

/// Writes the verdict into a file that holds `expected`. If it holds something else, another plugin or an earlier
/// answer has used it: then the verdict is a rejection. Whether the verdict was written as it is. If the file cannot be
/// read, the verdict is a rejection too.
pub(crate) fn put_verdict(file: &File, expected: &[u8], verdict: u8) -> io::Result<bool> {
    let untouched = twice(|| holds(file, expected));
    let byte = if matches!(untouched, Ok(true)) { verdict } else { b'0' };
    twice(|| put(file, &[byte]))?;
    untouched
}

/// Writes the reason of a rejection, unless there is one already.
pub(crate) fn put_reason(file: &File, reason: &str) -> io::Result<()> {
    if !twice(|| holds(file, b""))? {
        return Err(io::Error::other("another plugin or an earlier answer has given a reason, which stays"));
    }
    twice(|| put(file, reason.as_bytes()))
}

/// Adds lines behind what others may have written: their last one may lack its end.
pub(crate) fn append(mut file: &File, lines: &str) -> io::Result<()> {
    let mut last = *b"\n";
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let between = if last == *b"\n" || lines.is_empty() { "" } else { "\n" };
    file.write_all(format!("{between}{lines}").as_bytes())
}

/// Whether OpenVPN still has a name for the file. It removes its files when it gives up on a client.
#[cfg(unix)]
pub(crate) fn has_name(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map_or(true, |file| file.nlink() > 0)
}

/// That cannot be known here.
#[cfg(not(unix))]
pub(crate) fn has_name(_: &File) -> bool {
    true
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

    #[test]
    fn lines_are_added_as_lines() {
        let files = LoginFiles::new().unwrap();
        let path = files.control_file();
        for (found, lines, left) in [
            ("", "a\n", "a\n"),
            ("x\n", "a\n", "x\na\n"),
            ("x", "a\nb\n", "x\na\nb\n"),
            ("x", "", "x"),
            ("\n", "a\n", "\na\n"),
        ] {
            std::fs::write(&path, found).unwrap();
            append(&open(&path).unwrap(), lines).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), left, "{found:?} {lines:?}");
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_a_rejection() {
        let files = LoginFiles::new().unwrap();
        let path = files.control_file();
        for (found, expected, written) in [
            ("", "", "1"),
            ("2", "2", "1"),
            ("1", "", "0"),
            ("1", "2", "0"),
            ("", "2", "0"),
            ("22", "2", "0"),
        ] {
            std::fs::write(&path, found).unwrap();
            let as_it_is = put_verdict(&open(&path).unwrap(), expected.as_bytes(), b'1').unwrap();
            let now = std::fs::read_to_string(&path).unwrap();
            assert_eq!((as_it_is, now.as_str()), (written == "1", written), "{found:?} {expected:?}");
        }
    }
}
