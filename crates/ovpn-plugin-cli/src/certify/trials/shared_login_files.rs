//! The files of a login are not the plugin's alone: OpenVPN deletes them, and other plugins write to the same ones.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use ovpn_plugin_host::{AuthFiles, FuncResult, Login, OpenPlugin, Verdict};

use super::common::look_for;
use super::login_verdicts::AFTERWARDS;
use crate::certify::trial_process::TrialProcess;

/// How often is tried to be faster than the plugin.
const TRIES: usize = 5;
/// How long is waited for a verdict over that of somebody else.
const OVER_ANOTHER: Duration = Duration::from_secs(3);

/// The client is gone, and OpenVPN has deleted its files, before the verdict is there.
pub(super) fn late(process: &TrialProcess, plugin: &OpenPlugin, login: &Login, took: Duration) {
    for _ in 0..TRIES {
        process.report.at("a deferred login whose client goes");
        let Ok(running) = plugin.start_login(login) else { return };
        let Ok(control) = fs::File::open(running.files.control()) else { return };
        let files = [running.files.control(), running.files.reason(), running.files.pending()];
        files.iter().for_each(|file| drop(fs::remove_file(file)));
        // Later would be too late: what is written once the file is gone stands in another one.
        if control.metadata().is_ok_and(|file| file.len() > 0) {
            continue;
        }
        let mut back = None;
        look_for(took + took + AFTERWARDS, || {
            back = files.iter().position(|file| file.exists());
            back.is_some()
        });
        let back = back.and_then(|number| ["control", "reason", "pending"].get(number));
        let what = back.map(|name| format!("the {name} file is there again after it was deleted"));
        return process.report.fail_if_any("control-file-created", what);
    }
    process.report.pass("control-file-created");
}

/// Another plugin has written to the file before.
pub(super) fn used(process: &TrialProcess, plugin: &OpenPlugin, login: &Login, patience: Duration) {
    process.report.at("a login whose control file is used");
    let Ok(files) = AuthFiles::new() else { return };
    if fs::write(files.control(), "1").is_err() {
        return;
    }
    let Ok(running) = plugin.start_login_in(files, login) else { return };
    let what = (running.result == FuncResult::Deferred).then(|| {
        "a login is deferred although its control file holds somebody's `1`, which lets the client in"
            .to_owned()
    });
    process.report.note_if_any("control-file-used", what);
    // Its files are there until it is done with them.
    if running.result == FuncResult::Deferred {
        look_for(patience.min(OVER_ANOTHER), || running.files.verdict() != Some(Verdict::Accepted));
    }
}

/// A second plugin has deferred the login as well, or answered it directly and written nevertheless: its `0` comes between
/// the call and this plugin's verdict.
pub(super) fn overruled(process: &TrialProcess, plugin: &OpenPlugin, login: &Login, patience: Duration) {
    let report = &process.report;
    for _ in 0..TRIES {
        report.at("a login that another plugin rejects");
        let Ok(running) = plugin.start_login(login) else { return };
        if running.result != FuncResult::Deferred {
            return report.none("control-file-shared");
        }
        if running.files.verdict().is_some() || reject(&running.files).is_err() {
            continue;
        }
        let over =
            look_for(patience.min(OVER_ANOTHER), || running.files.verdict() == Some(Verdict::Accepted));
        let what = over.then(|| "another plugin's `0` is overwritten with `1`".to_owned());
        return report.note_if_any("control-file-shared", what);
    }
    // It is there at once: another check says so.
    report.none("control-file-shared");
}

/// As a plugin does it: nothing is cut off and nothing is made.
fn reject(files: &AuthFiles) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(files.control())?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(b"0")
}
