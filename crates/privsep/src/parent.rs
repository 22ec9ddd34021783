//! News of the parent's end that does not depend on who else holds its end of the channel.
//!
//! End of file on a channel says that nobody holds its other end any more. A process that the parent has forked without
//! exec, a helper of another plugin for one, may hold it longer than the parent lives, and so may one that an attacker has
//! started to talk to the helper later on.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::{Pid, getppid};

use crate::os;

/// Readable when the parent has ended.
pub struct Parent(OwnedFd);

impl Parent {
    /// Watches the process that has forked this one. `None`: the kernel cannot do that (Linux before 5.3).
    ///
    /// Errors: `ESRCH` if it has ended already; `EMFILE`, `ENFILE`, `ENOMEM`.
    pub fn watch(parent: Pid) -> nix::Result<Option<Self>> {
        let opened = os::open_process(parent);
        // It was not reaped, nor its number given to another process, as long as it is the parent.
        if getppid() != parent {
            return Err(Errno::ESRCH);
        }
        match opened {
            Ok(descriptor) => Ok(Some(Parent(descriptor))),
            // A sandbox may refuse what it does not know.
            Err(Errno::ENOSYS | Errno::EPERM) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Parent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
