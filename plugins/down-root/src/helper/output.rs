//! What a script, and what it leaves running, prints: it reaches OpenVPN's log line by line, named, escaped and
//! bounded. A script that prints more than can be logged is not held up, and loses the rest.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::time::{Duration, Instant};

use lines::scripts;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::PollFlags;
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

/// What the script of one event prints. The pipe stays open between runs, for what the script leaves running.
pub struct Output {
    name: String,
    pipe: Option<Pipe>,
    lines: LineSplitter,
    window_start: Instant,
    in_window: u64,
    suppressed: u64,
}

struct Pipe {
    read_end: File,
    write_end: OwnedFd,
}

impl Pipe {
    fn new() -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        fcntl(&read_end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Pipe { read_end: read_end.into(), write_end })
    }
}

impl Output {
    /// Makes the pipe. `name` stands before each line.
    pub fn new(name: String) -> nix::Result<Self> {
        Ok(Output {
            name,
            pipe: Some(Pipe::new()?),
            lines: LineSplitter::default(),
            window_start: Instant::now(),
            in_window: 0,
            suppressed: 0,
        })
    }

    /// Where the script prints.
    pub fn write_end(&mut self) -> std::io::Result<OwnedFd> {
        let pipe = match self.pipe.take() {
            Some(pipe) => pipe,
            None => Pipe::new()?,
        };
        self.pipe.insert(pipe).write_end.try_clone()
    }

    /// What to wait for with `POLLIN`; `None`: nothing will come.
    pub fn polled(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(|pipe| pipe.read_end.as_fd())
    }

    /// Takes care of what poll(2) says of it.
    pub fn happened(&mut self, flags: PollFlags) {
        if flags.contains(PollFlags::POLLIN) {
            self.read();
        } else if !flags.is_empty() {
            // This process holds the other end too, so that is the end of something else than its pipe. Waiting for
            // it would take a whole processor.
            self.lose();
        }
    }

    fn lose(&mut self) {
        // Not closed: the numbers may be somebody else's by now.
        if let Some(Pipe { read_end, write_end }) = self.pipe.take() {
            let _ = (read_end.into_raw_fd(), write_end.into_raw_fd());
            scripts::output_lost(&self.name).log();
        }
    }

    /// Logs what there is, at most one buffer of it: other events wait. How many bytes it was.
    fn read(&mut self) -> usize {
        let Some(pipe) = &mut self.pipe else { return 0 };
        let mut buffer = [0; CHUNK];
        let count = match pipe.read_end.read(&mut buffer) {
            Ok(0) => {
                self.lose();
                0
            }
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Err(_) => {
                self.lose();
                0
            }
        };
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

    fn log(&mut self, line: &Line) {
        if self.window_start.elapsed() >= WINDOW {
            self.end_window();
            (self.window_start, self.in_window) = (Instant::now(), 0);
        }
        if self.in_window < MAX_LINES {
            self.in_window += 1;
            let mark = if line.continues { " (continued)" } else { "" };
            scripts::printed(&self.name, mark, escape(&line.text)).log();
        } else {
            self.suppressed += 1;
        }
    }

    fn end_window(&mut self) {
        if self.suppressed > 0 {
            scripts::printed_more(&self.name, self.suppressed).log();
            self.suppressed = 0;
        }
    }
}

/// One line for the log.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: Vec<u8>,
    /// It is the rest of a longer one: what it begins with, somebody else may have chosen by the length of the rest.
    continues: bool,
}

/// Cuts a stream of bytes into lines; empty ones are left out.
#[derive(Default)]
struct LineSplitter {
    partial: Vec<u8>,
    continues: bool,
}

impl LineSplitter {
    fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut complete = Vec::new();
        for byte in bytes {
            if *byte == b'\n' {
                complete.extend(self.finish());
                continue;
            }
            if self.partial.len() >= MAX_LINE {
                complete.extend(self.finish());
                self.continues = true;
            }
            self.partial.push(*byte);
        }
        complete
    }

    fn finish(&mut self) -> Option<Line> {
        let line = Line { text: std::mem::take(&mut self.partial), continues: self.continues };
        self.continues = false;
        Some(line).filter(|line| !line.text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::poll::{PollFd, PollTimeout, poll};

    fn line(text: &[u8]) -> Line {
        Line { text: text.to_vec(), continues: false }
    }

    #[test]
    fn lines_are_put_together_and_empty_ones_left_out() {
        let mut lines = LineSplitter::default();
        assert_eq!(lines.push(b"one\ntw"), [line(b"one")]);
        assert_eq!(lines.push(b"o\n\n\nthree"), [line(b"two")]);
        assert_eq!(lines.finish(), Some(line(b"three")));
        assert_eq!(lines.finish(), None);
    }

    #[test]
    fn endless_lines_are_cut_and_the_rest_is_marked() {
        let mut lines = LineSplitter::default();
        let mut cut = lines.push(&[b'x'; MAX_LINE * 3 + 5]);
        cut.extend(lines.push(b"y\nz\n"));
        let shape: Vec<_> = cut.iter().map(|line| (line.text.len(), line.continues)).collect();
        assert_eq!(shape, [(MAX_LINE, false), (MAX_LINE, true), (MAX_LINE, true), (6, true), (1, false)]);
        // One that fits exactly has no rest.
        let exact = lines.push(&[&[b'x'; MAX_LINE][..], b"\nnext\n"].concat());
        assert_eq!(exact.iter().map(|line| line.continues).collect::<Vec<_>>(), [false, false]);
    }

    fn polled(output: &Output) -> PollFlags {
        let Some(descriptor) = output.polled() else { return PollFlags::empty() };
        let mut fds = [PollFd::new(descriptor, PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).unwrap();
        fds[0].revents().unwrap()
    }

    /// What else may become of it: the number leads somewhere that is always readable and gives nothing.
    #[test]
    fn an_output_that_is_none_any_more_is_waited_for_no_longer_and_made_anew() {
        let mut output = Output::new("test".into()).unwrap();
        assert_eq!(polled(&output), PollFlags::empty());
        let null = File::open("/dev/null").unwrap();
        let pipe = output.pipe.as_mut().unwrap();
        let mut number = OwnedFd::from(pipe.read_end.try_clone().unwrap());
        nix::unistd::dup2(&null, &mut number).unwrap();
        pipe.read_end = number.into();
        let flags = polled(&output);
        assert!(flags.contains(PollFlags::POLLIN), "{flags:?}");
        output.happened(flags);
        assert!(output.polled().is_none());
        let mut writer = File::from(output.write_end().unwrap());
        std::io::Write::write_all(&mut writer, b"again\n").unwrap();
        assert_eq!(polled(&output), PollFlags::POLLIN);
        assert_eq!(output.read(), 6);
    }

    #[test]
    fn an_output_that_has_hung_up_is_waited_for_no_longer() {
        for flags in [PollFlags::POLLHUP, PollFlags::POLLERR, PollFlags::POLLNVAL] {
            let mut output = Output::new("test".into()).unwrap();
            output.happened(PollFlags::empty());
            assert!(output.polled().is_some());
            output.happened(flags);
            assert!(output.polled().is_none(), "{flags:?}");
        }
    }
}
