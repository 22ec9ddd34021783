//! The process in which one plugin runs: reads what to do from a file, opens the plugin, calls it, closes it.
//! Everything that is logged goes to standard error, line by line; the answers go to a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use ovpn_plugin_host::{Call, FuncResult, Plugin, sys};

/// First argument of a driver process; the script and the file for the answers follow.
pub(crate) const ARGUMENT: &str = "--drive";
/// The line for the end by SIGKILL.
pub(crate) const KILL: &str = "kill";
/// A variable that removes the script before the call.
pub(crate) const REMOVE: &str = "@REMOVE@=";

/// What the driver process does.
pub(crate) fn main(script: &Path, answers: &Path) -> ExitCode {
    match run(script, answers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("driver: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Lines are `plugin FILE`, `word WORD`, `up`, `down`, `kill`, and `env NAME=VALUE` for the event before.
fn run(script: &Path, answers: &Path) -> io::Result<()> {
    let text = fs::read_to_string(script)?;
    let mut answers = File::options().append(true).open(answers)?;
    let mut plugin = None;
    let mut calls: Vec<Call> = Vec::new();
    let (mut removals, mut kill) = (Vec::new(), false);
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "plugin" => plugin = Some(Plugin::new(value).env("verb", "1")),
            "word" => plugin = plugin.map(|plugin| plugin.arg(value)),
            "up" => calls.push(Call::new(sys::PLUGIN_UP)),
            "down" => calls.push(Call::new(sys::PLUGIN_DOWN)),
            KILL => kill = true,
            "env" if value == REMOVE => removals.push(calls.len()),
            "env" => calls = with_env(calls, value),
            _ => return Err(io::Error::other(format!("not understood: {line}"))),
        }
    }
    let plugin = match plugin.ok_or(io::ErrorKind::InvalidData)?.open() {
        Ok(plugin) => plugin,
        Err(error) => {
            eprintln!("{error}");
            return writeln!(answers, "does not start");
        }
    };
    for (number, call) in (1..).zip(&calls) {
        if removals.contains(&number) {
            fs::remove_file("down.sh")?;
        }
        let reply = plugin.call(call).map_err(io::Error::other)?;
        match reply.result {
            FuncResult::Success => writeln!(answers, "success")?,
            FuncResult::Error => writeln!(answers, "error")?,
            other => writeln!(answers, "answered {other:?}")?,
        }
    }
    if kill {
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL)?;
    }
    plugin.log_lines().iter().for_each(|line| eprintln!("{line}"));
    Ok(())
}

fn with_env(mut calls: Vec<Call>, variable: &str) -> Vec<Call> {
    if let Some(last) = calls.pop() {
        calls.push(last.env_entry(variable));
    }
    calls
}
