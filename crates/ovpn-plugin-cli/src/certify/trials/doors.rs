//! How a login is answered: directly or by the control file, which all plugins of a server share.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ovpn_plugin_host::{AuthFiles, FuncResult, Login, OpenPlugin, Verdict};

use super::Subject;
use super::common::{log_of_threads, logs_in, open_again};
use crate::certify::stage::Stage;

/// How long after a direct answer is watched that nobody writes.
const AFTERWARDS: Duration = Duration::from_millis(300);
/// How often is looked for a file that should not be there.
const LOOK: Duration = Duration::from_millis(10);
/// The checks of this trial.
const ALL: [&str; 6] = [
    "control-file-direct",
    "control-file-verdict",
    "control-file-early",
    "control-file-created",
    "control-file-used",
    "deferral",
];

pub(super) fn doors(stage: &Stage, subject: &Subject) {
    let Some(plugin) = open_again(stage, subject, "opens") else { return };
    let report = &stage.report;
    if !logs_in(&plugin) {
        ALL.iter().for_each(|id| report.none(id));
        return;
    }
    let wrong = subject.login.clone().env("username", "certify").env("password", "certify");
    let (mut deferred, mut direct) = (None, false);
    for (what, login) in [("the login", &subject.login), ("a login that is wrong", &wrong)] {
        report.at(what);
        let running = match plugin.start_login(login) {
            Ok(running) => running,
            Err(error) => return report.note("control-file-direct", error.to_string()),
        };
        if running.result != FuncResult::Deferred {
            direct = true;
            let touched = running.files.wait_for_verdict(AFTERWARDS);
            let what = touched.map(|_| format!("{what} is answered directly, and the file is written to"));
            report.fail_if_any("control-file-direct", what);
            continue;
        }
        let early =
            running.files.verdict().map(|_| format!("the verdict of {what} is there when the call returns"));
        report.note_if_any("control-file-early", early);
        let asked = running.question().is_some();
        let outcome = running.finish(subject.patience);
        match outcome.verdict {
            None if asked => {
                report.note("control-file-verdict", "the plugin asks a question, which nobody answers")
            }
            None => {
                let seconds = subject.patience.as_secs();
                report.fail("control-file-verdict", format!("{what} gets no verdict within {seconds} s"));
            }
            Some(Verdict::Unreadable(byte)) => {
                report.fail("control-file-verdict", format!("the verdict of {what} begins with byte {byte}"));
            }
            Some(Verdict::Accepted | Verdict::Rejected) => report.pass("control-file-verdict"),
        }
        deferred = Some((login, outcome.took));
    }
    if !direct {
        report.none("control-file-direct");
    }
    match deferred {
        Some((login, took)) => {
            report.note("deferral", "a login is deferred");
            late(stage, &plugin, login, took);
            used(stage, &plugin, login, subject.patience);
        }
        None => {
            report.pass("deferral");
            ALL.iter()
                .filter(|id| !["deferral", "control-file-direct"].contains(id))
                .for_each(|id| report.none(id));
        }
    }
    log_of_threads(stage, &plugin);
    report.at("close");
}

/// The client is gone, and OpenVPN has deleted its files, before the verdict is there.
fn late(stage: &Stage, plugin: &OpenPlugin, login: &Login, took: Duration) {
    stage.report.at("a deferred login whose client goes");
    let Ok(running) = plugin.start_login(login) else { return };
    let file = running.files.control();
    let _ = fs::remove_file(&file);
    let comes_back = wait_for(&file, took + took + AFTERWARDS);
    let what = comes_back.then(|| "the control file is there again after it was deleted".to_owned());
    stage.report.fail_if_any("control-file-created", what);
}

fn wait_for(file: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while !file.exists() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}

/// Another plugin has written to the file.
fn used(stage: &Stage, plugin: &OpenPlugin, login: &Login, patience: Duration) {
    stage.report.at("a login whose control file is used");
    let Ok(files) = AuthFiles::new() else { return };
    if fs::write(files.control(), "1").is_err() {
        return;
    }
    let login = login.clone().env("auth_control_file", files.control().display().to_string());
    let Ok(running) = plugin.start_login(&login) else { return };
    let what = (running.result == FuncResult::Deferred).then(|| {
        "a login is deferred although its control file holds somebody's `1`, which lets the client in"
            .to_owned()
    });
    stage.report.note_if_any("control-file-used", what);
    // Its files are there until it is done with them.
    if running.result == FuncResult::Deferred {
        let deadline = Instant::now() + patience.min(Duration::from_secs(3));
        while fs::read(files.control()).is_ok_and(|text| text == b"1") && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
    }
}
