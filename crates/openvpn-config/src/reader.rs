//! One pass over OpenVPN's configuration file and the files it includes, line by line as OpenVPN reads them.
//!
//! Keys and passwords may stand in a configuration: no copy of it is left in memory, and blocks are passed over.

use std::ffi::OsStr;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plugin_options::word_split::{self, SplitError};
use secret::Secret;
use secret::reading::at_most;

/// What is read of all files together, in bytes. Keys and certificates may stand in them.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many files are read.
const MAX_FILES: usize = 64;
/// How deep `config` lines may lead into other files, as in OpenVPN.
const MAX_DEPTH: usize = 10;
/// The longest line OpenVPN takes, in bytes, its end included.
const MAX_LINE: usize = 255;
/// How many words of a line OpenVPN takes, the option's name included; it drops the rest without a message.
pub const MAX_WORDS: usize = 16;

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What stands in a line.
#[derive(Debug)]
pub enum Seen<'a> {
    /// An option with its words, without dashes before its name and without `setenv opt`.
    Option(&'a [Secret]),
    /// The beginning of a block, such as `<ca>`: its name.
    Block(&'a [u8]),
    /// Something that OpenVPN does not take.
    Fault(LineFault),
}

/// Why OpenVPN does not take a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFault {
    /// It is too long.
    TooLong,
    /// It cannot be split into words.
    Split(SplitError),
    /// The block that it begins has no end.
    Unclosed,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineFault::TooLong => write!(f, "the line has more than {} bytes", MAX_LINE - 1),
            LineFault::Split(error) => error.fmt(f),
            LineFault::Unclosed => f.write_str("the block that begins here is not closed"),
        }
    }
}

/// Why a configuration is not read to its end.
#[derive(Debug)]
pub enum Unread {
    /// It came through standard input.
    StandardInput,
    /// The file, or one it includes, cannot be read.
    File(PathBuf, io::Error),
    /// It is no regular file.
    NotAFile(PathBuf),
    /// There is too much of it.
    TooLong,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::StandardInput => f.write_str("it came through standard input"),
            Unread::File(path, error) => write!(f, "{}: {error}", path.display()),
            Unread::NotAFile(path) => write!(f, "{} is not a regular file", path.display()),
            Unread::TooLong => {
                f.write_str("it is too long, or its `config` lines lead to too many files or in a circle")
            }
        }
    }
}

/// Where reading stopped, and why.
#[derive(Debug)]
pub struct Stopped {
    /// The line that includes the file; none for the first one.
    pub place: Option<Place>,
    /// Why.
    pub why: Unread,
}

/// Reads a file and what it includes, and shows `see` what stands there. A relative path starts at `directory`, where
/// OpenVPN is. Gives the directory that it is in at the end.
///
/// # Errors
/// If the file or one that it includes cannot be read: then anything might stand there.
pub fn read(
    path: &Path,
    directory: &Path,
    see: &mut dyn FnMut(&Place, Seen<'_>),
) -> Result<PathBuf, Stopped> {
    let mut pass = Pass { directory: directory.into(), bytes: 0, files: 0, see };
    pass.file(path, None, 1)?;
    Ok(pass.directory)
}

/// The pass as far as it has come.
struct Pass<'a> {
    /// Where relative paths start: `cd` changes it.
    directory: PathBuf,
    bytes: usize,
    files: usize,
    see: &'a mut dyn FnMut(&Place, Seen<'_>),
}

impl Pass<'_> {
    fn file(&mut self, path: &Path, from: Option<&Place>, depth: usize) -> Result<(), Stopped> {
        let stopped = |why| Stopped { place: from.cloned(), why };
        if path.as_os_str() == "stdin" {
            return Err(stopped(Unread::StandardInput));
        }
        self.files += 1;
        if depth > MAX_DEPTH || self.files > MAX_FILES {
            return Err(stopped(Unread::TooLong));
        }
        let path = self.directory.join(path);
        let content = self.content(&path).map_err(stopped)?;
        self.text(content.expose(), &Arc::from(path), depth)
    }

    fn content(&mut self, path: &Path) -> Result<Secret, Unread> {
        let failed = |error| Unread::File(path.to_path_buf(), error);
        // Neither a pipe nor a terminal may keep OpenVPN waiting.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Unread::NotAFile(path.to_path_buf()));
        }
        let left = MAX_BYTES - self.bytes;
        let content = at_most(&file, left + 1).map_err(failed)?;
        if content.len() > left {
            return Err(Unread::TooLong);
        }
        self.bytes += content.len();
        Ok(content)
    }

    fn text(&mut self, content: &[u8], file: &Arc<Path>, depth: usize) -> Result<(), Stopped> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut lines = content.split(|byte| *byte == b'\n').zip(1..);
        while let Some((line, number)) = lines.next() {
            let place = Place { file: Arc::clone(file), line: number };
            let words = match line_of(line) {
                Ok(words) => words,
                Err(fault) => {
                    (self.see)(&place, Seen::Fault(fault));
                    continue;
                }
            };
            if let Some(name) = words.first().and_then(|word| tag(word.expose())).filter(|_| words.len() == 1)
            {
                let end = [b"</", name, b">"].concat();
                // The rest of a block that is never closed belongs to it.
                let seen = match lines.find(|(line, _)| trim_start(line).starts_with(&end)) {
                    Some(_) => Seen::Block(name),
                    None => Seen::Fault(LineFault::Unclosed),
                };
                (self.see)(&place, seen);
                continue;
            }
            self.option(&place, words, depth)?;
        }
        Ok(())
    }

    fn option(&mut self, place: &Place, mut words: Vec<Secret>, depth: usize) -> Result<(), Stopped> {
        let text: Vec<&[u8]> = words.iter().map(Secret::expose).collect();
        if let [b"setenv" | b"--setenv", b"opt", ..] = &text[..] {
            words.drain(..2);
        }
        let Some(first) = words.first_mut() else { return Ok(()) };
        if let Some(name) = first.expose().strip_prefix(b"--").filter(|name| !name.is_empty()) {
            *first = Secret::copy_of(name);
        }
        (self.see)(place, Seen::Option(&words));
        let text: Vec<&[u8]> = words.iter().map(Secret::expose).collect();
        match &text[..] {
            [b"config", path] => self.file(&path_of(path), Some(place), depth + 1),
            [b"cd", path] => {
                self.directory = self.directory.join(path_of(path));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The words of a line that OpenVPN would take.
fn line_of(line: &[u8]) -> Result<Vec<Secret>, LineFault> {
    // For OpenVPN, in C, a line ends at a NUL byte.
    let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
    if line.len() >= MAX_LINE {
        return Err(LineFault::TooLong);
    }
    let words = word_split::split(line).map_err(LineFault::Split)?;
    Ok(words.into_iter().map(Secret::new).collect())
}

/// The name of the block that this word begins: `ca` of `<ca>`.
fn tag(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(b"<")?.strip_suffix(b">")
}

fn trim_start(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| word_split::is_blank(**byte)).count();
    &line[blanks..]
}

fn path_of(word: &[u8]) -> PathBuf {
    OsStr::from_bytes(word).into()
}
