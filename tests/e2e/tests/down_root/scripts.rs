//! Scripts for the plugin to run, and what the tests look at again and again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use harness::proc_table::{Process, kill9, wait_gone, wait_until};
use harness::scratch::unique_name;
use harness::{Server, ServerConfig, plugin};

/// A directory that only root can write to, as the plugin demands; `/tmp` is open to everybody. Removed on drop.
#[derive(Debug)]
pub(crate) struct Scripts {
    path: PathBuf,
}

impl Scripts {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let path = Path::new("/var/lib").join(unique_name());
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let scripts = Scripts { path };
        scripts.mode("", 0o755);
        scripts
    }

    /// One that holds `down.sh`.
    pub(crate) fn with_down(text: &str) -> Self {
        let scripts = Self::new();
        scripts.add("down.sh", text);
        scripts
    }

    /// Adds a shell script and returns its path.
    pub(crate) fn add(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.mode(name, 0o755);
        path
    }

    /// chmod.
    pub(crate) fn mode(&self, name: &str, mode: u32) {
        let path = self.path(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// The path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.path.clone() } else { self.path.join(name) }
    }

    /// A server that gives each client 10.8.0.77 at each connection: for another address a client opens the device anew.
    /// What a client gets is in `clients/DEFAULT`.
    pub(crate) fn with_fixed_address(&self, config: ServerConfig<'static>) -> ServerConfig<'static> {
        let directory = self.path("clients");
        fs::create_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        self.client_options("ifconfig-push 10.8.0.77 255.255.255.0");
        config.line(&format!("client-config-dir {}", directory.display()))
    }

    /// Replaces what clients get.
    pub(crate) fn client_options(&self, options: &str) {
        let path = self.path("clients/DEFAULT");
        fs::write(&path, format!("{options}\n"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// A server that runs `down.sh`, with options before it.
    pub(crate) fn server(&self, options: &str) -> ServerConfig<'static> {
        with_words(&format!("{options} {}", self.path("down.sh").display()))
    }
}

impl Drop for Scripts {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A server with the plugin under test and these words. `script-security` is for OpenVPN's own scripts; none is used.
pub(crate) fn with_words(words: &str) -> ServerConfig<'static> {
    ServerConfig::default().line(&plugin_line(words))
}

/// The `plugin` line with these words.
pub(crate) fn plugin_line(words: &str) -> String {
    let path = plugin::built("libopenvpn_plugin_down_root.so");
    format!("plugin {} \"{}\"", path.display(), words.trim())
}

/// The plugin's processes: helper and keeper.
pub(crate) fn helpers(server: &Server) -> Vec<Process> {
    let mut found = server.netns().processes();
    found.retain(|process| process.name.starts_with("down-root") && !process.is_zombie());
    found
}

/// Waits for one that is alone: after a restart an earlier one may be about to leave.
fn named(server: &Server, name: &str) -> Process {
    let mut found = Vec::new();
    let is_alone = || {
        found = helpers(server);
        found.retain(|process| process.name == name);
        found.len() == 1
    };
    let is_alone = wait_until(harness::PATIENCE, is_alone);
    assert!(is_alone, "not exactly one {name}: {found:?}\n{}", server.log().text());
    found.remove(0)
}

/// The process that waits for the helper; panics if there is not exactly one in the end.
pub(crate) fn keeper(server: &Server) -> Process {
    named(server, "down-root-keep")
}

/// Kills the helper and waits for the one that takes its place.
pub(crate) fn replace_helper(server: &Server) -> Process {
    let old = helper(server);
    kill9(old.pid);
    let is_next = |process: &Process| process.name == "down-root" && process.pid != old.pid;
    let mut next = None;
    let there = || {
        next = helpers(server).into_iter().find(is_next);
        next.is_some()
    };
    assert!(wait_until(harness::PATIENCE, there), "nobody takes its place:\n{}", server.log().text());
    next.unwrap_or(old)
}

/// Kills keeper and helper: nobody can start another one.
pub(crate) fn kill_both(server: &Server) {
    for pid in [keeper(server).pid, helper(server).pid] {
        kill9(pid);
        assert!(wait_gone(pid, harness::PATIENCE));
    }
}

/// That no helper is left. One that is no child of OpenVPN's, as after `daemon`, says good-bye just before its end.
pub(crate) fn wait_for_the_end_of_helpers(server: &Server) {
    assert!(wait_until(harness::PATIENCE, || helpers(server).is_empty()), "{:?}", helpers(server));
}

/// The plugin's helper; panics if there is not exactly one in the end.
pub(crate) fn helper(server: &Server) -> Process {
    named(server, "down-root")
}

/// What a process has of memory that is no file's, in KiB.
pub(crate) fn resident_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
