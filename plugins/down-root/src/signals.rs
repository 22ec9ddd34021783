//! The helper's signals: news of its children, and nothing else.
//!
//! They are blocked, not ignored: a program that is started inherits what is ignored.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// A child has ended; and what is meant for OpenVPN when a whole control group or container is signalled. Even on
/// SIGTERM the helper must stay: OpenVPN is about to ask for the down script, and takes the helper with it.
const BLOCKED: [Signal; 6] =
    [Signal::SIGCHLD, Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];

/// Readable when a child may have ended.
pub struct Signals {
    descriptor: SignalFd,
    blocked: SigSet,
}

impl Signals {
    /// Blocks them and starts to listen.
    pub fn block() -> nix::Result<Self> {
        let blocked: SigSet = BLOCKED.into_iter().collect();
        blocked.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { descriptor: SignalFd::with_flags(&blocked, flags)?, blocked })
    }

    /// Takes what has come.
    pub fn clear(&self) {
        while let Ok(Some(_)) = self.descriptor.read_signal() {}
    }

    /// Runs `start`, which starts a program, with no signal blocked: a program inherits that.
    pub fn unblocked<R>(&self, start: impl FnOnce() -> R) -> R {
        self.clear();
        let _ = self.blocked.thread_unblock();
        let result = start();
        let _ = self.blocked.thread_block();
        result
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
