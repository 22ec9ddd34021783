//! What PAM modules, and the programs they start, print: it reaches OpenVPN's log line by line, escaped and bounded,
//! and never OpenVPN's own descriptors.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ovpn_plugin::escape;

/// Longest line; what is longer becomes several.
const MAX_LINE: usize = 512;
/// Lines logged per [`WINDOW`]; more are counted only.
const MAX_LINES: u32 = 50;
const WINDOW: Duration = Duration::from_secs(1);
/// What is read at once, in bytes.
const BUFFER: usize = 16 * 1024;

/// The pipe all workers print into.
pub struct ModuleOutput {
    read_end: File,
    buffer: Box<[u8]>,
    lines: LineSplitter,
    window_start: Instant,
    in_window: u32,
    suppressed: u32,
}

impl ModuleOutput {
    /// Reads from this pipe, which does not block.
    pub fn new(read_end: OwnedFd) -> Self {
        ModuleOutput {
            read_end: read_end.into(),
            buffer: vec![0; BUFFER].into(),
            lines: LineSplitter::default(),
            window_start: Instant::now(),
            in_window: 0,
            suppressed: 0,
        }
    }

    /// Logs what there is, at most one buffer of it: other events wait.
    pub fn read(&mut self) {
        let Ok(count) = self.read_end.read(&mut self.buffer) else { return };
        let lines = self.lines.push(&self.buffer[..count]);
        self.log(&lines);
    }

    /// The same, and also logs a line that is not complete, and how many were not shown.
    pub fn flush(&mut self) {
        self.read();
        let rest = self.lines.take();
        self.log(&rest);
        self.tell_suppressed();
    }

    fn log(&mut self, lines: &[Vec<u8>]) {
        if self.window_start.elapsed() >= WINDOW {
            self.tell_suppressed();
            (self.window_start, self.in_window) = (Instant::now(), 0);
        }
        for line in lines {
            if self.in_window < MAX_LINES {
                self.in_window += 1;
                lines::workers::printed(escape(line)).log();
            } else {
                self.suppressed += 1;
            }
        }
    }

    fn tell_suppressed(&mut self) {
        if self.suppressed > 0 {
            lines::workers::printed_more(self.suppressed).log();
            self.suppressed = 0;
        }
    }
}

impl AsFd for ModuleOutput {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

/// Cuts a stream of bytes into lines.
#[derive(Default)]
struct LineSplitter {
    partial: Vec<u8>,
}

impl LineSplitter {
    /// The line that has begun, if one has.
    fn take(&mut self) -> Vec<Vec<u8>> {
        let rest = std::mem::take(&mut self.partial);
        if rest.is_empty() { Vec::new() } else { vec![rest] }
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut complete = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.partial.push(*byte);
            }
            if *byte == b'\n' || self.partial.len() >= MAX_LINE {
                let line = std::mem::take(&mut self.partial);
                if !line.is_empty() {
                    complete.push(line);
                }
            }
        }
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_and_empty_ones_left_out() {
        let mut lines = LineSplitter::default();
        assert_eq!(lines.push(b"one\ntw"), [b"one".to_vec()]);
        assert_eq!(lines.push(b"o\n\n\nthree"), [b"two".to_vec()]);
        assert_eq!(lines.push(b"\n"), [b"three".to_vec()]);
    }

    #[test]
    fn endless_lines_are_cut() {
        let mut lines = LineSplitter::default();
        let cut = lines.push(&[b'x'; MAX_LINE * 3 + 5]);
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LINE; 3]);
        assert_eq!(lines.take(), [b"xxxxx".to_vec()]);
        assert_eq!(lines.take(), Vec::<Vec<u8>>::new());
    }
}
