//! What a plugin writes to standard output in a trial.

use std::fs::File;
use std::io::Read;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use super::report::{Grade, Seen};
use crate::redaction::from_plugin;

/// So much of it is kept, and so many characters are shown.
const MOST_BYTES: usize = 4096;
const MOST_CHARACTERS: usize = 200;
/// So often is read at one look: what is written without end is not waited for.
const READS: usize = 16;

/// The reading end of its standard output.
pub(crate) struct Printed {
    reader: File,
    kept: Vec<u8>,
}

impl Printed {
    /// And the end to write to.
    pub(crate) fn new() -> nix::Result<(Self, File)> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        let flags = OFlag::O_NONBLOCK;
        nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETFL(flags))?;
        Ok((Self { reader: reader.into(), kept: Vec::new() }, writer.into()))
    }

    /// Takes in what has come.
    pub(crate) fn look(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..READS {
            let Ok(count @ 1..) = self.reader.read(&mut buffer) else { break };
            let room = MOST_BYTES.saturating_sub(self.kept.len());
            self.kept.extend(buffer.iter().take(count.min(room)));
        }
    }

    /// The first line of it.
    pub(crate) fn seen(mut self) -> Option<Seen> {
        self.look();
        let text = String::from_utf8_lossy(&self.kept);
        let line: String =
            text.lines().find(|line| !line.trim().is_empty())?.chars().take(MOST_CHARACTERS).collect();
        let what = format!("writes to standard output: {}", from_plugin(&line));
        Some(Seen { id: "prints".to_owned(), grade: Grade::Note, what })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_first_line_is_shown_and_the_rest_goes_nowhere() {
        let (printed, writer) = Printed::new().unwrap();
        assert_eq!(printed.seen(), None);
        drop(writer);
        let (mut printed, mut writer) = Printed::new().unwrap();
        writer.write_all(b"\nhere\nthere\n").unwrap();
        for _ in 0..64 {
            writer.write_all(&[b'x'; 4096]).unwrap();
            printed.look();
        }
        assert!(printed.kept.len() <= MOST_BYTES);
        let seen = printed.seen().unwrap();
        assert_eq!(seen.what, format!("writes to standard output: {}", from_plugin("here")));
    }
}
