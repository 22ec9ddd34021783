//! A child process that is signalled only while it exists and never outlives its guard.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::PATIENCE;
use crate::log::{Log, LogPipe};

#[derive(Default, Debug)]
struct Exit {
    status: Mutex<Option<ExitStatus>>,
    known: Condvar,
}

/// A started program. Its end is pushed to its log as a line `[ended: ...]`.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    exit: Arc<Exit>,
    waiter: Option<JoinHandle<()>>,
    /// When it was started.
    pub started: Instant,
}

impl Running {
    /// Starts `command` with its output going to `pipe`.
    pub fn spawn(command: &mut Command, pipe: &LogPipe) -> Self {
        let started = Instant::now();
        let child =
            command.stdin(Stdio::null()).stdout(pipe.writer()).stderr(pipe.writer()).spawn().unwrap_or_else(
                |error| panic!("can not start {command:?}: {error} (see tests/install-deps)"),
            );
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or_else(|_| panic!("pid out of range")));
        let exit = Arc::new(Exit::default());
        let waiter = {
            let (exit, log) = (Arc::clone(&exit), pipe.log().clone());
            std::thread::spawn(move || reap(child, pid, &exit, &log))
        };
        Self { pid, exit, waiter: Some(waiter), started }
    }

    fn status(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        self.exit.status.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Process id; another process may have it once this one has ended.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.status().is_some()
    }

    /// Sends a signal; false if the process has ended.
    pub fn signal(&self, signal: Signal) -> bool {
        // The lock keeps the process from being reaped, so the pid can not be another's.
        let status = self.status();
        status.is_none() && kill(self.pid, signal).is_ok()
    }

    /// Waits for the end; nothing if it has not come within `limit`.
    pub fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        let (status, _) = self
            .exit
            .known
            .wait_timeout_while(self.status(), limit, |status| status.is_none())
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *status
    }

    /// SIGTERM, and SIGKILL if that does not help within `limit`; returns whether SIGTERM was enough.
    pub fn stop(&self, limit: Duration) -> bool {
        self.signal(Signal::SIGTERM);
        let ended = self.wait(limit).is_some();
        if !ended {
            self.signal(Signal::SIGKILL);
            self.wait(PATIENCE);
        }
        ended
    }
}

fn reap(mut child: Child, pid: Pid, exit: &Exit, log: &Log) {
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::errno::Errno::EINTR) {
    }
    let mut status = exit.status.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Ok(ended) = child.wait() {
        log.push(format!("[ended: {ended}]"));
        *status = Some(ended);
    }
    exit.known.notify_all();
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(3));
        if let Some(waiter) = self.waiter.take().filter(|_| self.has_ended()) {
            let _ = waiter.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Mark;
    use crate::scratch::Scratch;

    #[test]
    fn a_program_that_ignores_sigterm_ends_with_its_guard() {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; echo ready; exec sleep 60"]);
        let running = Running::spawn(&mut command, &pipe);
        pipe.log().wait_for(Mark::START, "ready", PATIENCE);
        assert!(!running.has_ended());
        assert!(!running.stop(Duration::from_millis(50)));
        assert!(running.has_ended());
        pipe.log().wait_for(Mark::START, "[ended: signal: 9", PATIENCE);
        assert!(!running.signal(Signal::SIGTERM));
    }
}
