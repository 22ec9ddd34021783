//! A server with one client: how long each call takes, and what it changes in the process.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ovpn_plugin_host::{Call, FuncResult, LogLine, OpenPlugin, Step, sys};

use super::Subject;
use super::common::{log_of_threads, logs_in, look_for, name, open_again};
use super::responses::question;
use crate::certify::logged;
use crate::certify::process_snapshot::{Snapshot, count_holders, take_signals};
use crate::certify::trial_process::{OPENVPNS_OWN, TrialProcess};

/// A call that takes longer is one to know of, or one too long.
const NOTED: Duration = Duration::from_millis(100);
const TOO_LONG: Duration = Duration::from_secs(1);

/// What calls may change; each has a check.
const UNCHANGED: [&str; 9] = [
    "signals",
    "umask",
    "directory",
    "environment",
    "locale",
    "limits",
    "open-files",
    "identity",
    "standard-descriptors",
];

/// What has been seen between the calls.
struct CallObserver<'a> {
    process: &'a TrialProcess,
    last: Snapshot,
    changed: BTreeSet<&'static str>,
    forked_in: Vec<&'static str>,
    longest: (Duration, &'static str),
    kept_open: bool,
}

impl CallObserver<'_> {
    /// After a call of this name, which took so long.
    fn look(&mut self, call: &'static str, took: Duration) {
        let now = Snapshot::take();
        for (id, what) in self.last.changes(&now) {
            self.changed.insert(id);
            let what = format!("{call} {what}");
            // More of them may be what a plugin needs.
            if id == "open-files" {
                self.process.report.note(id, what);
            } else {
                self.process.report.fail(id, what);
            }
        }
        if self.last.has_forked(&now) && !self.forked_in.contains(&call) {
            self.forked_in.push(call);
        }
        self.kept_open |= count_holders(&now.forked, OPENVPNS_OWN) > 0;
        // Waiting for a processor is not the plugin's fault.
        let took = took.saturating_sub(now.delayed.saturating_sub(self.last.delayed));
        self.longest = self.longest.max((took, call));
        self.last = now;
    }
}

pub(super) fn server_life(process: &TrialProcess, subject: &Subject) {
    let report = &process.report;
    let before = Snapshot::take();
    let start = Instant::now();
    let Some(plugin) = open_again(process, subject, "opens") else { return };
    let mut observer = CallObserver {
        process,
        last: before.clone(),
        changed: BTreeSet::new(),
        forked_in: Vec::new(),
        longest: (Duration::ZERO, "open"),
        kept_open: false,
    };
    observer.look("open", start.elapsed());
    // Helpers that are started in open, once and before there are clients, are as it should be.
    observer.forked_in.clear();
    after_open(process, &before, &observer.last);
    let is_in = live(process, subject, &plugin, &mut observer);
    state_of_a_client(process, subject, &plugin, &mut observer);
    log_of_threads(process, &plugin);
    report.at("close");
    let closing = Instant::now();
    let closed = plugin.close();
    let longest = std::mem::take(&mut observer.longest);
    observer.look("close", closing.elapsed());
    let (close, _) = std::mem::replace(&mut observer.longest, longest);
    judge_log(process, &closed.log_lines, is_in);
    for id in UNCHANGED.into_iter().filter(|id| !observer.changed.contains(id)) {
        report.pass(id);
    }
    observer.forked_in.retain(|call| *call != "close");
    let forks = (!observer.forked_in.is_empty()).then(|| format!("{} forks", observer.forked_in.join(", ")));
    report.note_if_any("forks", forks);
    let kept = observer
        .kept_open
        .then(|| "a helper holds a descriptor that OpenVPN had before the plugin".to_owned());
    report.fail_if_any("forks-descriptors", kept);
    judge_duration(process, observer.longest, "");
    judge_duration(process, (close, "close"), ", and at SIGHUP OpenVPN serves nobody meanwhile");
    after_close(process, &before);
}

fn after_open(process: &TrialProcess, before: &Snapshot, opened: &Snapshot) {
    let open_on_exec: Vec<String> = before
        .opened(opened)
        .filter(|(_, descriptor)| !descriptor.closes_on_exec)
        .map(|(number, descriptor)| format!("{number} ({})", descriptor.target))
        .collect();
    let what =
        (!open_on_exec.is_empty()).then(|| format!("open makes descriptors {}", open_on_exec.join(", ")));
    process.report.fail_if_any("descriptors-exec", what);
}

/// The events of a server with one client; whether that gets in.
fn live(
    process: &TrialProcess,
    subject: &Subject,
    plugin: &OpenPlugin,
    observer: &mut CallObserver<'_>,
) -> bool {
    let report = &process.report;
    let own_threads = |observer: &CallObserver<'_>| {
        let main = nix::unistd::getpid().as_raw();
        observer.last.threads.iter().copied().filter(|thread| *thread != main).collect::<BTreeSet<_>>()
    };
    let mut taking = take_signals(&own_threads(observer));
    let mut last_failure = None;
    report.at("the first event");
    let mut see = |step: &Step| {
        report.at(&format!("what follows {}", name(step.event)));
        observer.look(name(step.event), plugin.last_call());
        taking = taking.max(take_signals(&own_threads(observer)));
        if !matches!(step.reply.result, FuncResult::Success | FuncResult::Deferred) {
            last_failure = Some(name(step.event));
        }
    };
    let life = plugin.server_life_seen(&subject.login, subject.patience, &mut see);
    let signals = (taking > 0).then(|| format!("{taking} threads take signals"));
    report.note_if_any("threads-signals", signals);
    match life {
        Err(error) => report.note("accepted", format!("the events could not be passed: {error}")),
        Ok(life) if life.connected => {
            report.pass("accepted");
            return true;
        }
        Ok(_) => {
            let why = last_failure.map_or("the verdict".to_owned(), |event| format!("the answer at {event}"));
            let last = logged::last(&plugin.log_lines());
            let said = question(process, subject, plugin)
                .or_else(|| last.map(|line| format!("its last line: {line}")))
                .map_or(String::new(), |what| format!("; {what}"));
            report
                .note("accepted", format!("{why} keeps the client out, so what follows was not seen{said}"));
        }
    }
    false
}

/// What the log says of it. Of a client that is kept out, its lines are with that.
fn judge_log(process: &TrialProcess, lines: &[LogLine], is_in: bool) {
    match logged::cannot_start(lines) {
        Some(line) => process.report.fail("errors", line),
        None => process.report.note_if_any("errors", logged::errors(lines).filter(|_| is_in)),
    }
}

/// Makes and drops the state of a client that logs in and leaves.
fn state_of_a_client(
    process: &TrialProcess,
    subject: &Subject,
    plugin: &OpenPlugin,
    observer: &mut CallObserver<'_>,
) {
    process.report.at("the constructor of a client's state");
    observer.last = Snapshot::take();
    let start = Instant::now();
    let client = plugin.client();
    let took = start.elapsed();
    observer.look("the constructor of a client's state", took);
    if !client.has_state() {
        return;
    }
    if logs_in(plugin) {
        process.report.at("a login");
        let _ = client.start_login(&subject.login).map(|running| {
            let _ = running.answer(&subject.login).map(|answer| client.call(&answer));
            running.finish(subject.patience)
        });
    }
    process.report.at("the destructor of a client's state");
    observer.last = Snapshot::take();
    let start = Instant::now();
    drop(client);
    observer.look("the destructor of a client's state", start.elapsed());
}

fn judge_duration(process: &TrialProcess, (longest, call): (Duration, &str), besides: &str) {
    let what = format!("{call} takes {:.3} s{besides}", longest.as_secs_f64());
    if longest >= TOO_LONG {
        process.report.fail("hold", what);
    } else if longest >= NOTED {
        process.report.note("hold", what);
    } else {
        process.report.pass("hold");
    }
}

/// What is left after close, once it has had the time to go.
pub(super) fn after_close(process: &TrialProcess, before: &Snapshot) {
    let report = &process.report;
    let mut now = Snapshot::take();
    let is_clean =
        |now: &Snapshot| now.threads.is_subset(&before.threads) && now.forked.is_subset(&before.forked);
    look_for(process.leave, || {
        report.at("the end of what close leaves");
        now = Snapshot::take();
        is_clean(&now)
    });
    let descriptors: Vec<String> =
        before.opened(&now).map(|(number, descriptor)| format!("{number} ({})", descriptor.target)).collect();
    report.fail_if_any(
        "descriptors-left",
        (!descriptors.is_empty()).then(|| format!("close leaves {}", descriptors.join(", "))),
    );
    let threads = now.threads.difference(&before.threads).count();
    report.fail_if_any("threads-left", (threads > 0).then(|| format!("close leaves {threads} threads")));
    let processes = now.forked.difference(&before.forked).count();
    report.fail_if_any(
        "processes-left",
        (processes > 0).then(|| format!("close leaves {processes} processes")),
    );
}

/// What a client may send: OpenVPN lets so much through.
pub(super) fn odd_input(process: &TrialProcess, subject: &Subject) {
    let Some(plugin) = open_again(process, subject, "odd-input") else { return };
    let long = "a".repeat(4096);
    let odd = [
        ("an empty name and an empty password", "", ""),
        ("an empty password", "test", ""),
        ("a name and a password of 4,096 bytes", &long, &long),
        ("a name with the signs of formats and shells", "%s%n%x`$(';\"\\", "%s%n%n%n"),
        ("a malformed static challenge", "test", "SCRV1:=:"),
        ("a malformed dynamic challenge", "test", "CRV1::::"),
    ];
    for (what, user, password) in odd.into_iter().filter(|_| logs_in(&plugin)) {
        process.report.at(&format!("a login with {what}"));
        let login = subject.login.clone().env("username", user).env("password", password);
        if let Err(error) = plugin.login(&login, subject.patience) {
            return process.report.note("odd-input", error.to_string());
        }
    }
    // OpenVPN passes it for clients too that it has refused.
    if plugin.wants(sys::PLUGIN_CLIENT_DISCONNECT) {
        process.report.at("CLIENT_DISCONNECT of a client that never got in");
        let call =
            Call::new(sys::PLUGIN_CLIENT_DISCONNECT).env("common_name", "client").env("username", "test");
        let _ = plugin.client().call(&call.env("trusted_ip", "192.0.2.7").env("trusted_port", "40000"));
    }
    process.report.at("close");
    drop(plugin);
    process.report.pass("odd-input");
}
