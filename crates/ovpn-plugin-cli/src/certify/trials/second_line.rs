//! Two plugin lines with the same file: OpenVPN loads it once, and its static variables belong to both.

use ovpn_plugin_host::sys;

use super::Subject;
use super::common::{live, live_seen, logs_in, open_again, refusal, worse};
use super::life::after_close;
use crate::certify::observe::Snapshot;
use crate::certify::stage::Stage;

const ID: &str = "two-lines";

pub(super) fn second_line(stage: &Stage, subject: &Subject) {
    let report = &stage.report;
    let before = Snapshot::take();
    let Some(first) = open_again(stage, subject, ID) else { return };
    let alone = match live(stage, subject, &first) {
        Ok(alone) => alone,
        Err(error) => return report.note(ID, error),
    };
    report.at("open of a second line");
    let second = match subject.plugin.clone().log_to(stage.scratch.join("log-of-second")).open() {
        Ok(second) => second,
        Err(error) => {
            return report.note(ID, format!("a second line with it does not open: {}", refusal(&error)));
        }
    };
    if subject.has_words && first.has_handle_of(&second) {
        report.note(ID, "both lines get the same handle, so one's words may count for both");
    }
    for (one, other, name) in [(&first, &second, "first"), (&second, &first, "second")] {
        let mut inside = None;
        // With a login under way, if there is one: the whole life of the other line.
        let moment = if logs_in(one) { Some(sys::PLUGIN_AUTH_USER_PASS_VERIFY) } else { None };
        let outside = live_seen(stage, subject, one, &mut |event| {
            if inside.is_none() && moment.is_none_or(|moment| moment == event) {
                inside = Some(live(stage, subject, other));
            }
        });
        for life in std::iter::once(outside).chain(inside) {
            match life {
                Ok(life) => {
                    if let Some(what) = worse(&alone, &life) {
                        report.fail(
                            ID,
                            format!("when the {name} of two lines is called around the other, {what}"),
                        );
                    }
                }
                Err(error) => report.note(ID, error),
            }
        }
    }
    report.at("close of the first of two lines");
    drop(first);
    report.at("close of the second of two lines");
    drop(second);
    report.pass(ID);
    after_close(stage, &before);
}
