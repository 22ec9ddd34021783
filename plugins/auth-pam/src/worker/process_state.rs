//! What a PAM module can change about the process it runs in, and what would meet the next login there.

use std::os::unix::fs::MetadataExt;

use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid};

/// Users, groups, file mode mask, working directory, threads. Signals and timers are not compared but set back.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    users: Option<[Uid; 3]>,
    groups: Option<[Gid; 3]>,
    supplementary: Option<Vec<Gid>>,
    umask: Mode,
    directory: Option<(u64, u64)>,
    /// Links of `/proc/self/task`: two more than there are threads.
    threads: Option<u64>,
}

impl State {
    /// As it is now.
    pub fn now() -> Self {
        // The mask can only be read by setting it.
        let mask = umask(Mode::from_bits_truncate(0o077));
        umask(mask);
        State {
            users: nix::unistd::getresuid().ok().map(|users| [users.real, users.effective, users.saved]),
            groups: nix::unistd::getresgid().ok().map(|groups| [groups.real, groups.effective, groups.saved]),
            supplementary: privsep::confine::supplementary_groups().ok(),
            umask: mask,
            directory: std::fs::metadata(".").ok().map(|directory| (directory.dev(), directory.ino())),
            threads: std::fs::metadata("/proc/self/task").ok().map(|tasks| tasks.nlink()),
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::wait::{WaitStatus, waitpid};

    use super::*;

    /// In a process of its own: among the threads of other tests the number may change at any time.
    #[test]
    fn a_thread_more_is_a_difference() {
        let child = privsep::fork_child(|| {
            let before = State::now();
            let (stop, stopped) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::spawn(move || stopped.recv());
            let during = State::now();
            drop(stop);
            let _ = thread.join();
            let known = before.threads.is_some() && before.users.is_some() && before.directory.is_some();
            privsep::leave(i32::from(before.threads == during.threads || !known))
        });
        let child = child.unwrap();
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
    }
}
