//! The process in which one plugin runs: reads instructions, opens the plugin, calls it, closes it. Everything that is
//! logged goes to standard error, line by line; the answers go to a file.

use crate::instructions::{Environment, Event, Instructions};
use crate::step;
use harness::proc_table::{all, wait_until};
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// First argument of a plugin's process; the instructions and the file for the answers follow.
pub const ARGUMENT: &str = "--plugin-process";

const CONTROL: &str = "auth_control_file=";
/// More processes of the plugin than this are many.
const MANY: usize = 10;

/// `refusal-time` of a line that does not set it: a verdict that is held back takes that long or longer.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// A verdict that is held back takes that long each time; one that is not does so by chance, on a busy machine.
const TRIES: usize = 5;
/// How long a deferred verdict may take that is not expected never to come.
const VERDICT_LIMIT: Duration = Duration::from_secs(5);

/// What the plugin's process does.
pub fn main(instructions: &Path, answers: &Path) -> ExitCode {
    match run(instructions, answers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plugin process: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(instructions: &Path, answers: &Path) -> io::Result<()> {
    let instructions =
        Instructions::from_text(&fs::read_to_string(instructions)?).map_err(io::Error::other)?;
    let mut answers = File::options().append(true).open(answers)?;
    let mut plugin = Plugin::new(&instructions.plugin);
    for word in &instructions.words {
        plugin = plugin.arg(word);
    }
    step::take(&instructions.open_env)?;
    for (name, value) in instructions.open_env.iter().filter_map(|variable| variable.split_once('=')) {
        plugin = plugin.env(name, value);
    }
    let plugin = match plugin.open() {
        Ok(plugin) => plugin,
        Err(error) => {
            eprintln!("{error}");
            return writeln!(answers, "does not start");
        }
    };
    for (event, env) in &instructions.calls {
        step::take(env)?;
        let said = match (event, step::at_once(env)) {
            (Event::Login, Some(number)) => many(&plugin, env, number)?,
            (Event::Login, None) => verdict(&plugin, env)?,
            (Event::Up, _) => answer(&plugin, sys::PLUGIN_UP, env)?,
            (Event::Down, _) => answer(&plugin, sys::PLUGIN_DOWN, env)?,
        };
        writeln!(answers, "{said}")?;
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
        match self::login(plugin, &own)? {
            FuncResult::Deferred => pending.push(own),
            _ => refused = true,
        }
    }
    let helpers = forks();
    for login in &pending {
        let path = login.iter().find_map(|variable| variable.strip_prefix(CONTROL)).unwrap_or_default();
        refused |= !decided(login) || fs::read(path)? != b"1";
    }
    let verdicts = if refused { "some refused" } else { "all accepted" };
    Ok(format!("{verdicts} by {} processes", if helpers > MANY { "many" } else { "few" }))
}

/// How many processes the plugin has forked: all that this one's parent has made or taken in, and what those have made,
/// but for this one.
fn forks() -> usize {
    let all = all();
    let mut found = vec![nix::unistd::getppid().as_raw()];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(all.iter().filter(|process| process.parent == parent).map(|process| process.pid));
        at += 1;
    }
    found.len() - 2
}

fn call(plugin: &OpenPlugin, event: i32, env: &Environment) -> io::Result<FuncResult> {
    let call = env.iter().fold(Call::new(event), |call, variable| call.env_entry(variable.as_str()));
    Ok(plugin.call(&call).map_err(io::Error::other)?.result)
}

fn answer(plugin: &OpenPlugin, event: i32, env: &Environment) -> io::Result<String> {
    Ok(match call(plugin, event, env)? {
        FuncResult::Success => "success".to_string(),
        FuncResult::Error => "error".to_string(),
        other => format!("answered {other:?}"),
    })
}

fn login(plugin: &OpenPlugin, env: &Environment) -> io::Result<FuncResult> {
    call(plugin, sys::PLUGIN_AUTH_USER_PASS_VERIFY, env)
}

fn verdict(plugin: &OpenPlugin, login: &Environment) -> io::Result<String> {
    if !step::is_timed(login) {
        return Ok(one_verdict(plugin, login)?.0);
    }
    let (mut said, mut took) = one_verdict(plugin, login)?;
    for _ in 1..TRIES {
        if took < REFUSAL_TIME {
            break;
        }
        if let Some(path) = control_file(login) {
            File::create(path)?;
        }
        (said, took) = one_verdict(plugin, login)?;
    }
    let took = if took < REFUSAL_TIME { "decided at once" } else { "decided after a second" };
    Ok(format!("{said}, {took}"))
}

/// The verdict, and how long it took.
fn one_verdict(plugin: &OpenPlugin, login: &Environment) -> io::Result<(String, Duration)> {
    let start = Instant::now();
    let said = match self::login(plugin, login)? {
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
