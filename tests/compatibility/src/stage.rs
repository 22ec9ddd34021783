//! Sets a case up for one plugin, runs the driver, cleans up whatever the plugin left, and says what it came to.

use crate::case::{Case, LIMIT, Login, User};
use crate::outcome::{NO_ANSWER, Traces, describe};
use crate::script::Script;
use crate::step;
use harness::scratch::{Scratch, set_mode, unique_name};
use harness::{Account, EtcPamService, TestModule, proc_table};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How long helpers get to leave after their plugin was closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where cases run: holds what they share.
pub struct Stage {
    module: Arc<TestModule>,
}

/// Which plugin runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The C plugin.
    C,
    /// Ours.
    Ours,
}

impl Stage {
    /// Builds the test module, and makes this process the one that orphans come to.
    pub fn new() -> Result<Self, Errno> {
        nix::sys::prctl::set_child_subreaper(true)?;
        Ok(Stage { module: TestModule::shared() })
    }

    /// Runs a case and describes what came of it.
    pub fn run(&self, case: &Case, side: Side, plugin: &Path) -> String {
        let scratch = Scratch::new();
        let text = case.stack.text(&self.module, scratch.path());
        let service = text.map(|text| EtcPamService::new(&text));
        if let Some(service) = &service {
            set_mode(&service.path(), case.mode);
        }
        let service_name = service.as_ref().map_or_else(unique_name, |service| service.name().to_string());
        for (name, content) in &case.files {
            let content = content.replace("@SERVICE@", &service_name);
            scratch.write(name, &content.replace("@DIR@", &scratch.path().to_string_lossy()), 0o755);
        }
        let mut made_up = vec![(service_name.clone(), "{service}")];

        let mut accounts = Vec::new();
        let mut script = Script { plugin: plugin.to_path_buf(), ..Script::default() };
        if side == Side::Ours {
            script.words.extend(case.options.iter().cloned());
        }
        if case.service {
            script.words.push(service_name.clone());
        }
        script.words.extend(case.words.iter().map(|word| word.replace("@SERVICE@", &service_name)));
        let directory = scratch.path().to_string_lossy();
        script.open_env = case
            .open_env
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace("@DIR@", &directory)))
            .map(|variable| variable.replace("@SERVICE@", &service_name))
            .collect();
        for login in &case.logins {
            script.logins.push(environment(login, scratch.path(), &mut accounts));
            if login.env.iter().any(|(name, value)| name == "auth_control_file" && value == "@DIR@/control") {
                scratch.write("control", "", 0o600);
            }
        }
        made_up.extend(accounts.iter().map(|account| (account.name().to_string(), "{user}")));

        let limit = if side == Side::C { case.c_limit } else { LIMIT };
        let (verdicts, log) = drive(&script, &scratch, limit);
        let log = made_up.iter().fold(log, |log, (name, placeholder)| log.replace(name, placeholder));
        describe(&verdicts, &case.look, &Traces { directory: scratch.path(), log: &log })
    }
}

/// The variables of a login, as a server sets them.
fn environment(login: &Login, directory: &Path, accounts: &mut Vec<Account>) -> Vec<String> {
    let mut variables = Vec::new();
    let user = match &login.user {
        User::Named(name) => Some(name.clone()),
        User::Absent => None,
        User::Account(password) => Some(added(accounts, Account::new(password))),
        User::Passwordless => Some(added(accounts, Account::passwordless())),
        User::Expired(password) => Some(added(accounts, Account::expired(password))),
    };
    variables.extend(user.map(|user| format!("username={user}")));
    variables.extend(login.password.as_ref().map(|password| format!("password={password}")));
    for (name, value) in &login.env {
        variables.push(format!("{name}={}", value.replace("@DIR@", &directory.to_string_lossy())));
    }
    variables
}

fn added(accounts: &mut Vec<Account>, account: Account) -> String {
    let name = account.name().to_string();
    accounts.push(account);
    name
}

/// Runs the driver; gives the verdicts and all that was logged.
fn drive(script: &Script, scratch: &Scratch, limit: Duration) -> (Vec<String>, String) {
    let script_file = scratch.write("script", &script.to_text(), 0o600);
    let (verdict_file, log_file) = (scratch.write("verdicts", "", 0o600), scratch.write("log", "", 0o600));
    let child = start_driver(&script_file, &verdict_file, &log_file, scratch.path());
    let ended = end_within(child, limit);

    let mut verdicts: Vec<String> =
        fs::read_to_string(&verdict_file).unwrap_or_default().lines().map(str::to_string).collect();
    match ended {
        Some(status) => {
            let asked = script.logins.iter().flatten().any(|variable| variable.starts_with(step::KILL));
            match status.signal() {
                Some(9) if asked => verdicts.push("killed".to_string()),
                _ if !status.success() => verdicts.push(format!("driver ended with {status}")),
                _ => {}
            }
            if !all_gone(FAREWELL) {
                verdicts.push("a helper stays".to_string());
            }
        }
        None => verdicts.push(NO_ANSWER.to_string()),
    }
    kill_what_is_left();
    let log = fs::read(&log_file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (verdicts, log.unwrap_or_default())
}

fn start_driver(script: &Path, verdicts: &Path, log: &Path, directory: &Path) -> Child {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    let open = || File::options().append(true).open(log).unwrap_or_else(|error| panic!("log file: {error}"));
    Command::new(own)
        .arg(crate::driver::ARGUMENT)
        .args([script, verdicts])
        // What a driver that is killed leaves there goes with the scratch directory.
        .env("TMPDIR", directory)
        .stdin(Stdio::null())
        .stdout(open())
        .stderr(open())
        .spawn()
        .unwrap_or_else(|error| panic!("can not start the driver: {error}"))
}

/// Waits for the end of the driver; kills it and gives nothing when it takes too long.
pub fn end_within(mut child: Child, limit: Duration) -> Option<ExitStatus> {
    let in_time = i32::try_from(child.id()).is_ok_and(|pid| proc_table::wait_gone(pid, limit));
    if !in_time {
        let _ = child.kill();
    }
    let status = child.wait().unwrap_or_else(|error| panic!("waiting for the driver: {error}"));
    in_time.then_some(status)
}

/// Reaps what came to this process when the driver ended, until nothing is left.
fn all_gone(limit: Duration) -> bool {
    proc_table::wait_until(limit, || {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(Errno::ECHILD) => return true,
                Ok(nix::sys::wait::WaitStatus::StillAlive) => return false,
                _ => {}
            }
        }
    })
}

/// Kills what is left of the plugin, generation after generation.
pub fn kill_what_is_left() {
    let own = Pid::this().as_raw();
    while !all_gone(Duration::ZERO) {
        proc_table::all().iter().filter(|process| process.parent == own).for_each(|left| {
            proc_table::kill9(left.pid);
            proc_table::wait_gone(left.pid, FAREWELL);
        });
    }
}
