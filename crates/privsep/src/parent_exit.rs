//! News of the parent's end that does not depend on who else holds its end of the channel.
//!
//! End of file on a channel says that nobody holds its other end any more. A process that the parent has forked without
//! exec, such as a helper of another plugin, may hold it longer than the parent lives. So may one that an attacker started
//! to talk to the helper later.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::{Pid, getppid};

use crate::os;

/// Readable when the parent has ended.
pub struct ParentExit(OwnedFd);

impl ParentExit {
    /// Watches the process that has forked this one. `None`: the kernel cannot do that (Linux before 5.3), or it is in another
    /// namespace of processes.
    ///
    /// Errors: `ESRCH` if it has ended already; `EMFILE`, `ENFILE`, `ENOMEM`.
    pub fn watch(parent: Pid) -> nix::Result<Option<Self>> {
        let opened = os::open_process(parent);
        // It was not reaped, nor its number given to another process, as long as it is the parent.
        match getppid() {
            now if now == parent => {}
            // What the kernel says of a parent that this process cannot see.
            now if now.as_raw() == 0 => return Ok(None),
            _ => return Err(Errno::ESRCH),
        }
        match opened {
            Ok(descriptor) => Ok(Some(ParentExit(descriptor))),
            // A sandbox may refuse what it does not know.
            Err(Errno::ENOSYS | Errno::EPERM) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

impl ParentExit {
    /// Watches the process that has just sent a message, as the kernel says: it has not ended long enough ago for its number
    /// to be another's. `None`: that cannot be done.
    pub fn watch_sender(sender: Pid) -> Option<Self> {
        // Zero: it is in another namespace of processes.
        if sender.as_raw() <= 0 { None } else { os::open_process(sender).ok().map(ParentExit) }
    }
}

impl AsFd for ParentExit {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_watched_and_nobody_else() {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let parent = ParentExit::watch(getppid()).unwrap().expect("a kernel that can");
        let mut news = [PollFd::new(parent.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut news, PollTimeout::ZERO), Ok(0));
        assert!(matches!(ParentExit::watch(Pid::this()), Err(Errno::ESRCH)));
    }
}
