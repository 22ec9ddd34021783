//! A check and the process it runs in.

use std::fs::{self, File};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use harness::proc_table::{self, wait_gone, wait_until};
use harness::scratch::Scratch;
use harness::{PamService, TestModule, plugin};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use ovpn_plugin_host::{LogLine, Login, OpenPlugin, Plugin};

/// First argument of such a process; the name of the check follows.
pub(crate) const ARGUMENT: &str = "--check";

/// How long a check may take.
const LIMIT: Duration = Duration::from_secs(90);
/// How long helpers get to leave after their plugin was closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// Fails by panicking.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
}

/// Runs a check in this process.
pub(crate) fn run_here(checks: &[Check], name: &str) -> ExitCode {
    let Some(check) = checks.iter().find(|check| check.name == name) else { return ExitCode::FAILURE };
    // What the plugin leaves behind becomes a child of this process, and is found.
    nix::sys::prctl::set_child_subreaper(true).expect("becoming the parent of orphans");
    (check.run)();
    ExitCode::SUCCESS
}

/// Starts all, waits for all, and prints a line for each.
pub(crate) fn run_all<'a>(checks: impl Iterator<Item = &'a Check>) -> ExitCode {
    nix::sys::prctl::set_child_subreaper(true).expect("becoming the parent of orphans");
    let scratch = Scratch::new();
    let running: Vec<(&Check, Child)> = checks.map(|check| (check, start(check, &scratch))).collect();
    let (mut passed, mut failed) = (0, 0);
    for (check, mut child) in running {
        let pid = i32::try_from(child.id()).expect("pid fits");
        let in_time = wait_gone(pid, LIMIT);
        let _ = child.kill();
        let ended = child.wait().expect("waiting for a check");
        if in_time && ended.success() {
            println!("test {} ... ok", check.name);
            passed += 1;
        } else {
            let output = fs::read_to_string(scratch.join(check.name)).unwrap_or_default();
            let how = if in_time { format!("{ended}") } else { format!("not done after {LIMIT:?}") };
            println!("test {} ... FAILED ({how})\n{output}", check.name);
            failed += 1;
        }
    }
    kill_what_is_left();
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn start(check: &Check, scratch: &Scratch) -> Child {
    let output = File::create(scratch.join(check.name)).expect("output file");
    Command::new(std::env::current_exe().expect("own path"))
        .args([ARGUMENT, check.name])
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("output file"))
        .stderr(output)
        .spawn()
        .expect("starting a check")
}

/// Whether this process has no children (any more), ended ones not counted.
pub(crate) fn nothing_left() -> bool {
    wait_until(FAREWELL, || {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(Errno::ECHILD) => return true,
                Ok(WaitStatus::StillAlive) => return false,
                _ => {}
            }
        }
    })
}

/// What a check that failed has left, generation after generation.
fn kill_what_is_left() {
    let own = Pid::this().as_raw();
    while !matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD)) {
        proc_table::all().iter().filter(|process| process.parent == own).for_each(|left| {
            proc_table::kill9(left.pid);
            wait_gone(left.pid, FAREWELL);
        });
    }
}

/// A file in which the test module leaves a line each time it runs.
pub(crate) struct Record {
    scratch: Scratch,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self { scratch: Scratch::new() }
    }

    /// The argument that makes the module do so.
    pub(crate) fn argument(&self) -> String {
        format!("auth/record={}", self.scratch.join("record").display())
    }

    /// The users of these runs, in order.
    pub(crate) fn users(&self) -> Vec<String> {
        let lines = fs::read_to_string(self.scratch.join("record")).unwrap_or_default();
        let user = |line: &str| Some(line.split_once("user=")?.1.split_whitespace().next()?.to_string());
        lines.lines().filter_map(user).collect()
    }
}

/// The plugin with these options and a stack of the test module with these arguments, and what both need.
pub(crate) struct Subject {
    pub(crate) plugin: OpenPlugin,
    service: PamService,
    module: std::sync::Arc<TestModule>,
}

impl Subject {
    pub(crate) fn new(options: &str, arguments: &[&str]) -> Self {
        Self::with_stack(options, &TestModule::shared().stack(arguments))
    }

    /// The same with other modules.
    pub(crate) fn with_stack(options: &str, lines: &str) -> Self {
        let module = TestModule::shared();
        let service = PamService::new(lines);
        let words = format!("{options} {}", service.words());
        let plugin = Plugin::new(plugin::auth_pam()).shared().args(words.split_whitespace()).env("verb", "1");
        let plugin = plugin.open().unwrap_or_else(|error| panic!("{error}"));
        Self { plugin, service, module }
    }

    /// Gives the module other arguments.
    pub(crate) fn change(&self, arguments: &[&str]) {
        self.service.rewrite(&self.module.stack(arguments));
    }

    /// Closes the plugin where the log is not to be looked at, nor helpers waited for.
    pub(crate) fn close_quietly(self) {
        self.plugin.close();
    }

    /// Closes the plugin; nothing of it may stay. What was logged.
    pub(crate) fn close(self) -> Vec<LogLine> {
        let closed = self.plugin.close();
        assert!(!closed.log_lines.iter().any(|line| line.text.contains("internal error")));
        assert!(nothing_left(), "a helper stays: {:?}", proc_table::all());
        closed.log_lines
    }
}

/// Of a client that understands temporary failures.
pub(crate) const NEW_CLIENT: &str = "990";
/// Of one that does not: the same without bit 8.
pub(crate) const OLD_CLIENT: &str = "734";

/// A deferred login of a client from this address.
pub(crate) fn deferred(user: &str, address: &str, iv_proto: &str) -> Login {
    Login::new(user, "word")
        .env("untrusted_ip", address)
        .env("IV_PROTO", iv_proto)
        .env("deferred_auth_pam", "1")
}
