//! A child process that is signalled only while it exists and never outlives its guard.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::PATIENCE;
use crate::log::{Log, LogPipe};

#[derive(Default, Debug)]
struct Exit {
    status: Mutex<Option<ExitStatus>>,
    known: Condvar,
}

/// A started program. Its end is a line `[ended: ...]` in its log, after all that it has printed.
#[derive(Debug)]
pub struct ChildProcess {
    pid: Pid,
    exit: Arc<Exit>,
    waiter: Option<JoinHandle<()>>,
    /// When it was started.
    pub started: Instant,
}

impl ChildProcess {
    /// Starts `command` with its output going to `pipe`.
    pub fn spawn(command: &mut Command, pipe: &LogPipe) -> Self {
        let started = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(pipe.writer())
            .stderr(pipe.writer())
            .spawn()
            .unwrap_or_else(|error| panic!("can not start {command:?}: {error}; is it installed?"));
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or_else(|_| panic!("pid out of range")));
        let exit = Arc::new(Exit::default());
        let waiter = {
            let (exit, log, path) = (Arc::clone(&exit), pipe.log().clone(), pipe.path().to_path_buf());
            std::thread::spawn(move || reap(child, pid, &exit, |line| tell(&log, &path, line)))
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

fn reap(mut child: Child, pid: Pid, exit: &Exit, tell: impl FnOnce(&str)) {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let ended = loop {
        match waitid(Id::Pid(pid), flags) {
            Err(nix::errno::Errno::EINTR) => {}
            Ok(WaitStatus::Exited(_, code)) => break Some(ExitStatus::from_raw(code << 8)),
            Ok(WaitStatus::Signaled(_, signal, _)) => break Some(ExitStatus::from_raw(signal as i32)),
            _ => break None,
        }
    };
    // Without the lock, since it takes its time: the process is not reaped yet.
    if let Some(ended) = ended {
        tell(&format!("[ended: {ended}]"));
    }
    let mut status = exit.status.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    *status = child.wait().ok();
    exit.known.notify_all();
}

/// Adds a line to the log behind what is still on its way through the pipe; at once if nobody reads that.
fn tell(log: &Log, pipe: &Path, line: &str) {
    let mark = log.mark();
    let opened = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(pipe);
    let written = opened.and_then(|mut pipe| pipe.write_all(format!("{line}\n").as_bytes()));
    if written.is_err()
        || log.wait_match(mark, Instant::now() + PATIENCE, |text| text.contains(line)).is_none()
    {
        log.push(line.to_string());
    }
}

impl Drop for ChildProcess {
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
        let running = ChildProcess::spawn(&mut command, &pipe);
        pipe.log().wait_for(Mark::START, "ready", PATIENCE);
        assert!(!running.has_ended());
        assert!(!running.stop(Duration::from_millis(50)));
        assert!(running.has_ended());
        pipe.log().wait_for(Mark::START, "[ended: signal: 9", PATIENCE);
        assert!(!running.signal(Signal::SIGTERM));
    }
}
