//! One run of a plugin: what `login`, `check` and `events` do with it, in a process of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ovpn_plugin_host::{FuncResult, Login, OpenFailed, OpenPlugin, Plugin, Reply, Step, event_name, sys};

use crate::plugin_process::report::{Outcome, Reporter};
use crate::redaction::from_plugin;

/// A plugin about to be opened, and with what. Each function tells its result as the last thing; those with a client do
/// so before they close the plugin, for what happens then changes nothing for the client.
pub(crate) struct PluginRun {
    pub(crate) plugin: Plugin,
    pub(crate) file: PathBuf,
    pub(crate) limit: Duration,
}

impl PluginRun {
    /// One login.
    pub(crate) fn login(&self, reporter: &Reporter, login: &Login) {
        let start = Instant::now();
        match self.open(reporter) {
            Some(plugin) => reporter.end(self.log_in(reporter, login, &plugin, start)),
            None => reporter.end(Outcome::NotOpened),
        }
    }

    /// Only opens and closes.
    pub(crate) fn check(&self, reporter: &Reporter) {
        reporter.end(self.open_and_close(reporter));
    }

    fn open_and_close(&self, reporter: &Reporter) -> Outcome {
        reporter.say("file", &self.file.display().to_string());
        let exports = match self.plugin.exports() {
            Ok(exports) => exports,
            Err(error) => {
                reporter.say("open", &error_text(&error));
                return Outcome::No;
            }
        };
        reporter.say("exports", &exports.symbols.join(" "));
        let needs = match exports.min_version {
            0 => "any version of the plugin interface".to_owned(),
            version => format!("plugin interface version {version} or later (OpenVPN 2.4 to 2.7 have 3)"),
        };
        reporter.say("needs", &needs);
        reporter.say("starts", init_text(exports.init_point));
        let Some(plugin) = self.open(reporter) else { return Outcome::No };
        let closed = plugin.close();
        reporter
            .say("close", if closed.unloaded { "done" } else { "done; the plugin's code stays in memory" });
        Outcome::Yes
    }

    /// The life of a server, or of a client.
    pub(crate) fn events(&self, reporter: &Reporter, login: &Login, client: bool) {
        let start = Instant::now();
        let Some(plugin) = self.open(reporter) else { return reporter.end(Outcome::NotOpened) };
        let mut see = |step: &Step| reporter.say("event", &step_text(step));
        let patience = self.limit.saturating_sub(start.elapsed());
        let life = if client {
            plugin.client_life_seen(&mut see)
        } else {
            plugin.server_life_seen(login, patience, &mut see)
        };
        let fails = |step: &Step| !matches!(step.reply.result, FuncResult::Success | FuncResult::Deferred);
        reporter.end(match life {
            Ok(life) if life.connected && life.steps.iter().any(fails) => Outcome::EventFailed,
            Ok(life) if life.connected => Outcome::Yes,
            Ok(_) => Outcome::No,
            Err(error) => failed(reporter, &error.to_string()),
        });
    }

    fn open(&self, reporter: &Reporter) -> Option<OpenPlugin> {
        match self.plugin.open() {
            Ok(plugin) => {
                reporter.say("open", &format!("done; the plugin wants {}", events_text(plugin.events())));
                Some(plugin)
            }
            Err(error) => {
                reporter.say("open", &error_text(&error));
                None
            }
        }
    }
}

pub(crate) fn failed(reporter: &Reporter, words: &str) -> Outcome {
    reporter.say("failed", words);
    Outcome::Failed
}

/// Without the log, which is shown anyway.
fn error_text(error: &OpenFailed) -> String {
    match error {
        OpenFailed::Refused { result: FuncResult::Success, .. } => {
            "the plugin returned no handle, which OpenVPN treats as an error".to_owned()
        }
        OpenFailed::Refused { result, .. } => {
            format!("the plugin refused to start: {}", result_text(*result))
        }
        OpenFailed::UnknownEvents { wanted, offered } => {
            format!("the plugin wants events OpenVPN 2.6 does not have: {}", events_text(wanted & !offered))
        }
        other => other.to_string(),
    }
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

pub(crate) fn result_text(result: FuncResult) -> String {
    match result {
        FuncResult::Success => "success".to_owned(),
        FuncResult::Error => "error".to_owned(),
        FuncResult::Deferred => "deferred".to_owned(),
        FuncResult::Other(code) => format!("{code}, which OpenVPN treats as an error"),
    }
}

fn events_text(mask: i32) -> String {
    let names: Vec<_> = (0..i32::BITS)
        .filter_map(|number| i32::try_from(number).ok())
        .filter(|number| mask & sys::plugin_mask(*number) != 0)
        .map(|number| event_name(number).map_or_else(|| format!("event {number}"), str::to_owned))
        .collect();
    if names.is_empty() { "no events".to_owned() } else { names.join(" ") }
}

fn step_text(step: &Step) -> String {
    let Reply { result, returned } = &step.reply;
    let name = event_name(step.event).unwrap_or("unknown event");
    let returned: String = returned
        .iter()
        .map(|(name, value)| format!("; {}: {}", from_plugin(name), from_plugin(value)))
        .collect();
    format!("{name}: {}{returned}", result_text(*result))
}

fn init_text(point: i32) -> &'static str {
    match point {
        sys::PLUGIN_INIT_PRE_CONFIG_PARSE => "before the rest of the configuration is read",
        sys::PLUGIN_INIT_PRE_DAEMON => "before OpenVPN becomes a daemon, as root",
        sys::PLUGIN_INIT_POST_DAEMON => "after OpenVPN became a daemon, as root",
        sys::PLUGIN_INIT_POST_UID_CHANGE => "after OpenVPN gave root up (`user`)",
        _ => "at a point OpenVPN does not know",
    }
}
