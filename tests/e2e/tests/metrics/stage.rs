//! A server that writes its figures, and what they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use harness::proc_table::{Process, wait_until};
use harness::scratch::Scratch;
use harness::{PATIENCE, PamService, Server, ServerConfig, TestModule};

pub(crate) const PASSWORD: &str = "correct horse";

/// A directory for the file, and a service that knows one password.
pub(crate) struct Stage {
    pub(crate) place: Scratch,
    pub(crate) service: PamService,
    _module: Arc<TestModule>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let module = TestModule::shared();
        let service = PamService::new(&module.stack(&[&format!("auth/password={PASSWORD}")]));
        Stage { place: Scratch::new(), service, _module: module }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.place.join("server1.prom")
    }

    pub(crate) fn config(&self) -> ServerConfig<'static> {
        self.config_in(&self.file())
    }

    /// The same with another file.
    pub(crate) fn config_in(&self, file: &Path) -> ServerConfig<'static> {
        ServerConfig::auth_pam_with(&format!("metrics={}", file.display()), &self.service, "")
    }
}

/// The figures of a file by what stands before them; `None`: there is no file. Half a file is a failure.
pub(crate) fn figures(file: &Path) -> Option<BTreeMap<String, f64>> {
    let text = fs::read_to_string(file).ok()?;
    let last = r#"openvpn_auth_pam_penalties_total{server=""#;
    let complete = text.ends_with('\n') && text.lines().last().is_some_and(|line| line.starts_with(last));
    assert!(complete, "not the whole text: {text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}")));
    Some(pairs.map(|(name, value)| (name.to_string(), value.parse().expect(value))).collect())
}

/// Waits until the figures of this server are these.
pub(crate) fn wait_for(file: &Path, server: &Server, expected: &[(&str, f64)]) {
    let mut seen = None;
    let there = wait_until(PATIENCE, || {
        seen = figures(file);
        let value = |name: &str| {
            let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
            let labels = if labels == "}" { labels.to_string() } else { format!(",{labels}") };
            seen.as_ref()?.get(&format!("openvpn_auth_pam_{name}{{server=\"server1\"{labels}")).copied()
        };
        expected.iter().all(|(name, expected)| value(name) == Some(*expected))
    });
    assert!(there, "{expected:?} of {seen:#?}\n{}", server.log().text());
}

/// The process that writes the file, if there is one.
pub(crate) fn writer(server: &Server) -> Option<Process> {
    let mut found = server.netns().processes();
    found.retain(|process| process.name == "auth-pam-metric" && !process.is_zombie());
    assert!(found.len() < 2, "{found:?}");
    found.pop()
}

/// The same when it is there.
pub(crate) fn wait_for_writer(server: &Server) -> Process {
    let mut found = None;
    let there = wait_until(PATIENCE, || {
        found = writer(server);
        found.is_some()
    });
    assert!(there, "no writer:\n{}", server.log().text());
    found.unwrap_or_else(|| panic!("no writer"))
}

/// Somebody gets in, and somebody does not.
pub(crate) fn logins_work(server: &Server) {
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("bob", "wrong").start().wait_refused();
}
