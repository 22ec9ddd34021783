//! The helper as its parent sees it: forked, talked to through a channel, stopped and reaped.

use std::convert::Infallible;
use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::channel::{Channel, Message, pair};
use crate::os::{self, Ended};

/// A running helper: its channel and its process.
pub struct Helper<Out, In> {
    /// The channel to the helper.
    pub channel: Channel<Out, In>,
    pid: Pid,
}

impl<Out: Message, In: Message> Helper<Out, In> {
    /// Forks. The child gets the other end of the channel and runs `child`, which never returns: it ends with
    /// [`leave`]. It starts with every signal blocked; [`Confinement::enter`](crate::confine::Confinement::enter)
    /// unblocks them.
    ///
    /// Errors: `EMFILE` and `ENFILE` (descriptors), `EAGAIN` (process limit), `ENOMEM`.
    pub fn start(child: impl FnOnce(Channel<In, Out>) -> Infallible) -> io::Result<Self> {
        let (ours, theirs) = pair::<Out, In>()?;
        let pid = os::fork(move || child(theirs))?;
        Ok(Helper { channel: ours, pid })
    }

    /// The helper's process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Ends the helper: end of file on its channel, then at most `patience` until its own end of file says that it is
    /// gone. That is waited for, not only the process: after the parent has become a daemon the helper is no child of
    /// its any more. A child is reaped, and killed first when it did not go by itself and this process may do that.
    ///
    /// True when it is gone. Takes at most `patience` and half a second more: a helper that is stopped, or that the
    /// kernel does not let go, must not stop its parent.
    pub fn stop(mut self, patience: Duration) -> bool {
        self.channel.finish();
        let gone = self.channel.wait_for_end(patience);
        if !gone {
            match os::wait_for(self.pid, false) {
                // Not a child of ours: the number may belong to anybody, so it is never signalled.
                Err(_) => return false,
                Ok(Some(_)) => return true,
                Ok(None) if kill(self.pid, Signal::SIGKILL).is_err() => return false,
                Ok(None) => {}
            }
        }
        let deadline = Instant::now() + Duration::from_millis(500);
        loop {
            match os::wait_for(self.pid, false) {
                Err(_) => return gone,
                Ok(Some(_)) => return true,
                Ok(None) if Instant::now() >= deadline => return gone,
                // Its descriptors are closed, or it was killed: it is on its way out, and no event tells when it is
                // there.
                Ok(None) => std::thread::sleep(Duration::from_micros(200)),
            }
        }
    }

    /// Reaps the helper if it is a child of this process and has ended within `patience`; says how. A process that is
    /// killed closes its channel before it can be reaped.
    pub fn reap(&self, patience: Duration) -> Option<Ended> {
        let deadline = Instant::now() + patience;
        loop {
            match os::wait_for(self.pid, false) {
                Err(_) => return None,
                Ok(Some((_, how))) => return Some(how),
                Ok(None) if Instant::now() >= deadline => return None,
                // No event tells.
                Ok(None) => std::thread::sleep(Duration::from_micros(200)),
            }
        }
    }
}

/// Forks a child that runs `child` and never returns to the caller's frames. It starts with every signal blocked, as
/// that of [`Helper::start`] does.
pub fn fork_child(child: impl FnOnce() -> Infallible) -> nix::Result<Pid> {
    os::fork(child)
}

/// Ends this (forked) process without running the exit handlers of the program it was forked from.
pub fn leave(status: i32) -> ! {
    os::exit_now(status)
}

/// What reaping found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaped {
    /// This child had ended, and is gone now.
    Child(Pid, Ended),
    /// There are children, none of which has ended.
    NotYet,
    /// There are no children.
    NoneLeft,
}

/// Reaps one child of this process that has ended, if there is one, and kills what is left of its process group: what
/// a child has started must not outlive it.
pub fn reap_any() -> Reaped {
    match os::peek_ended() {
        Err(_) => Reaped::NoneLeft,
        Ok(None) => Reaped::NotYet,
        Ok(Some(pid)) => {
            // Before it is reaped: afterwards the number may be another group's.
            let _ = kill(Pid::from_raw(-pid.as_raw()), Signal::SIGKILL);
            match os::wait_for(pid, true) {
                Ok(Some((pid, how))) => Reaped::Child(pid, how),
                Ok(None) | Err(_) => Reaped::NotYet,
            }
        }
    }
}

/// Kills a child with everything in its process group. Does not wait: a process in an uninterruptible sleep outlives
/// even SIGKILL for a while; [`reap_any`] gets it when it is gone. The child must not have been reaped before.
pub fn kill_group(pid: Pid) {
    // The group exists once the child has made it; before that only the child itself does.
    let _ = kill(Pid::from_raw(-pid.as_raw()), Signal::SIGKILL);
    let _ = kill(pid, Signal::SIGKILL);
}
