//! What the process that hosts a plugin does: reads orders, answers each with figures.

use crate::burst::{self, Origin};
use crate::questions;
use crate::sessions;
use crate::stats::median;
use crate::up_down;
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};
use std::io::BufRead;
use std::process::ExitCode;
use std::time::Instant;

/// First argument of such a process.
pub(crate) const ARGUMENT: &str = "--plugin-host";

pub(crate) fn main() -> ExitCode {
    let mut plugin = None;
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let words: Vec<&str> = line.split('\t').collect();
        match obey(&words, &mut plugin) {
            Ok(figures) => {
                let figures: Vec<String> = figures.iter().map(|figure| format!("{figure:e}")).collect();
                println!("{}", figures.join(" "));
            }
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn obey(words: &[&str], plugin: &mut Option<OpenPlugin>) -> Result<Vec<f64>, String> {
    match (words, plugin) {
        (["ready"], _) => Ok(vec![0.0]),
        (["open", path, line], plugin) => {
            let started = Instant::now();
            let opened = Plugin::new(path)
                .shared()
                .args(line.split_whitespace())
                .verb(1)
                .open()
                .map_err(|error| error.to_string())?;
            *plugin = Some(opened);
            Ok(vec![started.elapsed().as_secs_f64()])
        }
        (["login", count, user, password], Some(plugin)) => {
            let call = call(sys::PLUGIN_AUTH_USER_PASS_VERIFY, user, password);
            let figures: Result<Vec<f64>, String> =
                (0..number(count)?).map(|_| login(plugin, &call)).collect();
            Ok(vec![median(&figures?)])
        }
        (["burst", count, user, password, from], Some(plugin)) => {
            let call = |number| call(sys::PLUGIN_AUTH_USER_PASS_VERIFY, &format!("{user}{number}"), password);
            let from = Origin::parse(from).ok_or_else(|| format!("no such place: {from}"))?;
            Ok(burst::run(plugin, call, number(count)?, from)?.figures().to_vec())
        }
        (["question", count, user, password, mode], Some(plugin)) => {
            let times = questions::answered(plugin, number(count)?, user, password, *mode == "deferred")?;
            Ok(times.to_vec())
        }
        (["open-questions", count, user, password], Some(plugin)) => {
            questions::open(plugin, number(count)?, user, password).map(|()| vec![0.0])
        }
        (["clients", count, user, password, which], Some(plugin)) => {
            let times = sessions::connected(plugin, number(count)?, user, password, *which == "session")?;
            Ok(times.to_vec())
        }
        (["sessions-alone", count, service, user, password], _) => {
            Ok(vec![sessions::alone(number(count)?, service, user, password)?])
        }
        (["up"], Some(plugin)) => {
            let started = Instant::now();
            up_down::up(plugin)?;
            Ok(vec![started.elapsed().as_secs_f64()])
        }
        (["down", count], Some(plugin)) => Ok(vec![up_down::downs(plugin, number(count)?)?]),
        _ => Err(format!("no such order: {words:?}")),
    }
}

fn number(word: &str) -> Result<usize, String> {
    word.parse().map_err(|_| format!("{word:?} is no number"))
}

/// One login, which must be accepted; how long the call took, in seconds.
fn login(plugin: &OpenPlugin, call: &Call) -> Result<f64, String> {
    let (result, took) = timed(plugin, call)?;
    if result == FuncResult::Success {
        Ok(took)
    } else {
        Err(format!("the login was answered by {result:?}"))
    }
}

pub(crate) fn call(event: i32, user: &str, password: &str) -> Call {
    Call::new(event)
        .env("username", user)
        .env("password", password)
        .env("common_name", "laptop")
        .env("untrusted_ip", "192.0.2.7")
        .env("untrusted_port", "40000")
}

/// Makes a call: what was returned, and after how many seconds. What the host does to lay out words and variables is
/// not the plugin's time: it maps guarded pages, which costs more the more threads there are.
pub(crate) fn timed(plugin: &OpenPlugin, call: &Call) -> Result<(FuncResult, f64), String> {
    let timed = plugin.pass_often(call, |pass| {
        let started = Instant::now();
        let result = pass();
        (result, started.elapsed().as_secs_f64())
    });
    timed.map_err(|error| error.to_string())
}
