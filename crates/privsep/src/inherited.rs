//! Which descriptors a forked child may keep of those it was born with.
//!
//! Close-on-exec does nothing without exec, so a helper that only forks holds everything its parent had open: tun
//! devices, sockets, keys. All of it is closed, except the standard three, what the caller names, and the C library's
//! connection to the system log: the library remembers its number, and would write log lines into whatever file got
//! that number next.

use std::os::fd::RawFd;

use nix::sys::socket::{UnixAddr, getpeername};

use crate::os;

/// Closes every descriptor above the standard three but those in `keep` and the system log's.
pub fn close_all_but(keep: &[RawFd]) {
    let mut keep: Vec<RawFd> =
        keep.iter().copied().chain(system_log()).filter(|number| *number > 2).collect();
    keep.sort_unstable();
    keep.dedup();
    let mut next = 3;
    for number in keep {
        os::close_between(next, number - 1);
        next = number + 1;
    }
    os::close_between(next, RawFd::MAX);
}

/// The C library's connection to the system log, if it has one: a unix socket whose peer is named `log` or `dev-log`.
fn system_log() -> Vec<RawFd> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| is_system_log(*number)).collect()
}

fn is_system_log(number: RawFd) -> bool {
    let Ok(peer) = getpeername::<UnixAddr>(number) else { return false };
    let name = peer.path().and_then(|path| path.file_name());
    name.is_some_and(|name| name == "log" || name == "dev-log")
}
