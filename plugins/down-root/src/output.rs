//! What a script, and what it leaves running, prints: it reaches OpenVPN's log line by line, named, escaped and
//! bounded. A script that prints more than can be logged is not held up, and loses the rest.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use ovpn_plugin::escape;

/// Longest line, in bytes; what is longer becomes several.
const MAX_LINE: usize = 512;
/// Lines logged per [`WINDOW`]; more are counted only.
const MAX_LINES: u64 = 200;
const WINDOW: Duration = Duration::from_secs(1);
/// What is still read, in bytes, when the script has ended: another process may go on printing for ever.
const MAX_REST: usize = 1 << 20;
/// Read at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// The pipe the script of one event prints into. It stays open between runs, for what the script leaves running.
pub struct Output {
    name: String,
    read_end: File,
    write_end: OwnedFd,
    lines: Lines,
    window_start: Instant,
    in_window: u64,
    suppressed: u64,
}

impl Output {
    /// Makes the pipe. `name` stands before each line.
    pub fn new(name: String) -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        fcntl(&read_end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Output {
            name,
            read_end: read_end.into(),
            write_end,
            lines: Lines::default(),
            window_start: Instant::now(),
            in_window: 0,
            suppressed: 0,
        })
    }

    /// Where the script prints.
    pub fn write_end(&self) -> std::io::Result<OwnedFd> {
        self.write_end.try_clone()
    }

    /// Logs what there is, at most one buffer of it: other events wait. How many bytes it was.
    pub fn read(&mut self) -> usize {
        let mut buffer = [0; CHUNK];
        let count = self.read_end.read(&mut buffer).unwrap_or(0);
        for line in self.lines.push(buffer.get(..count).unwrap_or_default()) {
            self.log(&line);
        }
        count
    }

    /// The script has ended: logs what is left.
    pub fn finish(&mut self) {
        let mut rest = 0;
        while rest < MAX_REST {
            match self.read() {
                0 => break,
                count => rest += count,
            }
        }
        if let Some(line) = self.lines.finish() {
            self.log(&line);
        }
        self.end_window();
    }

    fn log(&mut self, line: &[u8]) {
        if self.window_start.elapsed() >= WINDOW {
            self.end_window();
            (self.window_start, self.in_window) = (Instant::now(), 0);
        }
        if self.in_window < MAX_LINES {
            self.in_window += 1;
            log::info!("{}: {}", self.name, escape(line));
        } else {
            self.suppressed += 1;
        }
    }

    fn end_window(&mut self) {
        if self.suppressed > 0 {
            log::warn!("{}: {} further lines are not shown", self.name, self.suppressed);
            self.suppressed = 0;
        }
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

/// Cuts a stream of bytes into lines; empty ones are left out.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut complete = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.partial.push(*byte);
            }
            if *byte == b'\n' || self.partial.len() >= MAX_LINE {
                complete.extend(self.finish());
            }
        }
        complete
    }

    fn finish(&mut self) -> Option<Vec<u8>> {
        Some(std::mem::take(&mut self.partial)).filter(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_and_empty_ones_left_out() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), [b"one".to_vec()]);
        assert_eq!(lines.push(b"o\n\n\nthree"), [b"two".to_vec()]);
        assert_eq!(lines.finish(), Some(b"three".to_vec()));
        assert_eq!(lines.finish(), None);
    }

    #[test]
    fn endless_lines_are_cut() {
        let mut lines = Lines::default();
        let cut = lines.push(&[b'x'; MAX_LINE * 3 + 5]);
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LINE; 3]);
        assert_eq!(lines.partial.len(), 5);
    }
}
