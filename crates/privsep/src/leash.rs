//! A child that dies with its parent, also while a library in it blocks, sleeps or has changed its credentials.
//!
//! `PR_SET_PDEATHSIG` alone is not enough: the kernel forgets it when the process changes its effective or file
//! system user, which PAM modules do. So there is a pipe as well, to which nobody ever writes: the parent holds the
//! write end, each child reopens the read end (which gives it a file description, and with it a signal owner, of its
//! own) and asks for SIGKILL when the last writer is gone.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use crate::os;

/// The parent's side. Dropping it, or dying, kills every child that is tied to it.
pub struct Leash {
    read_end: OwnedFd,
    write_end: OwnedFd,
}

impl Leash {
    /// Makes the pipe.
    pub fn new() -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        Ok(Leash { read_end, write_end })
    }

    /// Both ends: the one for children, and the one whose end is theirs.
    pub(crate) fn into_ends(self) -> (OwnedFd, OwnedFd) {
        (self.read_end, self.write_end)
    }

    /// What a child needs to keep open until it has called [`tie`].
    pub fn read_end(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

/// Asks for the signal at the parent's end once more: the kernel forgets it when a process changes its user.
pub fn renew() {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
}

/// Ties this process, a fresh child whose copy of the write end is closed already, to its parent. The returned
/// descriptor must stay open; leaves the process at once when the parent is gone already.
///
/// Without a mounted `/proc` only `PR_SET_PDEATHSIG` is left, and `None` is returned.
pub fn tie(read_end: BorrowedFd<'_>) -> Option<OwnedFd> {
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
