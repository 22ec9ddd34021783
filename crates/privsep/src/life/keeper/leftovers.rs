//! The keeper's children: the helper, and, as a subreaper, what a dead helper has left.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

use crate::children::Children;
use crate::helper::{Reaped, reap_any};
use crate::os::Ended;

/// How long leftovers may take to be gone. One that waits for a device can take for ever.
const GONE: Duration = Duration::from_secs(1);

/// Reaps what has ended; how the helper has, if it is among it.
pub(super) fn reap(helper: Pid) -> Option<Ended> {
    loop {
        match reap_any() {
            Reaped::Child(pid, how) if pid == helper => return Some(how),
            Reaped::Child(..) => {}
            Reaped::NotYet | Reaped::NoneLeft => return None,
        }
    }
}

/// Waits until a child may have ended, at most for `patience`.
pub(super) fn wait(child_exits: &SignalFd, patience: Duration) {
    let timeout = PollTimeout::try_from(patience.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX);
    let _ = poll(&mut [PollFd::new(child_exits.as_fd(), PollFlags::POLLIN)], timeout);
    while let Ok(Some(_)) = child_exits.read_signal() {}
}

/// The helper is dead: kills what it has left, as far as that has come to this process, and waits for its end: the next
/// helper is not to meet it.
pub(super) fn clear(child_exits: &SignalFd) {
    let end = Instant::now() + GONE;
    let mut children = Children::open();
    loop {
        // What they have started becomes a child of this process when they die, and is in the next round. Those that were
        // tied to the helper are about to die in any case.
        for child in children.list().map(|(children, _)| children).unwrap_or_default() {
            let _ = kill(child, Signal::SIGKILL);
        }
        let reaped = loop {
            match reap_any() {
                Reaped::Child(..) => {}
                other => break other,
            }
        };
        let left = end.saturating_duration_since(Instant::now());
        if reaped == Reaped::NoneLeft || left.is_zero() {
            return;
        }
        wait(child_exits, left);
    }
}
