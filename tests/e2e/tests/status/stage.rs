//! A server with a socket, and the command that asks it.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use harness::proc_table::wait_until;
use harness::scratch::Scratch;
use harness::{PATIENCE, PamService, Server, ServerConfig, TestModule, plugin};
use serde_json::Value;

pub(crate) const PASSWORD: &str = "word";

/// A server and its socket.
pub(crate) struct Stage {
    // Goes first.
    pub(crate) server: Server,
    pub(crate) scratch: Scratch,
    _service: PamService,
    _module: Arc<TestModule>,
}

impl Stage {
    /// Without rights, with these options, and a module with this argument.
    pub(crate) fn new(options: &str, module: &[&str]) -> Self {
        Self::with(options, module, ServerConfig::dropped)
    }

    /// The same with what `config` adds.
    pub(crate) fn with(
        options: &str,
        arguments: &[&str],
        config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        let scratch = Scratch::of_root();
        let module = TestModule::shared();
        let service = PamService::new(&(module.stack(arguments) + "session required pam_permit.so\n"));
        let options = format!("status={} {options}", scratch.join("socket").display());
        let server = config(ServerConfig::auth_pam_with(&options, &service, "")).start();
        Self { server, scratch, _service: service, _module: module }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.scratch.join("socket")
    }

    /// What this command says of the server.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let output = self.try_ask(words);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    pub(crate) fn try_ask(&self, words: &[&str]) -> Output {
        let (command, options) = words.split_first().expect("a command");
        Command::new(plugin::built("ovpn-plugin"))
            .arg(command)
            .args(options)
            .arg(self.socket())
            .output()
            .expect("ovpn-plugin")
    }

    /// How the server stands.
    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.ask(&["status", "--json"])).expect("JSON")
    }

    /// Waits until it stands so.
    pub(crate) fn wait_for(&self, so: impl Fn(&Value) -> bool) -> Value {
        let there = wait_until(PATIENCE, || so(&self.status()));
        let status = self.status();
        assert!(there, "{status:#}");
        status
    }

    /// Attempts with this verdict and cause.
    pub(crate) fn attempts(&self, verdict: &str, cause: &str) -> u64 {
        let status = self.status();
        let all = status["attempts"].as_array().expect("a list");
        let found = all.iter().find(|one| one["verdict"] == verdict && one["cause"] == cause);
        found.map_or(0, |one| one["count"].as_u64().expect("a number"))
    }
}
