//! Which descriptors a forked child may keep of those it was born with.
//!
//! Close-on-exec does nothing without exec, so a helper that only forks holds everything its parent had open: tun
//! devices, sockets, keys. None of it stays, except the standard three and what the caller names.
//!
//! The numbers are another matter. Code of the parent that a helper still calls, such as its log function, may remember
//! a number, send to it, and close it when that fails. If the number had become a descriptor of the helper's, that would
//! hit the helper. So the numbers can be kept occupied, by `/dev/null`. The C library's connection to the system log has
//! to be closed by closelog(3) before.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use crate::os;

/// What becomes of the numbers of inherited descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InheritedNumbers {
    /// They are free for new descriptors: for a child that calls nothing of its parent's.
    Free,
    /// They stay occupied, by `/dev/null`.
    Occupied,
}

/// Gives up every descriptor above the standard three but those in `keep`. `null` is open on `/dev/null`.
pub(crate) fn give_up_all_but(keep: &[RawFd], numbers: InheritedNumbers, null: BorrowedFd<'_>) {
    let mut keep = keep.to_vec();
    if numbers == InheritedNumbers::Occupied {
        keep.extend(occupy(&keep, null));
    }
    close_all_but(keep);
}

/// Closes every descriptor above the standard three but those in `keep`.
pub(crate) fn close_all_but(mut keep: Vec<RawFd>) {
    keep.retain(|number| *number > 2);
    keep.sort_unstable();
    keep.dedup();
    let mut next = 3;
    for number in keep {
        os::close_between(next, number - 1);
        next = number + 1;
    }
    os::close_between(next, RawFd::MAX);
}

/// Puts `/dev/null` over every open descriptor that is not kept; their numbers. Without `/proc` there are none.
fn occupy(keep: &[RawFd], null: BorrowedFd<'_>) -> Vec<RawFd> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let open: Vec<RawFd> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let foreign = open
        .into_iter()
        .filter(|number| *number > 2 && !keep.contains(number) && *number != null.as_raw_fd());
    foreign.filter(|number| os::put_over(null, *number)).collect()
}
