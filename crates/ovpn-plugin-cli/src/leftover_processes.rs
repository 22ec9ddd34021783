//! Processes that a plugin has left behind, which are children of this one (it is their subreaper).

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, Pid};

/// How often is looked whether they are gone.
const LOOK: Duration = Duration::from_millis(20);
/// How long they may take to leave after the plugin was closed, and those that are killed after that.
pub(crate) const LEAVE: Duration = Duration::from_secs(5);

/// Waits until all are gone, and kills those that stay. Gives the names of these. `look` is called while they are there.
pub(crate) fn until_all_left(patience: Duration, mut look: impl FnMut()) -> Vec<String> {
    let deadline = Instant::now() + patience;
    let mut killed = Vec::new();
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::EINTR) | Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => continue,
            Err(_) => return killed,
            Ok(_) => {}
        }
        look();
        if Instant::now() >= deadline {
            for (pid, name) in own() {
                // One that is not ours to kill (setuid) is left alone. Reaped above; twice is no harm.
                if kill(pid, Signal::SIGKILL).is_ok() && !killed.contains(&name) {
                    killed.push(name);
                }
            }
            if Instant::now() >= deadline + LEAVE {
                return killed;
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// The children of this process, which has one thread, with their names.
pub(crate) fn own() -> Vec<(Pid, String)> {
    let own = unistd::getpid();
    let list = fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
    let named = |pid: i32| {
        let name = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("comm"));
        (Pid::from_raw(pid), name.unwrap_or_default().trim_end().to_owned())
    };
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).map(named).collect()
}
