//! The process in which one plugin runs: reads a script, opens the plugin, logs in, closes it. Everything that is
//! logged goes to standard error, line by line; the verdicts go to a file.

use crate::script::{Environment, Script};
use harness::proc_table::wait_until;
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// First argument of a driver process; script and verdict file follow.
pub const ARGUMENT: &str = "--drive";

/// How long a deferred verdict may take that is not expected never to come.
const VERDICT_LIMIT: Duration = Duration::from_secs(5);

/// What the driver process does.
pub fn main(script: &Path, verdicts: &Path) -> ExitCode {
    match run(script, verdicts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("driver: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(script: &Path, verdicts: &Path) -> io::Result<()> {
    let script = Script::from_text(&fs::read_to_string(script)?).map_err(io::Error::other)?;
    let mut verdicts = File::options().append(true).open(verdicts)?;
    let mut plugin = Plugin::new(&script.plugin);
    for word in &script.words {
        plugin = plugin.arg(word);
    }
    for (name, value) in script.open_env.iter().filter_map(|variable| variable.split_once('=')) {
        plugin = plugin.env(name, value);
    }
    let plugin = match plugin.open() {
        Ok(plugin) => plugin,
        Err(error) => {
            eprintln!("{error}");
            return writeln!(verdicts, "does not start");
        }
    };
    for login in &script.logins {
        writeln!(verdicts, "{}", verdict(&plugin, login)?)?;
    }
    plugin.log_lines().iter().for_each(|line| eprintln!("{line}"));
    Ok(())
}

fn verdict(plugin: &OpenPlugin, login: &Environment) -> io::Result<String> {
    let call = login.iter().fold(Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY), |call, variable| {
        call.env_entry(variable.as_str())
    });
    let reply = plugin.call(&call).map_err(io::Error::other)?;
    Ok(match reply.result {
        FuncResult::Success => "accepted".to_string(),
        FuncResult::Error => "refused".to_string(),
        FuncResult::Deferred if decided(login) => "deferred".to_string(),
        FuncResult::Deferred => "deferred, no verdict in the control file".to_string(),
        FuncResult::Other(code) => format!("answered {code}"),
    })
}

/// Waits for a byte in the control file.
fn decided(login: &Environment) -> bool {
    let control = login.iter().find_map(|variable| variable.strip_prefix("auth_control_file="));
    control
        .is_some_and(|path| wait_until(VERDICT_LIMIT, || fs::metadata(path).is_ok_and(|file| file.len() > 0)))
}
