//! Two plugin lines with the same file: OpenVPN loads it once, and its static variables belong to both.

use ovpn_plugin_host::{Life, OpenPlugin, sys};

use super::Subject;
use super::common::{live, live_seen, logs_in, open_again, refusal, worse};
use super::server_life::after_close;
use crate::certify::process_snapshot::Snapshot;
use crate::certify::trial_process::TrialProcess;

const ID: &str = "two-lines";

pub(super) fn second_line(process: &TrialProcess, subject: &Subject) {
    let report = &process.report;
    let before = Snapshot::take();
    let Some(only) = open_again(process, subject, ID) else { return };
    let alone = match live(process, subject, &only) {
        Ok(alone) => alone,
        Err(error) => return report.note(ID, error),
    };
    report.at("close");
    drop(only);
    for outer in ["first", "second"] {
        let Some(first) = open_again(process, subject, ID) else { return };
        report.at("open of a second line");
        let second = match subject.plugin.clone().log_to(process.new_log()).open() {
            Ok(second) => second,
            Err(error) => {
                return report.note(ID, format!("a second line with it does not open: {}", refusal(&error)));
            }
        };
        if subject.has_words && first.has_handle_of(&second) {
            report.note(ID, "both lines get the same handle, so one's words may count for both");
        }
        let (outside, inside) = if outer == "first" { (&first, &second) } else { (&second, &first) };
        nested(process, subject, &alone, (outside, inside), outer);
        report.at("close of the first of two lines");
        drop(first);
        report.at("close of the second of two lines");
        drop(second);
    }
    report.pass(ID);
    after_close(process, &before);
}

/// The whole life of one line while the other one has a login under way, or has passed its first event.
fn nested(
    process: &TrialProcess,
    subject: &Subject,
    alone: &Life,
    (outside, inside): (&OpenPlugin, &OpenPlugin),
    outer: &str,
) {
    let mut inner = None;
    let moment = logs_in(outside).then_some(sys::PLUGIN_AUTH_USER_PASS_VERIFY);
    let life = live_seen(process, subject, outside, &mut |event| {
        if inner.is_none() && moment.is_none_or(|moment| moment == event) {
            inner = Some(live(process, subject, inside));
        }
    });
    for life in std::iter::once(life).chain(inner) {
        match life {
            Ok(life) => {
                if let Some(what) = worse(alone, &life) {
                    let what = format!("when the {outer} of two lines is called around the other, {what}");
                    process.report.fail(ID, what);
                }
            }
            Err(error) => process.report.note(ID, error),
        }
    }
}
