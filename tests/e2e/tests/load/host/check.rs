//! A check and the process it runs in.

use std::fs;
use std::time::Duration;

use case_runner::Case;
use harness::proc_table::{self, wait_until};
use harness::scratch::Scratch;
use harness::{PamService, TestModule, plugin};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use ovpn_plugin_host::{LogLine, Login, OpenPlugin, Plugin};

/// How long a check may take.
const LIMIT: Duration = Duration::from_secs(90);
/// How long helpers get to leave after their plugin was closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// Fails by panicking.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
}

/// The check as a case.
pub(crate) fn case(check: &'static Check) -> Case {
    let play = || {
        // What the plugin leaves behind becomes a child of this process, and is found.
        nix::sys::prctl::set_child_subreaper(true).expect("becoming the parent of orphans");
        TestModule::adopt(&case_runner::prepared());
        (check.run)();
    };
    Case::new(check.name, play).limit(LIMIT)
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
