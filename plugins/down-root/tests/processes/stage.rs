//! Scripts in a directory of root's, the plugin with its helper, and a process that can give up root.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use harness::proc_table::{self, Process};
use nix::unistd::{Gid, Pid, Uid};
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Who OpenVPN becomes.
pub(crate) const NOBODY: u32 = 65534;

/// Where a case plays.
pub(crate) struct Stage {
    directory: PathBuf,
}

impl Stage {
    /// The directory of this process's case, in which only root can write.
    pub(crate) fn of_case() -> Self {
        Stage { directory: case_runner::directory() }
    }

    /// A file in the directory, which scripts know as `$D`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Adds a script for this interpreter; its path as a word.
    pub(crate) fn script_for(&self, interpreter: &str, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("#!{interpreter}\n{text}\n")).expect("a script");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("chmod");
        path.to_string_lossy().into_owned()
    }

    /// Adds a shell script.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        self.script_for("/bin/sh", name, &format!("D=${{0%/*}}\n{text}"))
    }

    /// What scripts have written to a file; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The number a script has written to a file; waits for it.
    pub(crate) fn number(&self, name: &str) -> i32 {
        assert!(
            proc_table::wait_until(PATIENCE, || self.text(name).ends_with('\n')),
            "{name} is not written"
        );
        self.text(name).trim().parse().expect("a number")
    }

    /// The plugin with these words, and the environment it is opened in.
    pub(crate) fn open(&self, words: &[&str]) -> OpenPlugin {
        self.open_with(&[], words)
    }

    /// The same, with these variables more.
    pub(crate) fn open_with(&self, env: &[(&str, &str)], words: &[&str]) -> OpenPlugin {
        let own = std::env::current_exe().expect("own path");
        // Cargo builds the plugin beside its tests.
        let built = own.with_file_name("libopenvpn_plugin_down_root.so");
        let plugin = Plugin::new(built).env("OWN", "open").args(words);
        let plugin = env.iter().fold(plugin, |plugin, (name, value)| plugin.env(name, value));
        plugin.open().unwrap_or_else(|error| panic!("{error}"))
    }
}

/// The answer to an event.
pub(crate) fn answer(plugin: &OpenPlugin, call: &Call) -> FuncResult {
    plugin.call(call).unwrap_or_else(|error| panic!("{error}")).result
}

/// UP with a variable of its own.
pub(crate) fn up(plugin: &OpenPlugin) {
    let call = Call::new(sys::PLUGIN_UP).env("dev", "tun7").env("OWN", "up");
    assert_eq!(answer(plugin, &call), FuncResult::Success, "{:?}", plugin.log_lines());
}

/// The answer to DOWN.
pub(crate) fn down(plugin: &OpenPlugin) -> FuncResult {
    answer(plugin, &Call::new(sys::PLUGIN_DOWN).env("signal", "sigterm"))
}

/// The keepers of a process.
pub(crate) fn keepers_of(openvpn: i32) -> Vec<Process> {
    let is_keeper = |p: &Process| p.parent == openvpn && p.name == "down-root-keep" && !p.is_zombie();
    proc_table::all().into_iter().filter(is_keeper).collect()
}

/// The helpers of a process.
pub(crate) fn helpers_of(openvpn: i32) -> Vec<Process> {
    let keepers = keepers_of(openvpn);
    let is_kept = |p: &Process| keepers.iter().any(|keeper| keeper.pid == p.parent);
    let is_helper = |p: &Process| is_kept(p) && p.name == "down-root" && !p.is_zombie();
    proc_table::all().into_iter().filter(is_helper).collect()
}

/// The helper's process.
pub(crate) fn helper() -> i32 {
    helpers_of(Pid::this().as_raw()).first().expect("the helper").pid
}

/// The keeper's process.
pub(crate) fn keeper() -> i32 {
    keepers_of(Pid::this().as_raw()).first().expect("the keeper").pid
}

/// Waits for the helper that takes the place of this one.
pub(crate) fn next_helper(dead: i32) -> i32 {
    let own = Pid::this().as_raw();
    let mut found = Vec::new();
    let there = || {
        found = helpers_of(own);
        found.iter().any(|helper| helper.pid != dead)
    };
    assert!(proc_table::wait_until(PATIENCE, there), "nobody takes its place");
    found.first().expect("just seen").pid
}

/// Kills keeper and helper: nobody can start another one.
pub(crate) fn kill_both() {
    let both = [keeper(), helper()];
    for pid in both {
        proc_table::kill9(pid);
        assert!(proc_table::wait_gone(pid, PATIENCE));
    }
}

/// Gives up root for good, as with `user`, and with `group` if one is given.
pub(crate) fn drop_root(group: Option<u32>) {
    if let Some(group) = group.map(Gid::from_raw) {
        nix::unistd::setgroups(&[group]).expect("setgroups");
        nix::unistd::setresgid(group, group, group).expect("setresgid");
    }
    let user = Uid::from_raw(NOBODY);
    nix::unistd::setresuid(user, user, user).expect("setresuid");
}

/// Whether a line of the log contains this.
pub(crate) fn logged(plugin: &OpenPlugin, text: &str) -> bool {
    plugin.log_lines().iter().any(|line| line.text.contains(text))
}
