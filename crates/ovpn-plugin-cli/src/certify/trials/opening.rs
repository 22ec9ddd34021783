//! Loads and opens the plugin: today's host and older ones.

use ovpn_plugin_host::{OpenFailed, Plugin, event_name, sys};

use super::Subject;
use super::common::{name, open, refusal};
use crate::certify::trial_process::TrialProcess;

/// Events of OpenVPN 2.4 (with the removed one) and of 2.5.
const OF_2_4: i32 = (1 << (sys::PLUGIN_ROUTE_PREDOWN + 1)) - 1;
const OF_2_5: i32 = (1 << (sys::PLUGIN_CLIENT_CONNECT_DEFER_V2 + 1)) - 1;
/// What OpenVPN says of events that it does not have; another check notes that.
const UNSUPPORTED: &str = "unsupported events";
/// A bit of the mask that belonged to an event which OpenVPN 2.6 removed.
const REMOVED: i32 = 11;
const CONSTRUCTOR: &str = "openvpn_plugin_client_constructor_v1";
const DESTRUCTOR: &str = "openvpn_plugin_client_destructor_v1";

/// What the file offers.
pub(super) fn file(process: &TrialProcess, subject: &Subject) {
    let report = &process.report;
    report.at("loading the file");
    let exports = match subject.plugin.exports() {
        Ok(exports) => exports,
        Err(error) => return report.fail("symbols", refusal(&error)),
    };
    report.pass("symbols");
    let borrowed = exports
        .borrowed
        .map(|(symbol, library)| format!("uses {symbol} of {library}, which it does not name"));
    report.note_if_any("linked", borrowed);
    let known = sys::PLUGIN_INIT_PRE_CONFIG_PARSE..=sys::PLUGIN_INIT_POST_UID_CHANGE;
    let unknown =
        (!known.contains(&exports.init_point)).then(|| format!("asks for moment {}", exports.init_point));
    report.fail_if_any("init-point", unknown);
    let has = |symbol| exports.symbols.contains(&symbol);
    let what = match (has(CONSTRUCTOR), has(DESTRUCTOR)) {
        (true, false) => Some("there is a constructor, and no destructor".to_owned()),
        (false, true) => Some("there is a destructor, and no constructor".to_owned()),
        _ => None,
    };
    report.fail_if_any("client-state", what);
}

/// As OpenVPN 2.6 does it.
pub(super) fn today(process: &TrialProcess, subject: &Subject) {
    let report = &process.report;
    report.at("open");
    let plugin = match subject.plugin.clone().log_to(process.new_log()).open() {
        Ok(plugin) => plugin,
        Err(error @ OpenFailed::UnknownEvents { wanted, offered }) => {
            report.fail("event-bits", format!("asks for {}", events(wanted & !offered)));
            return report.fail("opens", error.to_string());
        }
        Err(error) => return report.fail("opens", refusal(&error)),
    };
    report.pass("opens");
    let removed =
        plugin.wants(REMOVED).then(|| "asks for event 11, which OpenVPN 2.6 has removed".to_owned());
    report.note_if_any("event-bits", removed);
    let alone = [
        (sys::PLUGIN_CLIENT_CONNECT_DEFER, sys::PLUGIN_CLIENT_CONNECT),
        (sys::PLUGIN_CLIENT_CONNECT_DEFER_V2, sys::PLUGIN_CLIENT_CONNECT_V2),
    ];
    let alone = alone.into_iter().find(|(later, first)| plugin.wants(*later) && !plugin.wants(*first));
    let what = alone.map(|(later, first)| format!("asks for {} without {}", name(later), name(first)));
    report.note_if_any("event-pairs", what);
    report.at("close");
    drop(plugin);
}

pub(super) fn with_events_of_2_4(process: &TrialProcess, subject: &Subject) {
    older_events(
        process,
        subject.plugin.clone().openvpn_version(2, 4, ".12").struct_version(3),
        OF_2_4,
        "2.4",
    );
}

pub(super) fn with_events_of_2_5(process: &TrialProcess, subject: &Subject) {
    older_events(process, subject.plugin.clone().openvpn_version(2, 5, ".11"), OF_2_5, "2.5");
}

fn older_events(process: &TrialProcess, plugin: Plugin, offered: i32, version: &str) {
    let report = &process.report;
    report.at(&format!("open by OpenVPN {version}"));
    match plugin.offered_events(offered).log_to(process.new_log()).open() {
        Err(OpenFailed::UnknownEvents { wanted, offered }) => {
            let what =
                format!("OpenVPN {version} does not start: it does not have {}", events(wanted & !offered));
            report.note("event-bits", what);
        }
        // A plugin that refuses says why, and OpenVPN with it.
        _ => report.pass("event-bits"),
    }
}

pub(super) fn with_struct_version_1(process: &TrialProcess, subject: &Subject) {
    older_structs(process, subject, 1);
}

pub(super) fn with_struct_version_2(process: &TrialProcess, subject: &Subject) {
    older_structs(process, subject, 2);
}

pub(super) fn with_struct_version_3(process: &TrialProcess, subject: &Subject) {
    older_structs(process, subject, 3);
}

pub(super) fn with_struct_version_4(process: &TrialProcess, subject: &Subject) {
    older_structs(process, subject, 4);
}

fn older_structs(process: &TrialProcess, subject: &Subject, version: i32) {
    let older = subject.plugin.clone().struct_version(version).openvpn_version(2, 4, ".12");
    let mut opened = open(process, &older.clone().offered_events(OF_2_4));
    process.report.pass("older-events");
    // Whether it is the events or the structs that it refuses.
    if let Err(why) = &opened {
        let with_events = open(process, &older);
        if with_events.is_ok() {
            if !why.contains(UNSUPPORTED) {
                process
                    .report
                    .note("older-events", format!("refuses OpenVPN 2.4, which has fewer events: {why}"));
            }
            opened = with_events;
        }
    }
    match opened {
        Ok(plugin) => {
            process.report.at("close");
            drop(plugin);
            process.report.pass("struct-versions");
        }
        Err(why) if why.contains(UNSUPPORTED) => process.report.pass("struct-versions"),
        Err(why) => {
            process.report.note("struct-versions", format!("refuses struct version {version}: {why}"))
        }
    }
}

fn events(mask: i32) -> String {
    let bits = (0..i32::BITS).filter_map(|bit| i32::try_from(bit).ok()).filter(|bit| mask & (1 << bit) != 0);
    let names: Vec<_> =
        bits.map(|bit| event_name(bit).map_or_else(|| format!("event {bit}"), str::to_owned)).collect();
    names.join(" ")
}
