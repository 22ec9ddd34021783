//! What the plugin logged, its forked children included.

use std::fmt;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ovpn_plugin_sys as sys;

use crate::ffi::LogSlot;
use crate::file_watch::FileWatch;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// OpenVPN's flags: `PLOG_ERR` and so on. 0 for the second and further lines of a message with newlines in it.
    pub flags: i32,
    /// The name the plugin gave itself; empty as above.
    pub name: String,
    /// The message.
    pub text: String,
}

impl LogLine {
    fn parse(line: &str) -> Self {
        let mut parts = line.splitn(3, '\t');
        if let (Some(Ok(flags)), Some(name), Some(text)) =
            (parts.next().map(str::parse), parts.next(), parts.next())
        {
            return Self { flags, name: name.to_owned(), text: text.to_owned() };
        }
        Self { flags: 0, name: String::new(), text: line.to_owned() }
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.flags & sys::PLOG_ERR != 0
    }

    /// Whether it is a warning.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.flags & sys::PLOG_WARN != 0
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.flags & 0xff {
            sys::PLOG_ERR => "error",
            sys::PLOG_WARN => "warning",
            sys::PLOG_NOTE => "notice",
            sys::PLOG_DEBUG => "debug",
            _ => "-",
        };
        write!(out, "{level} {}: {}", self.name, self.text)
    }
}

/// Reads the log of a plugin that another process has open, as it grows; see [`Plugin::log_to`](crate::Plugin::log_to).
#[derive(Debug)]
pub struct LogFollower {
    path: PathBuf,
    read: usize,
}

impl LogFollower {
    /// Starts at the beginning of `path`, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read: 0 }
    }

    /// The lines finished since the last call, of those within the first `end` bytes of the file.
    pub fn new_lines(&mut self, end: usize) -> Vec<LogLine> {
        let (lines, read) = finished_lines(&self.path, self.read, end);
        self.read += read;
        lines
    }
}

/// The finished lines between these two bytes, and how many bytes they are.
fn finished_lines(path: &Path, from: usize, end: usize) -> (Vec<LogLine>, usize) {
    let new = read_from(path, from, end).unwrap_or_default();
    let finished = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(new.get(..finished).unwrap_or_default());
    (text.split_terminator('\n').map(LogLine::parse).collect(), finished)
}

fn read_from(path: &Path, from: usize, end: usize) -> std::io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let bytes = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    file.seek(SeekFrom::Start(bytes(from)))?;
    let mut read = Vec::new();
    file.take(bytes(end.saturating_sub(from))).read_to_end(&mut read)?;
    Ok(read)
}

/// The log of one plugin.
pub(crate) struct Log {
    pub(crate) slot: LogSlot,
    /// Bytes of the file that were cleared.
    cleared: AtomicUsize,
}

impl Log {
    pub(crate) fn new(path: &Path, dropped: i32) -> std::io::Result<Self> {
        Ok(Self { slot: LogSlot::take(path, dropped)?, cleared: AtomicUsize::new(0) })
    }

    /// The finished lines so far.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        finished_lines(self.slot.path(), self.cleared.load(Ordering::Relaxed), usize::MAX).0
    }

    pub(crate) fn clear(&self) {
        let length = fs::read(self.slot.path()).map_or(0, |bytes| bytes.len());
        self.cleared.store(length, Ordering::Relaxed);
    }

    pub(crate) fn wait_for(
        &self,
        mut wanted: impl FnMut(&LogLine) -> bool,
        timeout: Duration,
    ) -> Result<LogLine, NoSuchLine> {
        let deadline = Instant::now() + timeout;
        let watch = FileWatch::new(self.slot.path());
        loop {
            let lines = self.lines();
            if let Some(line) = lines.iter().find(|line| wanted(line)) {
                return Ok(line.clone());
            }
            if !watch.changed_until(deadline) {
                return Err(NoSuchLine { waited: timeout, lines });
            }
        }
    }
}

/// A line that was waited for did not come in time.
#[derive(Clone, Debug)]
pub struct NoSuchLine {
    /// How long was waited.
    pub waited: Duration,
    /// What the log holds instead.
    pub lines: Vec<LogLine>,
}

impl fmt::Display for NoSuchLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no such line in the log within {:?}; it holds {} lines", self.waited, self.lines.len())?;
        self.lines.iter().try_for_each(|line| write!(out, "\n  {line}"))
    }
}

impl std::error::Error for NoSuchLine {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_and_what_is_none() {
        let line = LogLine::parse("1\tAUTH\ta\tb");
        assert_eq!((line.is_error(), line.name.as_str(), line.text.as_str()), (true, "AUTH", "a\tb"));
        assert_eq!(
            LogLine::parse("rest of a message"),
            LogLine { flags: 0, name: String::new(), text: "rest of a message".into() }
        );
    }
}
