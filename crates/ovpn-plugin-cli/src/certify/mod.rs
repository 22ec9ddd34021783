//! `ovpn-plugin certify`: tries what OpenVPN asks of a plugin, in any language, and says what it fails.
//!
//! * [`trials`] open the plugin and use it, each in a process of its own ([`trial_process`]);
//! * [`process_snapshot`] reads what the plugin changes in that process;
//! * [`report`] carries what a trial says; [`check`] has what each check means; [`results`] prints.

mod check;
mod deadline;
mod logged;
mod printed;
mod process_snapshot;
mod report;
mod results;
mod trial_process;
mod trial_progress;
mod trials;

use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::unistd::geteuid;
use ovpn_plugin_host::Plugin;

use crate::command_line::{Command, Task};
use crate::show::Show;
use crate::{Stop, locate, plugin_line};
use report::{Grade, Seen};
use terminal::Signals;
use trial_process::{Ended, Tried, try_in_process};
use trial_progress::{TrialProgress, WHOLE};
use trials::{FIRST, KILLED, REST, Subject, Trial};

/// How long is waited for what the plugin has deferred, at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long once it is known that none comes, or that the plugin waits for a person.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);

/// The checks without which there is nothing to try.
const WITHOUT: [&str; 4] = ["symbols", "opens", "survives", "returns"];

/// Tries the plugin, and prints what it passes and fails; the exit status.
pub(crate) fn run(mut task: Box<Task>) -> Result<u8, Stop> {
    let located = locate::locate(&task.plugin);
    let passed = plugin_line::as_openvpn(std::mem::take(&mut task.words))
        .map_err(|error| format!("the plugin's words: {error}"))?;
    let signals = Signals::block().map_err(|error| format!("cannot hold signals back: {error}"))?;
    // A crash, of the plugin too, leaves no password on disk.
    prctl::set_dumpable(false).map_err(|error| error.to_string())?;
    let mut show = Show::new(task.verb, task.json);
    let (user, password) = crate::credentials(Command::Events, &mut task, &signals)?;
    if *password != *user {
        show.hide(&password);
    }
    if let Some(note) = &located.note {
        show.line("note", note);
    }
    let response = task.response.take();
    let mut login = crate::login(&task, &user, password.clone());
    let mut ways = None;
    if let Some(response) = response {
        show.hide(&response);
        let plain = login;
        task.response = Some(response.clone());
        login = crate::login(&task, &user, password);
        ways = Some(trials::ways(login.clone(), &plain, &response));
    }
    let plugin = |daemon: &str| {
        let plugin = Plugin::new(&located.file).args(&passed.words).shared().log_for_one_thread();
        crate::variables(&task).into_iter().fold(plugin, |plugin, (name, value)| {
            let value = if name == "daemon" { daemon.as_bytes().to_vec() } else { value };
            plugin.setenv(&name, value)
        })
    };
    let (plugin, of_daemon) = (plugin("0"), plugin("1"));
    let (has_words, patience) = (!passed.words.is_empty(), PATIENCE.min(task.timeout / 2));
    let mut subject = Subject { plugin, of_daemon, has_words, login, ways, patience };
    let mut progress = TrialProgress::new(!task.json, FIRST.len() + REST.len() + 1, Instant::now());
    let seen = run_trials(&mut subject, task.timeout, &mut progress, &signals)?;
    let results = results::results(&seen);
    let status = results::status(&results, task.strict);
    results::print(&mut show, &located.file.display().to_string(), &results, status);
    Ok(status)
}

fn run_trials(
    subject: &mut Subject,
    limit: Duration,
    progress: &mut TrialProgress,
    signals: &Signals,
) -> Result<Vec<Seen>, Stop> {
    let mut seen = vec![
        observation("survives", Grade::Pass, String::new()),
        observation("returns", Grade::Pass, String::new()),
        observation("panics", Grade::Pass, String::new()),
        observation("prints", Grade::Pass, String::new()),
    ];
    for trial in &FIRST {
        run_trial(trial, subject, limit, progress, signals, &mut seen)?;
        let stops = |seen: &Seen| seen.grade == Grade::Fail && WITHOUT.contains(&seen.id.as_str());
        if seen.iter().any(stops) {
            return Ok(seen);
        }
    }
    for trial in REST.iter().chain([&KILLED]) {
        if trial.needs_root && !geteuid().is_root() {
            seen.push(observation(trial.death, Grade::Note, "not checked: only root can try it".to_owned()));
            continue;
        }
        if progress.is_over(Instant::now()) {
            break;
        }
        run_trial(trial, subject, limit, progress, signals, &mut seen)?;
        if let Some(login) = trials::login(subject, &seen) {
            subject.login = login;
        }
        if seen.iter().any(|seen| seen.id == "control-file-verdict" && seen.grade > Grade::Pass) {
            subject.patience = SHORT_PATIENCE.min(subject.patience);
        }
    }
    Ok(seen)
}

fn observation(id: &str, grade: Grade, what: String) -> Seen {
    Seen { id: id.to_owned(), grade, what }
}

/// One trial, with what its end says.
fn run_trial(
    trial: &Trial,
    subject: &Subject,
    limit: Duration,
    progress: &mut TrialProgress,
    signals: &Signals,
    seen: &mut Vec<Seen>,
) -> Result<(), Stop> {
    progress.next(Instant::now());
    let leaves = seen.iter().any(|seen| seen.id == "processes-left" && seen.grade == Grade::Fail);
    let tried = try_in_process(trial.kind, (limit, progress), leaves, signals, |process| {
        (trial.body)(process, subject)
    });
    let Tried { seen: mut more, at, ended, left } =
        tried.map_err(|error| format!("cannot run the plugin in a process of its own: {error}"))?;
    // The first trial that sees it is enough.
    let prints = |seen: &Seen| seen.id == "prints" && seen.grade == Grade::Note;
    let printed = seen.iter().any(prints);
    more.retain(|one| !(printed && prints(one)));
    logged::keep_new_panics(seen, &mut more);
    seen.extend(more);
    let names = || format!("processes stay: {}", left.join(", "));
    match ended {
        Ended::Interrupted(_) => return Err(Stop::Interrupted),
        Ended::Well if left.is_empty() && trial.kind == trial_process::Kind::Killed => {
            seen.push(observation("outlives", Grade::Pass, String::new()));
        }
        Ended::Well if left.is_empty() => {}
        Ended::Well if trial.kind == trial_process::Kind::Killed => {
            seen.push(observation("outlives", Grade::Fail, names()))
        }
        Ended::Well => seen.push(observation("processes-left", Grade::Fail, names())),
        Ended::Died(how) => {
            // A login of root's and one in a chroot have a check of their own, and so has what is only noted.
            seen.push(observation(
                trial.death,
                Grade::Fail,
                format!("the plugin's process does not come back from {at}: {how}"),
            ));
        }
        Ended::OutOfTime => {
            let what = format!("not checked to the end: after {} s it was at {at}", WHOLE.as_secs());
            seen.push(observation(trial.death, Grade::Note, what));
        }
        Ended::TimedOut => {
            let what = format!("the plugin does not come back from {at} within {} s", limit.as_secs());
            seen.push(observation("returns", Grade::Fail, what.clone()));
            if !["survives", "returns"].contains(&trial.death) {
                seen.push(observation(trial.death, Grade::Fail, what));
            }
        }
    }
    Ok(())
}
