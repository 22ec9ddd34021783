//! Which descriptors a forked child may keep of those it was born with.
//!
//! Close-on-exec does nothing without exec, so a helper that only forks holds everything its parent had open: tun
//! devices, sockets, keys. All of it is closed, except the standard three and what the caller names. Also the C
//! library's connection to the system log: its parent holds the same socket, and could connect it to somewhere else. The
//! library remembers the number, so whoever logs through it has to call closelog(3) before.

use std::os::fd::RawFd;

use crate::os;

/// Closes every descriptor above the standard three but those in `keep`.
pub(crate) fn close_all_but(keep: &[RawFd]) {
    let mut keep: Vec<RawFd> = keep.iter().copied().filter(|number| *number > 2).collect();
    keep.sort_unstable();
    keep.dedup();
    let mut next = 3;
    for number in keep {
        os::close_between(next, number - 1);
        next = number + 1;
    }
    os::close_between(next, RawFd::MAX);
}
