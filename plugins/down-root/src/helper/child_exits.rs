//! The helper's signals: news of its children.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Readable when a child may have ended.
pub struct ChildExits {
    descriptor: SignalFd,
    blocked: SigSet,
}

impl ChildExits {
    /// Blocks SIGCHLD and starts to listen.
    pub fn new() -> nix::Result<Self> {
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGCHLD);
        blocked.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(ChildExits { descriptor: SignalFd::with_flags(&blocked, flags)?, blocked })
    }

    /// Takes what has come, which is one signal however many children have ended; look at them afterwards.
    pub fn clear(&self) {
        let _ = self.descriptor.read_signal();
    }

    /// Runs `start`, which starts a program, with no signal blocked: a program inherits that. What ends meanwhile is not
    /// told; look at the children afterwards.
    pub fn unblocked<R>(&self, start: impl FnOnce() -> R) -> R {
        let _ = self.blocked.thread_unblock();
        let result = start();
        let _ = self.blocked.thread_block();
        result
    }

    /// Waits for the next one, at most `patience`.
    pub fn wait(&self, patience: Duration) {
        let patience = PollTimeout::try_from(patience.as_millis()).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], patience);
    }
}

impl AsFd for ChildExits {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
