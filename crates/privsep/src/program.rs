//! What a program gets that a helper starts: a descriptor if it is to have one; and it does not outlive the helper.

use std::os::fd::{AsFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag};
use nix::unistd::Pid;

use crate::os;

/// Kills a program when this process ends, whatever ends it: a pipe whose read end every program inherits that is started
/// as long as it exists, and whose only writer is this process. It ties one program at a time.
///
/// `PR_SET_PDEATHSIG` would need code of our own between fork and exec, and so a fork in earnest instead of what
/// posix_spawn(3) does, which is a quarter faster.
pub struct Tie {
    read_end: OwnedFd,
    _write_end: OwnedFd,
}

impl Tie {
    /// Makes the pipe, before programs are started. See [`inheritable`] for `least`.
    pub fn new(least: RawFd) -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        Ok(Tie { read_end: inheritable(read_end, least)?, _write_end: write_end })
    }

    /// Ties a program that was started meanwhile, instead of the one before it; not what it starts itself. One that has
    /// ended needs not be freed: the kernel never takes another process for it.
    pub fn tie(&self, program: Pid) -> nix::Result<()> {
        os::kill_on_hangup(self.read_end.as_fd(), program)
    }
}

/// A duplicate of a descriptor that every program started as long as it exists inherits, with a number of at least
/// `least` if the limit on open files allows it: scripts use low numbers as they please.
pub fn inheritable(descriptor: impl AsFd, least: RawFd) -> nix::Result<OwnedFd> {
    let duplicate = |least| os::duplicate(descriptor.as_fd(), FcntlArg::F_DUPFD(least));
    match duplicate(least) {
        // Beyond the limit.
        Err(Errno::EINVAL | Errno::EMFILE) => duplicate(3),
        done => done,
    }
}
