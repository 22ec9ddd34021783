//! Programs that a helper starts: a descriptor for them to inherit, and a pipe that kills them when the helper dies.

use std::os::fd::{AsFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag};
use nix::unistd::Pid;

use crate::os;

/// Kills a program when this process dies for any reason: a pipe whose only writer is this process, and whose read end the
/// program inherits. Each program has a pipe of its own. A program may change the owner or the flags of what it inherits,
/// and that must not set another program free.
///
/// `PR_SET_PDEATHSIG` would need code of our own between fork and exec. That rules out posix_spawn(3), which is a quarter
/// faster than fork(2).
pub struct ProgramKillPipe {
    read_end: OwnedFd,
    /// What the program inherits, until it is started.
    inherited: Option<OwnedFd>,
    _write_end: OwnedFd,
}

impl ProgramKillPipe {
    /// Makes the pipe, right before the program is started. See [`inheritable`] for `least`.
    pub fn new(least: RawFd) -> nix::Result<Self> {
        let (read_end, write_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let inherited = Some(inheritable(&read_end, least)?);
        Ok(ProgramKillPipe { read_end, inherited, _write_end: write_end })
    }

    /// Has the kernel kill this program, which must have been started meanwhile, but not what the program starts. Programs
    /// started later do not inherit the pipe. The program's end needs no clean-up: the kernel never confuses it with
    /// another process.
    pub fn attach(&mut self, program: Pid) -> nix::Result<()> {
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
