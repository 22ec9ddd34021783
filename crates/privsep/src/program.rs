//! What a program gets that a helper starts: a descriptor if it is to have one; and it does not outlive the helper.

use std::os::fd::{AsFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag};
use nix::unistd::Pid;

use crate::os;

/// Kills a program when this process ends, whatever ends it: a pipe whose only writer is this process, and whose read end
/// the program inherits. Each program has one of its own: it may change the owner or the flags of what it inherits, and
/// must not free another one with that.
///
/// `PR_SET_PDEATHSIG` would need code of our own between fork and exec, and so a fork in earnest instead of what
/// posix_spawn(3) does, which is a quarter faster.
pub struct Tie {
    read_end: OwnedFd,
    /// What the program inherits, as long as it was not started.
    inherited: Option<OwnedFd>,
    _write_end: OwnedFd,
}

impl Tie {
    /// Makes the pipe, right before the program is started. See [`inheritable`] for `least`.
    pub fn new(least: RawFd) -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let inherited = Some(inheritable(&read_end, least)?);
        Ok(Tie { read_end, inherited, _write_end: write_end })
    }

    /// Ties the program, which was started meanwhile; not what it starts itself. What is started from now on does not inherit the
    /// pipe. After the program's end nobody needs to free it: the kernel never takes another process for it.
    pub fn tie(&mut self, program: Pid) -> nix::Result<()> {
        self.inherited = None;
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
