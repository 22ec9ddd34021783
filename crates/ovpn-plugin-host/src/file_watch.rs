//! Waits for a file to be written to, without asking again and again.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Longest wait without looking, should the kernel not tell of a change (no inotify left).
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Watches one file.
pub(crate) struct FileWatch(Option<Inotify>);

impl FileWatch {
    /// Look at the file after making this, not before: changes from now on are seen.
    pub(crate) fn new(path: &Path) -> Self {
        let watch = || {
            let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
            inotify.add_watch(path, AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CLOSE_WRITE)?;
            Ok::<_, nix::Error>(inotify)
        };
        Self(watch().ok())
    }

    /// Waits for a change. False if the time is over; true if it is worth looking again.
    pub(crate) fn changed_until(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let Some(inotify) = &self.0 else {
            std::thread::sleep(left.min(LONGEST_WAIT));
            return true;
        };
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        // Interrupted, timed out or changed: the caller looks again, and then the deadline ends it.
        let _ = poll(&mut [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)], timeout);
        let _ = inotify.read_events();
        true
    }
}
