//! Learning that a child has ended, as an event among others.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Readable when a child may have ended. SIGCHLD is blocked from here on; a forked child has to unblock it.
pub struct ChildExits {
    signals: SignalFd,
}

impl ChildExits {
    /// Starts to listen.
    pub fn new() -> nix::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block()?;
        Ok(ChildExits {
            signals: SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?,
        })
    }

    /// Waits for the event, at most `patience`.
    pub fn wait(&self, patience: Duration) {
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], patience);
    }

    /// Takes the event. One event may stand for several children.
    pub fn clear(&self) {
        while let Ok(Some(_)) = self.signals.read_signal() {}
    }
}

impl AsFd for ChildExits {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }
}
