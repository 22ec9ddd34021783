//! What is done with the plugin, in a process of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ovpn_plugin_host::{
    FuncResult, Login, LoginOutcome, OpenFailed, OpenPlugin, Plugin, Reply, Step, Verdict, event_name, sys,
};

use crate::told::{Outcome, Tell};

/// A call that takes longer than this is worth a word.
const LONG: Duration = Duration::from_secs(1);
/// How long OpenVPN gives a client, unless `hand-window` says otherwise.
const HAND_WINDOW: Duration = Duration::from_secs(60);

/// A plugin about to be opened, and with what. Each function tells its result as the last thing; those with a client do
/// so before they close the plugin, for what happens then changes nothing for the client.
pub(crate) struct Drive {
    pub(crate) plugin: Plugin,
    pub(crate) file: PathBuf,
    pub(crate) limit: Duration,
}

impl Drive {
    /// One login.
    pub(crate) fn login(&self, tell: &Tell, login: &Login) {
        let start = Instant::now();
        match self.open(tell) {
            Some(plugin) => tell.end(self.log_in(tell, login, &plugin, start)),
            None => tell.end(Outcome::NotOpened),
        }
    }

    fn log_in(&self, tell: &Tell, login: &Login, plugin: &OpenPlugin, start: Instant) -> Outcome {
        if !plugin.wants(sys::PLUGIN_AUTH_USER_PASS_VERIFY) {
            tell.say(
                "open",
                "the plugin wants no AUTH_USER_PASS_VERIFY: OpenVPN does not ask it about logins",
            );
            return Outcome::NoVerdict;
        }
        let client = plugin.client();
        let running = match client.start_login(login) {
            Ok(running) => running,
            Err(error) => return failed(tell, &error.to_string()),
        };
        let blocked = running.blocked();
        tell.say("reply", &format!("{} after {}", result_text(running.result), seconds(blocked)));
        if running.result != FuncResult::Deferred && blocked >= LONG {
            tell.say("note", "OpenVPN serves nobody while a plugin decides; one that takes long should defer (auth-pam: `setenv deferred_auth_pam 1`)");
        }
        let outcome = running.finish(self.limit.saturating_sub(start.elapsed()));
        if let Some(pending) = &outcome.pending {
            tell.say("pending", &pending_text(pending));
        }
        let decision = if outcome.accepted() {
            Outcome::Yes
        } else if outcome.result == FuncResult::Deferred && outcome.verdict.is_none() {
            Outcome::NoVerdict
        } else {
            Outcome::No
        };
        match outcome.verdict {
            Some(verdict) => tell.say("verdict", &verdict_text(verdict, outcome.took)),
            None if decision == Outcome::NoVerdict => {
                tell.say("verdict", &format!("none within {}", seconds(outcome.took)));
            }
            None => {}
        }
        tell.say("client", &client_text(&outcome));
        decision
    }

    /// Only opens and closes.
    pub(crate) fn check(&self, tell: &Tell) {
        tell.end(self.open_and_close(tell));
    }

    fn open_and_close(&self, tell: &Tell) -> Outcome {
        tell.say("file", &self.file.display().to_string());
        let exports = match self.plugin.exports() {
            Ok(exports) => exports,
            Err(error) => {
                tell.say("open", &error_text(&error));
                return Outcome::No;
            }
        };
        tell.say("exports", &exports.symbols.join(" "));
        let needs = match exports.min_version {
            0 => "any version of the plugin interface".to_owned(),
            version => format!("plugin interface version {version} or later (OpenVPN 2.4 to 2.7 have 3)"),
        };
        tell.say("needs", &needs);
        tell.say("starts", init_text(exports.init_point));
        let Some(plugin) = self.open(tell) else { return Outcome::No };
        let closed = plugin.close();
        tell.say("close", if closed.unloaded { "done" } else { "done; the plugin's code stays in memory" });
        Outcome::Yes
    }

    /// The life of a server, or of a client.
    pub(crate) fn events(&self, tell: &Tell, login: &Login, client: bool) {
        let start = Instant::now();
        let Some(plugin) = self.open(tell) else { return tell.end(Outcome::NotOpened) };
        let mut see = |step: &Step| tell.say("event", &step_text(step));
        let patience = self.limit.saturating_sub(start.elapsed());
        let life = if client {
            plugin.client_life_seen(&mut see)
        } else {
            plugin.server_life_seen(login, patience, &mut see)
        };
        tell.end(match life {
            Ok(life) if life.connected => Outcome::Yes,
            Ok(_) => Outcome::No,
            Err(error) => failed(tell, &error.to_string()),
        });
    }

    fn open(&self, tell: &Tell) -> Option<OpenPlugin> {
        match self.plugin.open() {
            Ok(plugin) => {
                tell.say("open", &format!("done; the plugin wants {}", events_text(plugin.events())));
                Some(plugin)
            }
            Err(error) => {
                tell.say("open", &error_text(&error));
                None
            }
        }
    }
}

fn failed(tell: &Tell, words: &str) -> Outcome {
    tell.say("failed", words);
    Outcome::Failed
}

/// Without the log, which is shown anyway.
fn error_text(error: &OpenFailed) -> String {
    match error {
        OpenFailed::Refused { result: FuncResult::Success, .. } => {
            "the plugin gave no handle, which OpenVPN takes for a refusal".to_owned()
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

fn result_text(result: FuncResult) -> String {
    match result {
        FuncResult::Success => "success".to_owned(),
        FuncResult::Error => "error".to_owned(),
        FuncResult::Deferred => "deferred".to_owned(),
        FuncResult::Other(code) => format!("{code}, which OpenVPN takes for an error"),
    }
}

fn verdict_text(verdict: Verdict, took: Duration) -> String {
    let word = match verdict {
        Verdict::Accepted => "accepted".to_owned(),
        Verdict::Rejected => "rejected".to_owned(),
        Verdict::Unreadable(byte) => format!("byte {byte} in the control file, which means nothing"),
    };
    format!("{word} after {}", seconds(took))
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
    let returned: String = returned.iter().map(|(name, value)| format!("; {name}: {value}")).collect();
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

/// The three lines of a pending file.
fn pending_text(text: &str) -> String {
    let mut lines = text.lines();
    match (lines.next(), lines.next(), lines.next()) {
        (Some(timeout), Some(method), Some(text)) => {
            format!("the client is asked, by {method}, and has {timeout} s: {text}")
        }
        _ => "the pending file has less than the three lines needed".to_owned(),
    }
}

/// What OpenVPN would tell the client.
fn client_text(outcome: &LoginOutcome) -> String {
    if outcome.accepted() && outcome.took > HAND_WINDOW {
        return "would be let in, but has given up after a minute (`hand-window`)".to_owned();
    }
    if outcome.accepted() {
        return "is let in, as far as this plugin is asked".to_owned();
    }
    if outcome.result == FuncResult::Deferred && outcome.verdict.is_none() {
        return "waits, and gives up after a minute (`hand-window`)".to_owned();
    }
    match &outcome.reason {
        None => "is told that the login failed, without a reason".to_owned(),
        Some(text) if text.starts_with("TEMP") => format!("is told to try again later: {text}"),
        Some(text) if text.starts_with("CRV1:") => {
            format!("is asked a second question (dynamic challenge): {text}")
        }
        Some(text) => format!("is told that the login failed: {text}"),
    }
}
