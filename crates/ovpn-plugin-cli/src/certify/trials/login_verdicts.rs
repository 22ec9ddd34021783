//! How a login is answered: directly or by the control file.

use std::time::Duration;

use ovpn_plugin_host::{AuthFiles, FuncResult, Login, OpenPlugin, RunningLogin, Verdict};

use super::Subject;
use super::common::{log_of_threads, logs_in, look_for, open_again};
use super::order_of_writes::{FileWrites, LoginFile};
use super::shared_login_files::{late, overruled, used};
use crate::certify::trial_process::TrialProcess;

/// How long after a direct answer or a verdict is watched that nobody writes.
pub(super) const AFTERWARDS: Duration = Duration::from_millis(300);
/// How long is waited for the verdict of somebody who is asked and does not answer.
const UNANSWERED: Duration = Duration::from_secs(1);
/// The checks of this trial that are for deferred logins.
const OF_DEFERRED: [&str; 8] = [
    "control-file-verdict",
    "control-file-early",
    "control-file-created",
    "control-file-used",
    "control-file-shared",
    "reason-first",
    "question-in-call",
    "two-logins",
];

/// What came of a deferred login.
struct Deferred<'a> {
    login: &'a Login,
    verdict: Option<Verdict>,
    took: Duration,
}

pub(super) fn login_verdicts(process: &TrialProcess, subject: &Subject) {
    let Some(plugin) = open_again(process, subject, "opens") else { return };
    let report = &process.report;
    if !logs_in(&plugin) {
        OF_DEFERRED.iter().chain(&["control-file-direct", "deferral"]).for_each(|id| report.none(id));
        return;
    }
    let wrong = subject.login.clone().env("username", "certify").env("password", "certify");
    let (mut deferred, mut direct) = (Vec::new(), false);
    for (what, login) in [("the login", &subject.login), ("a login that is wrong", &wrong)] {
        report.at(what);
        let started = AuthFiles::new().map_err(|error| error.to_string()).and_then(|files| {
            let written = FileWrites::watch(&files).map_err(|error| error.to_string())?;
            Ok((plugin.start_login_in(files, login).map_err(|error| error.to_string())?, written))
        });
        let (running, written) = match started {
            Ok(started) => started,
            Err(error) => return report.note("control-file-direct", error),
        };
        if running.result != FuncResult::Deferred {
            direct = true;
            let touched = running.files.wait_for_verdict(AFTERWARDS);
            let what = touched.map(|_| format!("{what} is answered directly, and the file is written to"));
            report.fail_if_any("control-file-direct", what);
            continue;
        }
        deferred.push(verdict_of(process, (subject, &plugin), (what, login), running, written));
    }
    if !direct {
        report.none("control-file-direct");
    }
    if let Some(last) = deferred.last() {
        report.note("deferral", "a login is deferred");
        match last.verdict {
            Some(_) => late(process, &plugin, last.login, last.took),
            None => report.none("control-file-created"),
        }
        used(process, &plugin, last.login, subject.patience);
        overruled(process, &plugin, &subject.login, subject.patience);
        two_logins(process, &plugin, &deferred, subject.patience);
    } else {
        report.pass("deferral");
        OF_DEFERRED.iter().for_each(|id| report.none(id));
    }
    log_of_threads(process, &plugin);
    report.at("close");
}

/// Waits for what comes of a deferred login.
fn verdict_of<'a>(
    process: &TrialProcess,
    (subject, plugin): (&Subject, &OpenPlugin),
    (what, login): (&str, &'a Login),
    running: RunningLogin,
    mut written: FileWrites,
) -> Deferred<'a> {
    let report = &process.report;
    let early =
        running.files.verdict().map(|_| format!("the verdict of {what} is there when the call returns"));
    report.note_if_any("control-file-early", early);
    let in_call = written.so_far().len();
    let asked = running.question().is_some();
    let seconds = subject.patience.as_secs();
    let answered = running.answer(login).map(|answer| plugin.call(&answer)).is_some();
    let patience = if asked && !answered { UNANSWERED.min(subject.patience) } else { subject.patience };
    let verdict = running.files.wait_for_verdict(patience);
    let took = running.started().elapsed();
    match verdict {
        None if asked && !answered => {
            report.note("control-file-verdict", "the plugin asks a question, which nobody answers")
        }
        None => report.fail("control-file-verdict", format!("{what} gets no verdict within {seconds} s")),
        Some(Verdict::Unreadable(byte)) => {
            report.fail("control-file-verdict", format!("the verdict of {what} begins with byte {byte}"));
        }
        Some(Verdict::Accepted | Verdict::Rejected) => report.pass("control-file-verdict"),
    }
    let is_late = verdict.is_some() && look_for(AFTERWARDS, || written.reason_after_verdict());
    let late = (is_late && running.files.reason_text().is_some())
        .then(|| format!("the reason of {what} is written after its verdict"));
    report.fail_if_any("reason-first", late);
    let late = written.so_far().iter().skip(in_call).any(|of| *of == LoginFile::Pending);
    let late = late.then(|| format!("the question of {what} is written after the call has returned"));
    report.fail_if_any("question-in-call", late);
    Deferred { login, verdict, took }
}

/// Both at the same time, as after a restart of a server all clients come.
fn two_logins(process: &TrialProcess, plugin: &OpenPlugin, alone: &[Deferred<'_>], patience: Duration) {
    let [right, wrong] = alone else { return process.report.none("two-logins") };
    if right.verdict.is_none() || wrong.verdict.is_none() {
        return process.report.none("two-logins");
    }
    process.report.at("two logins at the same time");
    let started = [right, wrong].map(|deferred| (deferred, plugin.start_login(deferred.login)));
    for (alone, running) in started {
        let running = match running {
            Ok(running) => {
                // A client that is asked answers.
                let _ = running.answer(alone.login).map(|answer| plugin.call(&answer));
                running
            }
            Err(error) => return process.report.note("two-logins", error.to_string()),
        };
        let verdict = running.files.wait_for_verdict(patience + alone.took);
        if verdict != alone.verdict {
            let words = |verdict| match verdict {
                None => "no verdict",
                Some(Verdict::Accepted) => "`1`",
                Some(Verdict::Rejected) => "`0`",
                Some(Verdict::Unreadable(_)) => "something unreadable",
            };
            let (now, before) = (words(verdict), words(alone.verdict));
            let what = format!("beside another login one gets {now}, alone it gets {before}");
            return process.report.fail("two-logins", what);
        }
    }
    process.report.pass("two-logins");
}
