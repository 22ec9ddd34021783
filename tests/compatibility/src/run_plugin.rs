//! Runs one plugin in a process of its own, waits for the end, and cleans up whatever the plugin left.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use harness::proc_table::{self, Process};
use harness::scratch::Scratch;
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::expected::NO_ANSWER;
use crate::instructions::Instructions;
use crate::{plugin_process, step};

/// How long helpers get to leave after their plugin was closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// What came of it.
pub struct PluginRun {
    /// The answers, one for each call, and how it ended if not well.
    pub answers: Vec<String>,
    /// All that was logged.
    pub log: String,
    /// What has been left running; not known of a run that was given up.
    pub left: Vec<Process>,
    /// Whether OpenVPN was killed, as the instructions says.
    pub killed: bool,
}

/// Runs the plugin's process in this directory.
pub fn run_plugin(instructions: &Instructions, scratch: &Scratch, limit: Duration) -> PluginRun {
    let instructions_file = scratch.write("instructions", &instructions.to_text(), 0o600);
    let (answer_file, log_file) = (scratch.write("answers", "", 0o600), scratch.write("log", "", 0o600));
    let child = start(&instructions_file, &answer_file, &log_file, scratch.path());
    let ended = end_within(child, limit);
    let mut answers: Vec<String> =
        fs::read_to_string(&answer_file).unwrap_or_default().lines().map(str::to_string).collect();
    let asked =
        instructions.calls.iter().flat_map(|(_, env)| env).any(|variable| variable.starts_with(step::KILL));
    let killed = asked && ended.is_some_and(|status| status.signal() == Some(9));
    match ended {
        Some(_) if killed => answers.push("killed".to_string()),
        Some(status) if !status.success() => answers.push(format!("plugin process ended with {status}")),
        Some(_) => {}
        None => answers.push(NO_ANSWER.to_string()),
    }
    let left = if ended.is_some() { left_after(FAREWELL) } else { Vec::new() };
    kill_what_is_left();
    let log = fs::read(&log_file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    PluginRun { answers, log: log.unwrap_or_default(), left, killed }
}

fn start(instructions: &Path, answers: &Path, log: &Path, directory: &Path) -> Child {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    let open = || File::options().append(true).open(log).unwrap_or_else(|error| panic!("log file: {error}"));
    Command::new(own)
        .arg(plugin_process::ARGUMENT)
        .args([instructions, answers])
        .current_dir(directory)
        // What a process that is killed leaves there goes with the scratch directory.
        .env("TMPDIR", directory)
        .stdin(Stdio::null())
        .stdout(open())
        .stderr(open())
        .spawn()
        .unwrap_or_else(|error| panic!("can not start the plugin's process: {error}"))
}

/// Waits for the end of the plugin's process; kills it and gives nothing when it takes too long.
fn end_within(mut child: Child, limit: Duration) -> Option<ExitStatus> {
    let in_time = i32::try_from(child.id()).is_ok_and(|pid| proc_table::wait_gone(pid, limit));
    if !in_time {
        let _ = child.kill();
    }
    let status = child.wait().unwrap_or_else(|error| panic!("waiting for the plugin's process: {error}"));
    in_time.then_some(status)
}

/// Reaps what came to this process when the plugin's process ended; what is left after this time.
fn left_after(limit: Duration) -> Vec<Process> {
    let nothing = || {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(Errno::ECHILD) => return true,
                Ok(WaitStatus::StillAlive) => return false,
                _ => {}
            }
        }
    };
    if proc_table::wait_until(limit, nothing) {
        return Vec::new();
    }
    let own = Pid::this().as_raw();
    proc_table::all().into_iter().filter(|process| process.parent == own && !process.is_zombie()).collect()
}

/// Kills what is left of the plugin, generation after generation.
fn kill_what_is_left() {
    loop {
        let left = left_after(Duration::ZERO);
        if left.is_empty() {
            return;
        }
        for process in left {
            proc_table::kill9(process.pid);
            proc_table::wait_gone(process.pid, FAREWELL);
        }
    }
}
