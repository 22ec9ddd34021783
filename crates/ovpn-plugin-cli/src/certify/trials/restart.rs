//! The ends of a plugin: SIGHUP, a fatal error of OpenVPN, SIGKILL.

use super::Subject;
use super::common::{live, log_of_threads, logs_in, open, open_again, worse};
use super::life::after_close;
use crate::certify::observe::Snapshot;
use crate::certify::stage::Stage;

/// How often the plugin is opened in one process.
const ROUNDS: usize = 3;

/// Closed and opened anew, in the same process.
pub(super) fn sighup(stage: &Stage, subject: &Subject) {
    let report = &stage.report;
    let before = Snapshot::take();
    let mut first = None;
    for round in 1..=ROUNDS {
        let plugin = match open(stage, &subject.plugin) {
            Ok(plugin) => plugin,
            Err(why) => return report.fail("sighup", format!("it does not open for time {round}: {why}")),
        };
        match (live(stage, subject, &plugin), &first) {
            (Err(error), _) => return report.note("sighup", error),
            (Ok(life), None) => first = Some(life),
            (Ok(life), Some(first)) => {
                if let Some(what) = worse(first, &life) {
                    report.fail("sighup", format!("opened for time {round}, {what}"));
                }
            }
        }
        log_of_threads(stage, &plugin);
        report.at("close");
        let closed = plugin.close();
        let stays = (!closed.unloaded).then(|| "its code is still there after it was closed".to_owned());
        report.note_if_any("unloads", stays);
    }
    report.pass("sighup");
    after_close(stage, &before);
}

/// OpenVPN calls it and exits.
pub(super) fn abort(stage: &Stage, subject: &Subject) {
    let Some(plugin) = open_again(stage, subject, "opens") else { return };
    stage.report.at("abort");
    if plugin.abort() {
        stage.report.pass("abort");
    } else {
        stage.report.none("abort");
    }
    std::mem::forget(plugin);
}

/// With a login under way.
pub(super) fn killed(stage: &Stage, subject: &Subject) {
    let Some(plugin) = open_again(stage, subject, "opens") else { return };
    if logs_in(&plugin) {
        stage.report.at("a login");
        // Whatever comes of it.
        std::mem::forget(plugin.start_login(&subject.login));
    }
    std::mem::forget(plugin);
}
