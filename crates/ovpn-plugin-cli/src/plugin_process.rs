//! The process that has the plugin open, watched from outside: a plugin that crashes, exits, hangs or leaves processes
//! behind does no harm to the command.

pub(crate) mod report;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, Pid};
use ovpn_plugin_host::{LogFollower, LogLine, fork_alone};
use tempfile::TempDir;

use crate::answers::{Answered, Answers};
use crate::leftover_processes::{LEAVE, until_all_left};
use crate::plugin_process::report::{Outcome, Reporter, Reports};
use crate::redaction::from_plugin;
use crate::show::Show;
use terminal::Signals;

/// How often is looked whether the process has ended, and for new lines of the log: neither can be polled for.
const LOOK: u16 = 20;
/// How much longer than its limit the plugin's process may take to say that the limit was reached.
const MARGIN: Duration = Duration::from_secs(1);
/// How long processes of the plugin may take to leave after its own process was killed.
const LEAVE_KILLED: Duration = Duration::from_secs(1);
/// How often is read from the plugin's output before looking at the rest.
const MOST_READS: usize = 16;
/// A longer line of output is shown in parts.
const LONGEST_LINE_BYTES: usize = 4096;

const ENDED_WELL: &str = "ended with exit status 0";

/// How it ended.
pub(crate) enum End {
    Outcome(Outcome),
    /// The process ended before the result was there: what became of it.
    Died(String),
    TimedOut,
    Interrupted(Signal),
    /// The same after the result was there. Not in what is seen at the end.
    InterruptedAfter(Signal),
}

/// What was seen.
pub(crate) struct Observed {
    pub(crate) end: End,
    pub(crate) log: Vec<LogLine>,
    pub(crate) reports: Reports,
    /// What happened after the result was there.
    pub(crate) after: Option<String>,
    /// Names of processes that had to be killed.
    pub(crate) left: Vec<String>,
}

struct RunWatcher<'a> {
    show: &'a mut Show,
    follower: LogFollower,
    log: Vec<LogLine>,
    reports: Reports,
    output: File,
    unfinished: Vec<u8>,
}

/// Runs `body` in a process of its own, with the path for the plugin's log, and shows what happens until it ends, for at
/// most `limit`. The directory of the log is the process's temporary directory.
pub(crate) fn watch(
    show: &mut Show,
    answers: &mut Answers,
    signals: &Signals,
    limit: Duration,
    body: impl FnOnce(&Reporter, PathBuf),
) -> io::Result<Observed> {
    let deadline = Instant::now() + limit + MARGIN;
    let scratch = tempfile::Builder::new().prefix("ovpn-plugin-").tempdir()?;
    let log = scratch.path().join("log");
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let (output, print) = unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    // Processes the plugin leaves behind become ours, so that they can be found and ended.
    prctl::set_child_subreaper(true)?;
    let child = fork_alone(|| {
        let reporter = Reporter::new(theirs, log.clone());
        match prepare(&scratch, &print, signals) {
            Ok(()) => body(&reporter, log.clone()),
            Err(error) => {
                reporter.say("failed", &format!("cannot prepare the plugin's process: {error}"));
                reporter.end(Outcome::Failed);
            }
        }
    })?;
    drop(print);
    let mut watcher = RunWatcher {
        show,
        follower: LogFollower::new(log),
        log: Vec::new(),
        reports: Reports::new(ours),
        output: output.into(),
        unfinished: Vec::new(),
    };
    let end = watcher.until_end(Pid::from_raw(child), deadline, answers, signals)?;
    let left =
        until_all_left(if matches!(end, End::Died(_)) { LEAVE } else { LEAVE_KILLED }, || watcher.look());
    watcher.look();
    watcher.rest_of_output();
    let RunWatcher { log, reports, .. } = watcher;
    let (end, after) = match (end, reports.outcome) {
        (End::Died(how), Some(outcome)) => (End::Outcome(outcome), (how != ENDED_WELL).then_some(how)),
        (End::InterruptedAfter(signal), Some(outcome)) => {
            (End::Outcome(outcome), Some(format!("was interrupted by {signal}")))
        }
        (End::TimedOut, Some(outcome)) => (End::Outcome(outcome), Some("did not end".into())),
        (end, _) => (end, None),
    };
    Ok(Observed { end, log, reports, after, left })
}

/// In the new process: as under OpenVPN, but output goes to the watching process.
fn prepare(scratch: &TempDir, print: &OwnedFd, signals: &Signals) -> io::Result<()> {
    signals.unblock()?;
    if !unistd::geteuid().is_root() {
        // Without root, /proc/self of a process that must not be dumped is not its own.
        prctl::set_dumpable(true)?;
    }
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    unistd::dup2_stdin(File::open("/dev/null")?)?;
    nix::fcntl::fcntl(print, nix::fcntl::FcntlArg::F_SETFL(OFlag::empty()))?;
    unistd::dup2_stdout(print)?;
    unistd::dup2_stderr(print)?;
    tempfile::env::override_temp_dir(scratch.path())
        .map_err(|_| io::Error::other("the temporary directory was set already"))
}

impl RunWatcher<'_> {
    /// Shows what is new, in the order in which it came.
    fn look(&mut self) {
        for line in self.reports.new_lines() {
            self.log_lines(line.logged);
            self.show.line(&line.what, &line.text);
        }
        self.log_lines(usize::MAX);
        let mut buffer = [0; 4096];
        // Not as long as there is something: a plugin that prints for ever would never come to an end.
        for _ in 0..MOST_READS {
            let Ok(count @ 1..) = self.output.read(&mut buffer) else { break };
            self.unfinished.extend(buffer.iter().take(count));
            self.output_lines();
        }
    }

    fn log_lines(&mut self, end: usize) {
        for line in self.follower.new_lines(end) {
            self.show.log(&line);
            self.log.push(line);
        }
    }

    fn output_lines(&mut self) {
        while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            self.show.line("printed", &from_plugin(&String::from_utf8_lossy(line)));
        }
        if self.unfinished.len() >= LONGEST_LINE_BYTES {
            self.rest_of_output();
        }
    }

    fn rest_of_output(&mut self) {
        if !self.unfinished.is_empty() {
            let rest = std::mem::take(&mut self.unfinished);
            self.show.line("printed", &from_plugin(&String::from_utf8_lossy(&rest)));
        }
    }

    fn pause(&self, signals: Option<&Signals>) {
        let mut wanted = vec![
            PollFd::new(self.reports.stream.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.output.as_fd(), PollFlags::POLLIN),
        ];
        wanted.extend(signals.map(|signals| PollFd::new(signals.as_fd(), PollFlags::POLLIN)));
        let _ = poll(&mut wanted, PollTimeout::from(LOOK));
        // Both ends are at hang-up once the plugin's process is gone: no reason to look in a hurry.
        if wanted.iter().any(|one| one.revents().is_some_and(|events| events == PollFlags::POLLHUP)) {
            std::thread::sleep(Duration::from_millis(u64::from(LOOK)));
        }
    }

    fn until_end(
        &mut self,
        child: Pid,
        mut deadline: Instant,
        answers: &mut Answers,
        signals: &Signals,
    ) -> io::Result<End> {
        loop {
            let decided = self.reports.outcome.is_some();
            self.pause(Some(signals));
            let status = waitpid(child, Some(WaitPidFlag::WNOHANG))?;
            self.look();
            let mut interrupted = None;
            if let Some(question) = self.reports.take_question() {
                let asked = Instant::now();
                match answers.answer(self.show, &question, signals) {
                    Answered::Yes(answer) => self.reports.answer(Some(&answer)),
                    Answered::No => self.reports.answer(None),
                    Answered::Interrupted(signal) => interrupted = Some(signal),
                }
                // The time that a person takes is not the plugin's.
                deadline += asked.elapsed();
            }
            // A terminal's signals come to the plugin's processes too: what they do then says nothing about the plugin.
            let end = match (interrupted.or_else(|| signals.came()), status) {
                (Some(signal), _) if decided => End::InterruptedAfter(signal),
                (Some(signal), _) => End::Interrupted(signal),
                (None, WaitStatus::Exited(_, code)) => End::Died(format!("ended with exit status {code}")),
                (None, WaitStatus::Signaled(_, signal, _)) => End::Died(format!("was killed by {signal}")),
                (None, _) if Instant::now() >= deadline => End::TimedOut,
                (None, _) => continue,
            };
            if matches!(end, End::Interrupted(_) | End::InterruptedAfter(_) | End::TimedOut) {
                // Reaped with the others, if not yet.
                let _ = kill(child, Signal::SIGKILL);
            }
            return Ok(end);
        }
    }
}
