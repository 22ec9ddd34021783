//! Sees to it that a run ends.

use std::fs;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::role::Family;

/// The longest a run may take, all of its processes gone.
const LIMIT: Duration = Duration::from_secs(40);

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills all of a run when its time is over.
pub(crate) struct Guard {
    over: Sender<()>,
    thread: JoinHandle<Option<String>>,
}

impl Guard {
    pub(crate) fn new(family: Arc<Mutex<Family>>) -> Self {
        let (over, told) = channel();
        let thread = std::thread::spawn(move || {
            if told.recv_timeout(LIMIT) != Err(RecvTimeoutError::Timeout) {
                return None;
            }
            let left = lock(&family).left();
            let name = |pid: &Pid| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let names: Vec<String> = left.iter().map(|pid| name(pid).trim_end().to_owned()).collect();
            while !lock(&family).is_empty() {
                for pid in lock(&family).left() {
                    let _ = kill(pid, Signal::SIGKILL);
                }
                if told.recv_timeout(Duration::from_millis(50)) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            Some(names.join(", "))
        });
        Self { over, thread }
    }

    /// Who was left.
    pub(crate) fn end(self) -> Option<String> {
        drop(self.over);
        self.thread.join().unwrap_or_default()
    }
}
