//! What the cases share: the plugin, opened by a host of one thread, its PAM service, its processes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::proc_table::{self, Process};
use harness::scratch::Scratch;
use harness::{Gate, command};
use nix::unistd::{Gid, Uid};
use ovpn_plugin_host::{FuncResult, Login, LoginOutcome, OpenPlugin, Plugin, RunningLogin, Verdict};

/// How long a case waits for anything; less than a case may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Compiles the PAM module and writes the service file.
pub(crate) fn compile(scratch: &Scratch) {
    let source = scratch.write("pam_border.c", include_str!("pam_border.c"), 0o600);
    let module = scratch.join("pam_border.so");
    let words = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"];
    let (source, output) = (source.to_string_lossy(), module.to_string_lossy());
    command::run("cc", &[&words[..], &[&*output, &*source, "-lpam"]].concat());
    let lines =
        ["auth", "account", "password"].map(|phase| format!("{phase} required {}\n", module.display()));
    scratch.write("border", &lines.concat(), 0o644);
}

/// The directory with the PAM module and its service file.
pub(crate) fn place() -> PathBuf {
    case_runner::prepared()
}

/// The plugin as it was built for this test.
fn shared_object() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let path = own.with_file_name("libopenvpn_plugin_auth_pam.so");
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// The open plugin.
pub(crate) struct Stage {
    pub(crate) plugin: OpenPlugin,
}

impl Stage {
    /// Opens the plugin with these options.
    pub(crate) fn open(options: &[&str]) -> Self {
        Self::open_with(&[("verb", "1")], options)
    }

    /// The same with OpenVPN's variables.
    pub(crate) fn open_with(env: &[(&str, &str)], options: &[&str]) -> Self {
        Self::open_service(&place(), "border", env, options)
    }

    /// The same for another service, whose file is in `place`.
    pub(crate) fn open_service(place: &Path, service: &str, env: &[(&str, &str)], options: &[&str]) -> Self {
        let place = format!("pam-confdir={}", place.display());
        let plugin = Plugin::new(shared_object()).args(options).arg(place).arg(service);
        let plugin = env.iter().fold(plugin, |plugin, (name, value)| plugin.env(name, value)).open();
        Stage { plugin: plugin.unwrap_or_else(|error| panic!("{error}")) }
    }

    /// The same with this OpenVPN, 2.N.
    pub(crate) fn open_version(place: &Path, service: &str, minor: u32, options: &[&str]) -> Self {
        let place = format!("pam-confdir={}", place.display());
        let plugin = Plugin::new(shared_object()).args(options).arg(place).arg(service);
        let plugin = plugin.openvpn_version(2, minor, ".0").env("verb", "1").open();
        Stage { plugin: plugin.unwrap_or_else(|error| panic!("{error}")) }
    }

    /// The same with NAME VALUE pairs.
    pub(crate) fn open_pairs(place: &Path, service: &str, options: &[&str], pairs: &[&str]) -> Self {
        let place = format!("pam-confdir={}", place.display());
        let plugin = Plugin::new(shared_object()).args(options).arg(place).arg(service).args(pairs);
        let plugin = plugin.env("verb", "1").open();
        Stage { plugin: plugin.unwrap_or_else(|error| panic!("{error}")) }
    }

    /// One login; for a deferred one its verdict is waited for.
    pub(crate) fn login(&self, login: &Login) -> LoginOutcome {
        self.start(login).finish(PATIENCE)
    }

    /// The call of a login.
    pub(crate) fn start(&self, login: &Login) -> RunningLogin {
        self.plugin.start_login(login).unwrap_or_else(|error| panic!("{error}"))
    }

    /// An ordinary login works, answered directly or deferred.
    pub(crate) fn works(&self) {
        self.works_as("good");
    }

    /// An ordinary login from this address works.
    pub(crate) fn works_from(&self, address: &str) {
        let outcome = self.login(&user("good").env("untrusted_ip", address));
        assert!(outcome.accepted(), "{outcome}\n{}", self.log());
    }

    /// A login of this name works, both ways.
    pub(crate) fn works_as(&self, action: &str) {
        let login = user(action);
        for login in [login.clone(), deferred(login)] {
            let outcome = self.login(&login);
            assert!(outcome.accepted(), "{outcome}\n{}", self.log());
        }
    }

    /// A login is refused, with a line that holds `words`: they tell it from one that was waited for until its time limit.
    pub(crate) fn refuses(&self, login: &Login, words: &str) -> LoginOutcome {
        self.plugin.clear_log();
        let outcome = self.login(login);
        assert!(rejected(&outcome), "{outcome}\n{}", self.log());
        let line = self.line("failed to authenticate");
        assert!(line.contains(words), "no '{words}' in: {line}");
        outcome
    }

    /// Waits for a line of the log.
    pub(crate) fn line(&self, words: &str) -> String {
        let line = self.plugin.wait_for_log_text(words, PATIENCE);
        line.unwrap_or_else(|error| panic!("'{words}': {error}")).text
    }

    /// The whole log.
    pub(crate) fn log(&self) -> String {
        self.plugin.log_lines().iter().map(|line| format!("{line}\n")).collect()
    }

    /// The keeper's pid.
    pub(crate) fn keeper(&self) -> i32 {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        let found = children_of(own).into_iter().find(|process| process.name == "auth-pam-keeper");
        found.unwrap_or_else(|| panic!("no keeper; log:\n{}", self.log())).pid
    }

    /// The supervisor's pid.
    pub(crate) fn supervisor(&self) -> i32 {
        let found = children_of(self.keeper()).into_iter().find(|process| process.name == "auth-pam-super");
        found.unwrap_or_else(|| panic!("no supervisor; log:\n{}", self.log())).pid
    }

    /// Waits for the supervisor that takes the place of this one.
    pub(crate) fn next_supervisor(&self, dead: i32) -> i32 {
        let keeper = self.keeper();
        let mut next = None;
        let there = || {
            let mut all = children_of(keeper).into_iter();
            next = all.find(|process| process.name == "auth-pam-super" && process.pid != dead);
            next.is_some()
        };
        assert!(proc_table::wait_until(PATIENCE, there), "nobody takes its place; log:\n{}", self.log());
        next.map_or(0, |process| process.pid)
    }

    /// The workers' pids.
    pub(crate) fn workers(&self) -> Vec<i32> {
        let workers = children_of(self.keeper()).into_iter();
        workers.filter(|process| process.name == "auth-pam-worker").map(|process| process.pid).collect()
    }

    /// Waits for the supervisor to end.
    pub(crate) fn supervisor_ends(&self, pid: i32) {
        assert!(proc_table::wait_gone(pid, PATIENCE), "the supervisor goes on; log:\n{}", self.log());
    }
}

/// Whether it was refused, and not only left without an answer.
pub(crate) fn rejected(outcome: &LoginOutcome) -> bool {
    outcome.result == FuncResult::Error
        || (outcome.result == FuncResult::Deferred && outcome.verdict == Some(Verdict::Rejected))
}

fn children_of(parent: i32) -> Vec<Process> {
    proc_table::all().into_iter().filter(|it| it.parent == parent && !it.is_zombie()).collect()
}

/// Waits for a process to end.
pub(crate) fn ends(pid: i32, what: &str) {
    assert!(proc_table::wait_gone(pid, PATIENCE), "{what}, process {pid}, goes on");
}

/// The login that makes the PAM module do `action`.
pub(crate) fn user(action: &str) -> Login {
    Login::new(action, "x")
}

/// The same from a client that understands temporary failures: only then the reason file is passed.
pub(crate) fn modern(action: &str) -> Login {
    user(action).env("IV_PROTO", "990")
}

/// The same with an argument.
pub(crate) fn user_with(action: &str, argument: &str) -> Login {
    Login::new(action, argument)
}

/// The same with a gate.
pub(crate) fn user_at(action: &str, gate: &Gate) -> Login {
    let path = |word: String| word.split_once('=').map(|(_, path)| path.to_string()).unwrap_or_default();
    Login::new(action, format!("{}|{}", path(gate.tell()), path(gate.wait())))
}

/// A login OpenVPN takes a deferred answer for.
pub(crate) fn deferred(login: Login) -> Login {
    login.env("deferred_auth_pam", "1")
}

/// This process, OpenVPN to the plugin, gives root's rights up.
pub(crate) fn become_nobody() {
    nix::unistd::setgroups(&[]).unwrap_or_else(|errno| panic!("setgroups: {errno}"));
    nix::unistd::setgid(Gid::from_raw(65534)).unwrap_or_else(|errno| panic!("setgid: {errno}"));
    nix::unistd::setuid(Uid::from_raw(65534)).unwrap_or_else(|errno| panic!("setuid: {errno}"));
}

/// Kills a process and waits for its end.
pub(crate) fn kill9(pid: i32) {
    proc_table::kill9(pid);
    ends(pid, "a process that was killed");
}
