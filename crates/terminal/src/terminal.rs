//! Questions to the person at the terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::signals::Signals;

/// More than any OpenVPN passes on.
pub const MOST_BYTES: usize = 16 << 10;

/// Bytes that are wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// The terminal, with echo put back in order when dropped.
#[derive(Debug)]
pub struct Terminal {
    file: File,
    before: Termios,
}

/// Why the terminal gave nothing.
#[derive(Debug)]
pub enum NoAnswer {
    /// There is none, or it cannot be used.
    Failed(io::Error),
    /// A signal came, or the input ended.
    Interrupted(Option<Signal>),
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<nix::Error> for NoAnswer {
    fn from(error: nix::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Terminal {
    /// Opens the terminal of this process, wherever its input and output go.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn open() -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&file)?;
        Ok(Self { file, before })
    }

    /// Asks and reads one line.
    ///
    /// # Errors
    ///
    /// See [`NoAnswer`].
    pub fn ask(&mut self, prompt: &str, echo: bool, signals: &Signals) -> Result<Secret, NoAnswer> {
        let mut settings = self.before.clone();
        if !echo {
            settings.local_flags.remove(LocalFlags::ECHO);
            settings.local_flags.insert(LocalFlags::ECHONL);
        }
        // What was typed ahead of the prompt would have been shown.
        tcsetattr(&self.file, SetArg::TCSAFLUSH, &settings)?;
        self.file.write_all(prompt.as_bytes())?;
        let mut line = Zeroizing::new(vec![0; MOST_BYTES]);
        let mut used = 0;
        loop {
            let mut ready = [
                PollFd::new(self.file.as_fd(), PollFlags::POLLIN),
                PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut ready, PollTimeout::NONE) {
                Err(nix::Error::EINTR) => continue,
                other => other?,
            };
            if let Some(signal) = signals.came() {
                self.file.write_all(b"\n")?;
                return Err(NoAnswer::Interrupted(Some(signal)));
            }
            let room = line.get_mut(used..).unwrap_or_default();
            match self.file.read(room) {
                Ok(0) => return Err(NoAnswer::Interrupted(None)),
                Ok(count) => used += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            }
            if line.get(..used).is_some_and(|read| read.ends_with(b"\n")) {
                line.truncate(used - 1);
                return Ok(line);
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.file, SetArg::TCSAFLUSH, &self.before);
    }
}
