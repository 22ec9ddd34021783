//! Runs one trial in a process of its own, which may crash, hang, become a daemon or leave processes behind.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, Pid};
use ovpn_plugin_host::fork_alone;
use tempfile::TempDir;

use super::deadline::Deadline;
use super::logged;
use super::printed::Printed;
use super::report::{Heard, Report, Seen};
use super::trial_progress::TrialProgress;
use crate::leftover_processes::{self, LEAVE, until_all_left};
use terminal::Signals;

/// How often is looked whether a process has ended, in milliseconds.
const LOOK: u16 = 20;
/// How long threads and processes may take to leave where the plugin was closed, so that there should be none; and once the
/// plugin is known to leave some.
const LEAVE_CLOSED: Duration = Duration::from_secs(2);
const LEAVE_KNOWN: Duration = Duration::from_millis(100);
/// So many files may be open in a service; with more, a plugin that raises the limit would not show it.
const OPEN_FILES: rlim_t = 1024;
/// The name of the file that the trial holds open, as OpenVPN does its sockets.
pub(crate) const OPENVPNS_OWN: &str = "openvpns-own";

/// What the process of a trial is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ordinary,
    /// It leaves its first process behind.
    Daemon,
    /// It is killed as soon as it has said all.
    Killed,
}

/// How the trial's process ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    /// Before it had said all: what became of it.
    Died(String),
    TimedOut,
    /// All trials together have taken too long.
    OutOfTime,
    Interrupted(Signal),
}

/// What came of a trial.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) seen: Vec<Seen>,
    /// What was done last.
    pub(crate) at: String,
    pub(crate) ended: Ended,
    /// Names of processes that had to be killed.
    pub(crate) left: Vec<String>,
}

/// What a trial has at hand.
pub(crate) struct TrialProcess {
    pub(crate) report: Report,
    /// A directory of its own, and its directory for temporary files.
    pub(crate) scratch: PathBuf,
    /// How long threads and processes may take to go after close.
    pub(crate) leave: Duration,
    /// How many logs there are so far.
    logs: Cell<usize>,
    _own: File,
}

impl TrialProcess {
    /// Where the next plugin logs: what the one before said is read at the end of the trial.
    pub(crate) fn new_log(&self) -> PathBuf {
        let number = self.logs.replace(self.logs.get() + 1);
        self.scratch.join(format!("{}-{number}", logged::LOG))
    }

    /// The last log that was begun, from its present end on. It can be read where its path leads nowhere any more.
    pub(crate) fn rest_of_log(&self) -> io::Result<File> {
        let last = self.logs.get().saturating_sub(1);
        let mut log = File::open(self.scratch.join(format!("{}-{last}", logged::LOG)))?;
        log.seek(SeekFrom::End(0))?;
        Ok(log)
    }
}

/// Runs `body` until nothing new is heard of it for `limit`, or it takes many times that. `leaves`: processes that stay are
/// no news.
pub(crate) fn try_in_process(
    kind: Kind,
    (limit, progress): (Duration, &mut TrialProgress),
    leaves: bool,
    signals: &Signals,
    body: impl FnOnce(&TrialProcess),
) -> io::Result<Tried> {
    let scratch = tempfile::Builder::new().prefix("ovpn-certify-").tempdir()?;
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let (mut printed, output) = Printed::new()?;
    prctl::set_child_subreaper(true)?;
    let leave = if leaves { LEAVE_KNOWN } else { LEAVE_CLOSED };
    let child = fork_alone(|| {
        let report = Report::new(theirs);
        match prepare(&scratch, signals, output) {
            Ok(own) => {
                let process = TrialProcess {
                    report,
                    scratch: scratch.path().to_owned(),
                    leave,
                    logs: Cell::new(0),
                    _own: own,
                };
                body(&process);
                process.report.end();
                if kind == Kind::Killed {
                    unistd::pause();
                }
            }
            Err(error) => report.fail("opens", format!("cannot prepare a process: {error}")),
        }
    })?;
    let mut heard = Heard::new(ours);
    let ended =
        until_end(kind, Pid::from_raw(child), (&mut heard, &mut printed), (limit, progress), signals)?;
    if ended != Ended::Well {
        for (pid, _) in leftover_processes::own() {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
    let left = until_all_left(if kind == Kind::Killed { LEAVE } else { leave }, || {});
    heard.listen();
    let Heard { mut seen, at, .. } = heard;
    seen.extend(logged::panics(scratch.path()));
    seen.extend(printed.seen());
    Ok(Tried { seen, at, ended, left })
}

/// In the new process: as under OpenVPN. Gives a descriptor as OpenVPN has them, which only exec closes.
fn prepare(scratch: &TempDir, signals: &Signals, output: File) -> io::Result<File> {
    // A signal to its process group is for the plugin's processes, not for this command and the shell that has started it.
    unistd::setsid()?;
    // It does not outlive the command, however that ends.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    signals.unblock()?;
    if !unistd::geteuid().is_root() {
        // Without root, /proc/self of a process that must not be dumped is not its own.
        prctl::set_dumpable(true)?;
    }
    let (files, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, files.min(OPEN_FILES), most)?;
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    unistd::dup2_stdin(&nothing)?;
    unistd::dup2_stdout(&output)?;
    drop(output);
    unistd::dup2_stderr(&nothing)?;
    File::create(scratch.path().join(OPENVPNS_OWN))
}

fn until_end(
    kind: Kind,
    child: Pid,
    (heard, printed): (&mut Heard, &mut Printed),
    (limit, progress): (Duration, &mut TrialProgress),
    signals: &Signals,
) -> io::Result<Ended> {
    let (mut first, mut deadline) =
        (Some(child), Deadline::new(limit, Duration::from_millis(LOOK.into()), Instant::now()));
    loop {
        let mut wanted = [
            PollFd::new(heard.stream.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut wanted, PollTimeout::from(LOOK));
        if wanted.iter().any(|one| one.revents().is_some_and(|events| events.contains(PollFlags::POLLHUP))) {
            std::thread::sleep(Duration::from_millis(u64::from(LOOK)));
        }
        // In this order: what it said before it ended is there when it has ended.
        let status = first.map(|child| waitpid(child, Some(WaitPidFlag::WNOHANG))).transpose()?;
        printed.look();
        deadline.looked(heard.listen());
        if heard.is_too_much() {
            return Ok(Ended::Died("it writes to a descriptor that is not its own".to_owned()));
        }
        if let Some(signal) = signals.came() {
            return Ok(Ended::Interrupted(signal));
        }
        if heard.ended && kind == Kind::Killed {
            let _ = kill(child, Signal::SIGKILL);
            return Ok(Ended::Well);
        }
        match status {
            Some(WaitStatus::Exited(_, 0)) if kind == Kind::Daemon => first = None,
            Some(WaitStatus::Exited(..)) if heard.ended => return Ok(Ended::Well),
            Some(WaitStatus::Exited(_, code)) => {
                return Ok(Ended::Died(format!("it ended with exit status {code}")));
            }
            Some(WaitStatus::Signaled(_, signal, _)) => {
                return Ok(Ended::Died(format!("it was killed by {signal}")));
            }
            _ => {}
        }
        // What a daemon's first process left is ours.
        if first.is_none() && heard.ended {
            return Ok(Ended::Well);
        }
        if first.is_none() && leftover_processes::own().is_empty() {
            return Ok(Ended::Died("it ended after it had become a daemon".to_owned()));
        }
        let now = Instant::now();
        progress.at(&heard.at, now);
        if deadline.is_over(now) {
            return Ok(Ended::TimedOut);
        }
        if progress.is_over(now) {
            return Ok(Ended::OutOfTime);
        }
    }
}
