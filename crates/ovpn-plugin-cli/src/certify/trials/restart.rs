//! The ends of a plugin: SIGHUP, a fatal error of OpenVPN, SIGKILL.

use super::Subject;
use super::common::{live, log_of_threads, logs_in, open, open_again, worse};
use super::server_life::after_close;
use crate::certify::process_snapshot::Snapshot;
use crate::certify::trial_process::TrialProcess;

/// How often the plugin is opened in one process.
const ROUNDS: usize = 3;

/// Closed and opened anew, in the same process.
pub(super) fn sighup(process: &TrialProcess, subject: &Subject) {
    let report = &process.report;
    let before = Snapshot::take();
    let mut first = None;
    for round in 1..=ROUNDS {
        let plugin = match open(process, &subject.plugin) {
            Ok(plugin) => plugin,
            Err(why) => return report.fail("sighup", format!("it does not open for time {round}: {why}")),
        };
        match (live(process, subject, &plugin), &first) {
            (Err(error), _) => return report.note("sighup", error),
            (Ok(life), None) => first = Some(life),
            (Ok(life), Some(first)) => {
                if let Some(what) = worse(first, &life) {
                    report.fail("sighup", format!("opened for time {round}, {what}"));
                }
            }
        }
        log_of_threads(process, &plugin);
        report.at("close");
        let closed = plugin.close();
        let stays = (!closed.unloaded).then(|| "its code is still there after it was closed".to_owned());
        report.note_if_any("unloads", stays);
    }
    report.pass("sighup");
    after_close(process, &before);
}

/// OpenVPN calls it and exits.
pub(super) fn abort(process: &TrialProcess, subject: &Subject) {
    let Some(plugin) = open_again(process, subject, "opens") else { return };
    process.report.at("abort");
    if plugin.abort() {
        process.report.pass("abort");
    } else {
        process.report.none("abort");
    }
    std::mem::forget(plugin);
}

/// With a login under way.
pub(super) fn killed(process: &TrialProcess, subject: &Subject) {
    let Some(plugin) = open_again(process, subject, "opens") else { return };
    if logs_in(&plugin) {
        process.report.at("a login");
        // Whatever comes of it.
        std::mem::forget(plugin.start_login(&subject.login));
    }
    std::mem::forget(plugin);
}
