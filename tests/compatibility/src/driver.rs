//! The process in which one plugin runs: reads a script, opens the plugin, logs in, closes it. Everything that is
//! logged goes to standard error, line by line; the verdicts go to a file.

use crate::script::{Environment, Script};
use crate::step;
use harness::proc_table::{all, wait_until};
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// First argument of a driver process; script and verdict file follow.
pub const ARGUMENT: &str = "--drive";

const CONTROL: &str = "auth_control_file=";
/// More processes of the plugin than this are many.
const MANY: usize = 10;

/// A verdict that takes this long is not one at once.
const LONG: Duration = Duration::from_secs(1);
/// A verdict that is held back takes that long each time; one that is not does so by chance, on a busy machine.
const TRIES: usize = 5;
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
    step::take(&script.open_env)?;
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
        step::take(login)?;
        let said = match step::at_once(login) {
            Some(number) => many(&plugin, login, number)?,
            None => verdict(&plugin, login)?,
        };
        writeln!(verdicts, "{said}")?;
    }
    // What a helper had to say is on its way until the plugin has ended.
    plugin.close().log_lines.iter().for_each(|line| eprintln!("{line}"));
    Ok(())
}

/// The same login so many times, each with a control file and, unless it is repeated, of a user of its own, without waiting for one before the
/// next.
fn many(plugin: &OpenPlugin, login: &Environment, number: usize) -> io::Result<String> {
    let mut pending = Vec::new();
    let mut refused = false;
    for number in 0..number {
        let own: Environment = login
            .iter()
            .map(|variable| match variable.strip_prefix(CONTROL) {
                Some(path) => format!("{CONTROL}{path}.{number}"),
                None if variable.starts_with("username=") && !step::is_repeated(login) => {
                    format!("{variable}{number}")
                }
                None => variable.clone(),
            })
            .collect();
        let path = own.iter().find_map(|variable| variable.strip_prefix(CONTROL)).unwrap_or_default();
        File::create(path)?;
        match call(plugin, &own)? {
            FuncResult::Deferred => pending.push(own),
            _ => refused = true,
        }
    }
    let helpers = forks()?;
    for login in &pending {
        let path = login.iter().find_map(|variable| variable.strip_prefix(CONTROL)).unwrap_or_default();
        refused |= !decided(login) || fs::read(path)? != b"1";
    }
    let verdicts = if refused { "some refused" } else { "all accepted" };
    Ok(format!("{verdicts} by {} processes", if helpers > MANY { "many" } else { "few" }))
}

/// How many processes the plugin has forked: those that run this program, but for this one and the one that
/// has started it.
fn forks() -> io::Result<usize> {
    let own = std::env::current_exe()?;
    let this = nix::unistd::getpid().as_raw();
    let parent = nix::unistd::getppid().as_raw();
    let is_own = |pid: i32| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program == own);
    let others = all().into_iter().map(|process| process.pid);
    Ok(others.filter(|pid| ![this, parent].contains(pid) && is_own(*pid)).count())
}

fn call(plugin: &OpenPlugin, login: &Environment) -> io::Result<FuncResult> {
    let call = login.iter().fold(Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY), |call, variable| {
        call.env_entry(variable.as_str())
    });
    Ok(plugin.call(&call).map_err(io::Error::other)?.result)
}

fn verdict(plugin: &OpenPlugin, login: &Environment) -> io::Result<String> {
    if !step::is_timed(login) {
        return Ok(one_verdict(plugin, login)?.0);
    }
    let (mut said, mut took) = one_verdict(plugin, login)?;
    for _ in 1..TRIES {
        if took < LONG {
            break;
        }
        if let Some(path) = control_file(login) {
            File::create(path)?;
        }
        (said, took) = one_verdict(plugin, login)?;
    }
    let took = if took < LONG { "decided at once" } else { "decided after a second" };
    Ok(format!("{said}, {took}"))
}

/// The verdict, and how long it took.
fn one_verdict(plugin: &OpenPlugin, login: &Environment) -> io::Result<(String, Duration)> {
    let start = Instant::now();
    let said = match call(plugin, login)? {
        FuncResult::Success => "accepted".to_string(),
        FuncResult::Error => "refused".to_string(),
        FuncResult::Deferred if decided(login) => "deferred".to_string(),
        FuncResult::Deferred => "deferred, no verdict in the control file".to_string(),
        FuncResult::Other(code) => format!("answered {code}"),
    };
    Ok((said, start.elapsed()))
}

fn control_file(login: &Environment) -> Option<&str> {
    login.iter().find_map(|variable| variable.strip_prefix(CONTROL))
}

/// Waits for a byte in the control file.
fn decided(login: &Environment) -> bool {
    control_file(login)
        .is_some_and(|path| wait_until(VERDICT_LIMIT, || fs::metadata(path).is_ok_and(|file| file.len() > 0)))
}
