//! The trials: what is done with the plugin, each time in a process of its own.

mod client_leaks;
mod common;
mod confined;
mod login_verdicts;
mod opening;
mod order_of_writes;
mod responses;
mod restart;
mod second_line;
mod server_life;
mod shared_login_files;

use ovpn_plugin_host::{Login, Plugin};

use super::trial_process::{Kind, TrialProcess};
pub(crate) use responses::{login, ways};

/// What is tried.
pub(crate) struct Subject {
    pub(crate) plugin: Plugin,
    /// The same, told that OpenVPN will be a daemon.
    pub(crate) of_daemon: Plugin,
    /// Whether there are words behind its name.
    pub(crate) has_words: bool,
    /// Hopefully one that gets in.
    pub(crate) login: Login,
    /// The ways to give a response, if there is one.
    pub(crate) ways: Option<[Login; 3]>,
    /// How long is waited for what the plugin has deferred.
    pub(crate) patience: std::time::Duration,
}

/// One trial.
pub(crate) struct Trial {
    pub(crate) kind: Kind,
    /// The check that fails if the process does not live.
    pub(crate) death: &'static str,
    pub(crate) needs_root: bool,
    pub(crate) body: fn(&TrialProcess, &Subject),
}

const fn trial(body: fn(&TrialProcess, &Subject)) -> Trial {
    Trial { kind: Kind::Ordinary, death: "survives", needs_root: false, body }
}

/// Without these nothing else makes sense.
pub(crate) const FIRST: [Trial; 2] = [trial(opening::file), trial(opening::today)];

pub(crate) const REST: [Trial; 16] = [
    // It says how the client gets in.
    trial(responses::find_way_in),
    Trial { death: "event-bits", ..trial(opening::with_events_of_2_4) },
    Trial { death: "event-bits", ..trial(opening::with_events_of_2_5) },
    Trial { death: "struct-versions", ..trial(opening::with_struct_version_1) },
    Trial { death: "struct-versions", ..trial(opening::with_struct_version_2) },
    Trial { death: "struct-versions", ..trial(opening::with_struct_version_3) },
    Trial { death: "struct-versions", ..trial(opening::with_struct_version_4) },
    // It says how long others need to wait for verdicts.
    trial(login_verdicts::login_verdicts),
    trial(server_life::server_life),
    trial(server_life::odd_input),
    Trial { death: "sighup", ..trial(restart::sighup) },
    Trial { kind: Kind::Daemon, death: "daemon", ..trial(confined::daemon) },
    Trial { death: "confined", needs_root: true, ..trial(confined::confined) },
    Trial { death: "two-lines", ..trial(second_line::second_line) },
    trial(client_leaks::client_leaks),
    Trial { death: "abort", ..trial(restart::abort) },
];

/// Tells by the processes that are left.
pub(crate) const KILLED: Trial = Trial { kind: Kind::Killed, ..trial(restart::killed) };
