//! The process around a case: sees to its time limit, and to it that nothing of it stays.
//!
//! Whatever a case leaves running becomes a child of its watchdog and of nobody else, so that cases which are played at the
//! same time are not taken for one another. A watchdog that loses its runner ends the case, too.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use harness::proc_table::{self, Process};
use harness::scratch::{Scratch, set_mode};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, getppid, pidfd_open};

use crate::case::Case;
use crate::suite::{CASE, ScratchDir};
use crate::{directory, own_path};

/// How long what a case has started may outlive it: helpers see the end of their channel.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// How long killing all that is left may take.
const END: Duration = Duration::from_secs(20);
/// The file with the processes that a case may leave behind.
const MAY_STAY: &str = "may-stay";

pub(crate) fn may_stay(pid: i32) {
    let path = directory().join(MAY_STAY);
    let file = File::options().create(true).append(true).open(&path);
    file.and_then(|mut file| writeln!(file, "{pid}"))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Plays a case and cleans up; the exit status says whether all was well.
pub(crate) fn run(case: &Case, scratch_dir: ScratchDir) -> ExitCode {
    let runner = getppid();
    nix::sys::prctl::set_child_subreaper(true).unwrap_or_else(|errno| panic!("prctl: {errno}"));
    let scratch = match scratch_dir {
        ScratchDir::ForAll => Scratch::new(),
        ScratchDir::RootOnly => Scratch::of_root(),
    };
    if scratch_dir == ScratchDir::ForAll {
        set_mode(scratch.path(), 0o1777);
    }
    let complaints = watch(case, scratch.path(), runner);
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn watch(case: &Case, scratch: &Path, runner: Option<Pid>) -> Vec<String> {
    let mut complaints = Vec::new();
    let child = start(case, scratch);
    match end(child, case.limit, runner) {
        Ok(status) if status.success() => {}
        Ok(status) => complaints.push(format!("FAILED: {status}")),
        Err(why) => complaints.push(format!("FAILED: {why}")),
    }
    let expected = fs::read_to_string(scratch.join(MAY_STAY)).unwrap_or_default();
    let expected: Vec<i32> = expected.lines().filter_map(|line| line.parse().ok()).collect();
    // One that failed is not waited for.
    if complaints.is_empty() {
        let stays = left(&expected);
        complaints.extend(stays.iter().map(|process| format!("FAILED: left behind: {process:?}")));
    }
    if !kill_all() {
        complaints.push(format!("FAILED: cannot be killed: {:?}", children()));
    }
    complaints
}

fn start(case: &Case, scratch: &Path) -> Child {
    let mut words = case.through.iter().map(PathBuf::from).chain([own_path()]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).args([CASE, &case.name]).env("TMPDIR", scratch).stdin(Stdio::null());
    // A signal that a case sends to its group is not for the watchdog.
    command.process_group(0);
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// Waits for the end of a case; if it does not come in time, or if the runner is gone, that is brought about.
fn end(mut child: Child, limit: Duration, runner: Option<Pid>) -> Result<ExitStatus, String> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let open = |pid: Option<Pid>| pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let (Some(of_case), Some(of_runner)) = (open(pid), open(runner)) else {
        let _ = child.kill();
        return Err("no runner, or no case".into());
    };
    let until = Instant::now() + limit;
    let why = loop {
        let mut both = [PollFd::new(&of_case, PollFlags::IN), PollFd::new(&of_runner, PollFlags::IN)];
        let rest = Timespec::try_from(until.saturating_duration_since(Instant::now())).unwrap_or_default();
        match poll(&mut both, Some(&rest)) {
            Ok(0) => break format!("not over after {} s", limit.as_secs()),
            Ok(_) if !both[0].revents().is_empty() => {
                return child.wait().map_err(|error| error.to_string());
            }
            Ok(_) => break "the runner is gone".into(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => break format!("poll: {error}"),
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    Err(why)
}

/// What still runs, after some time to leave, and is not expected to.
fn left(expected: &[i32]) -> Vec<Process> {
    let mut left = Vec::new();
    proc_table::wait_until(AFTERWARDS, || {
        reap();
        left = children();
        left.retain(|process| !process.is_zombie() && !expected.contains(&process.pid));
        left.is_empty()
    });
    left
}

fn children() -> Vec<Process> {
    let own = nix::unistd::Pid::this().as_raw();
    proc_table::all().into_iter().filter(|process| process.parent == own).collect()
}

fn reap() {
    while matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Ok(status) if status != WaitStatus::StillAlive)
    {
    }
}

/// Kills what is left, generation after generation; false if something withstands.
fn kill_all() -> bool {
    proc_table::wait_until(END, || {
        children().iter().for_each(|process| proc_table::kill9(process.pid));
        reap();
        children().is_empty()
    })
}
