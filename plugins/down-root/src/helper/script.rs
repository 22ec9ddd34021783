//! One run of a script: started, watched, ended. It is the leader of a process group of its own, so that it can be
//! ended with all it has started.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpgid};
use privsep::Ended;
use privsep::started_program::ProgramKillPipe;

use super::child_exits::ChildExits;
use super::environment::ScriptEnvironment;
use crate::settings;

/// The lowest number of a descriptor that a script inherits beside the standard three. Scripts number descriptors of their
/// own (`exec 9>lock`), and shells use free ones from 10 to 255.
pub const INHERITED_NUMBER: RawFd = 300;

/// What every script gets in the same form, made once.
pub struct Supplies {
    null: File,
}

impl Supplies {
    /// Makes them.
    pub fn new() -> io::Result<Self> {
        let null = File::open("/dev/null");
        let null = null.map_err(|error| io::Error::new(error.kind(), format!("/dev/null: {error}")))?;
        Ok(Supplies { null })
    }
}

/// A script that runs, or has ended and was not reaped yet.
pub struct Script {
    child: Child,
    group: Pid,
    _kill_pipe: ProgramKillPipe,
}

impl Script {
    /// Starts it, to end with this process at the latest. What it prints goes to
    /// `output`; no signal may be blocked at this time.
    pub fn start(
        supplies: &Supplies,
        command: &settings::Command,
        args: impl Iterator<Item = OsString>,
        env: ScriptEnvironment,
        output: OwnedFd,
    ) -> io::Result<Self> {
        let errors = output.try_clone()?;
        let mut kill_pipe = ProgramKillPipe::new(INHERITED_NUMBER)?;
        let child = Command::new(command.program.path())
            .arg0(command.program.given())
            .args(&command.args)
            .args(args)
            .env_clear()
            .envs(env)
            .stdin(supplies.null.try_clone()?)
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        // If this fails, the script may outlive a killed helper. That is no reason not to run it.
        let _ = kill_pipe.attach(group);
        Ok(Script { child, group, _kill_pipe: kill_pipe })
    }

    /// Whether its own process has ended; others of its group may go on. It is not reaped, so its group is its own.
    pub fn has_ended(&self) -> bool {
        let how = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        // An error is the end by a signal this library has no name for.
        !matches!(waitid(Id::Pid(self.group), how), Ok(WaitStatus::StillAlive) | Err(Errno::EINTR))
    }

    /// Sends a signal to it and its whole group. Before [`Script::reap`] only.
    pub fn signal(&self, signal: Signal) {
        let _ = killpg(self.group, signal);
        // It may have left its group, and may do so right now; only SIGKILL can be sent twice without harm.
        if signal == Signal::SIGKILL || getpgid(Some(self.group)) != Ok(self.group) {
            let _ = kill(self.group, signal);
        }
    }

    /// Waits at most `patience` for its end; whether it has ended.
    pub fn wait(&self, child_exits: &ChildExits, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            child_exits.clear();
            if self.has_ended() {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            child_exits.wait(left.max(Duration::from_millis(1)));
        }
    }

    /// How it ended; waits for that.
    pub fn reap(mut self) -> io::Result<Ended> {
        Ok(ended(self.child.wait()?))
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, signal) => Ended::Killed(signal.unwrap_or(0)),
    }
}
