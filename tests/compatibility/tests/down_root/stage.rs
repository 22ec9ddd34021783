//! Sets a case up for one plugin, runs the driver, cleans up whatever the plugin left, and says what it came to.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use compatibility::stage::{end_within, kill_what_is_left};
use harness::proc_table;
use harness::scratch::unique_name;

use crate::case::{Case, Event, LIMIT, Look, NO_ANSWER};
use crate::driver;

/// How long the helper gets to leave after its plugin was closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// Which plugin runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The C plugin.
    C,
    /// Ours.
    Ours,
}

/// A directory that only root can write to, and is reached by such directories only; removed on drop.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = Path::new("/var/lib").join(unique_name());
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .unwrap_or_else(|error| panic!("{error}"));
        Directory(path)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
            .unwrap_or_else(|error| panic!("{error}"));
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a case and describes what came of it.
pub(crate) fn run(case: &Case, side: Side, plugin: &Path) -> String {
    let directory = Directory::new();
    let place = directory.0.to_string_lossy().into_owned();
    let script = format!("#!/bin/sh\n{}\n", case.script.replace("@DIR@", &place));
    let script = directory.write("down.sh", &script, case.mode);
    std::os::unix::fs::chown(script, Some(case.owner), Some(case.group))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut text = format!("plugin {}\n", plugin.display());
    let options = case.options.iter().filter(|_| side == Side::Ours);
    for word in options.chain(&case.words) {
        text.push_str(&format!("word {}\n", word.replace("@DIR@", &place)));
    }
    for (event, env) in &case.calls {
        text.push_str(match event {
            Event::Up => "up\n",
            Event::Down => "down\n",
            Event::Kill => "kill\n",
        });
        env.iter().for_each(|(name, value)| text.push_str(&format!("env {name}={value}\n")));
    }
    let limit = if side == Side::C { case.c_limit } else { LIMIT };
    let (answers, log, helper) = drive(&text, &directory, side, limit);
    let mut outcome = answers.join(", ");
    for look in &case.look {
        outcome.push_str(&match look {
            Look::Seen => format!("; seen: {}", seen(&directory)),
            Look::Logged(text) if log.contains(text) => format!("; logged: {text}"),
            Look::Logged(text) => format!("; logged: no {text}"),
            Look::Helper if helper => "; the helper stays".to_string(),
            Look::Helper => "; the helper leaves".to_string(),
        });
    }
    outcome.replace(&place, "@DIR@")
}

fn seen(directory: &Directory) -> String {
    let text = fs::read_to_string(directory.0.join("seen")).unwrap_or_default();
    let text = text.replace('\0', " ").trim_end().replace('\n', "|");
    if text.is_empty() { "-".to_string() } else { text }
}

/// Runs the driver; gives the answers, all that was logged, and whether the helper is still there.
fn drive(text: &str, directory: &Directory, side: Side, limit: Duration) -> (Vec<String>, String, bool) {
    let script = directory.write("script", text, 0o600);
    let (answers, log) = (directory.write("answers", "", 0o600), directory.write("log", "", 0o600));
    let open = || File::options().append(true).open(&log).unwrap_or_else(|error| panic!("log file: {error}"));
    let child = Command::new(std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}")))
        .arg(driver::ARGUMENT)
        .args([&script, &answers])
        .current_dir(&directory.0)
        // What a driver that is killed leaves there goes with the directory.
        .env("TMPDIR", &directory.0)
        .stdin(Stdio::null())
        .stdout(open())
        .stderr(open())
        .spawn()
        .unwrap_or_else(|error| panic!("can not start the driver: {error}"));
    let ended = end_within(child, limit);
    let mut answers: Vec<String> =
        fs::read_to_string(&answers).unwrap_or_default().lines().map(str::to_string).collect();
    match ended {
        Some(status) if status.success() => {}
        Some(status) if status.signal() == Some(9) && text.contains(driver::KILL) => {
            answers.push("killed".to_string());
        }
        Some(status) => answers.push(format!("driver ended with {status}")),
        None => answers.push(NO_ANSWER.to_string()),
    }
    let killed = answers.last().is_some_and(|answer| answer == "killed");
    let helper = (side == Side::Ours || killed) && !proc_table::wait_until(FAREWELL, || !has_helper(side));
    if helper && !killed {
        answers.push("the helper stays".to_string());
    }
    kill_what_is_left();
    let log = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (answers, log.unwrap_or_default(), helper)
}

/// Whether an orphan that came to this process is the helper, and not dead. That of the C plugin has no name of its own.
fn has_helper(side: Side) -> bool {
    let own = nix::unistd::Pid::this().as_raw();
    let is_helper = |process: &proc_table::Process| {
        process.parent == own && (side == Side::C || process.name.starts_with("down-root"))
    };
    proc_table::all().iter().any(|process| is_helper(process) && !process.is_zombie())
}
