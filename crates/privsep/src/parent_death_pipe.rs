//! Kills a child when its parent dies, even if a library in the child blocks, sleeps or has changed its credentials.
//!
//! `PR_SET_PDEATHSIG` alone is not enough: the kernel forgets it when the process changes its effective or file system
//! user, which PAM modules do. So there is a pipe as well, to which nobody ever writes. The parent holds the write end.
//! Each child reopens the read end, because a signal owner belongs to a file description, and asks the kernel for SIGKILL
//! when the last writer is gone.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use crate::os;

/// The parent's side. When the parent drops it or dies, the kernel kills every child that has called [`die_with_parent`].
pub struct ParentDeathPipe {
    read_end: OwnedFd,
    write_end: OwnedFd,
}

impl ParentDeathPipe {
    /// Makes the pipe.
    pub fn new() -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        Ok(ParentDeathPipe { read_end, write_end })
    }

    /// The end for the children, and the end that the parent must keep open.
    pub(crate) fn into_ends(self) -> (OwnedFd, OwnedFd) {
        (self.read_end, self.write_end)
    }

    /// A child must keep this open until it has called [`die_with_parent`].
    pub fn read_end(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

/// Asks once more for the signal at the parent's death: the kernel forgets it when a process changes its user.
pub fn renew() {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
}

/// From now on this process dies with its parent. Call it in a fresh child that has closed its copy of the write end, and
/// keep the returned descriptor open. If the parent is dead already, the process exits at once.
///
/// Without a mounted `/proc` only `PR_SET_PDEATHSIG` is left, and the result is `None`.
pub fn die_with_parent(read_end: BorrowedFd<'_>) -> Option<OwnedFd> {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
    let path = format!("/proc/self/fd/{}", read_end.as_raw_fd());
    let own = nix::fcntl::open(
        path.as_str(),
        OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC,
        Mode::empty(),
    );
    let own = own.and_then(|own| os::kill_me_on_hangup(own.as_fd()).map(|()| own)).ok();
    // The parent may have died before this was set up: then there is no event to come.
    let mut poll_fds = [PollFd::new(read_end, PollFlags::empty())];
    let _ = poll(&mut poll_fds, PollTimeout::ZERO);
    if poll_fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
        os::exit_now(0);
    }
    own
}
