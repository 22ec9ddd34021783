//! A test server, and the processes of the plugin under test.

use std::ops::Deref;

pub use ovpn_plugin_test::{FailedStart, READY, TUNNEL_ADDRESS};

use crate::PATIENCE;
use crate::plugin;
use crate::proc_table::{self, Process};

/// A running server; on drop it is stopped, and what it left in its namespace is killed.
#[derive(Debug)]
pub struct Server {
    base: ovpn_plugin_test::Server,
}

impl Deref for Server {
    type Target = ovpn_plugin_test::Server;

    fn deref(&self) -> &Self::Target {
        &self.base
    }
}

impl Server {
    pub(crate) fn new(base: ovpn_plugin_test::Server) -> Self {
        Self { base }
    }

    /// The processes other than OpenVPN that have the plugin under test loaded, oldest first.
    pub fn helpers(&self) -> Vec<Process> {
        let path = plugin::auth_pam();
        let mut found = self.netns().processes();
        found.retain(|process| process.pid != self.pid() && process.maps(&path));
        found.sort_by_key(|process| process.pid);
        found
    }

    /// The plugin's process that waits for the supervisor; panics if there is not exactly one.
    pub fn keeper(&self) -> Process {
        let mut found = self.netns().processes();
        found.retain(|process| process.name == "auth-pam-keeper");
        // A helper or worker that was just forked still has its parent's name.
        let pids: Vec<i32> = found.iter().map(|process| process.pid).collect();
        found.retain(|process| !pids.contains(&process.parent));
        match <[Process; 1]>::try_from(found) {
            Ok([one]) => one,
            Err(others) => panic!("not exactly one keeper: {others:?}"),
        }
    }

    /// Kills the supervisor and waits for the one that takes its place.
    pub fn replace_supervisor(&self) -> Process {
        let old = self.supervisor();
        proc_table::kill9(old.pid);
        let mut next = None;
        let there = || {
            let mut found = self.netns().processes().into_iter();
            next =
                found.find(|it| it.name == "auth-pam-super" && it.pid != old.pid && it.parent == old.parent);
            next.is_some()
        };
        assert!(proc_table::wait_until(PATIENCE, there), "nobody takes its place:\n{}", self.log().text());
        next.unwrap_or(old)
    }

    /// The plugin's process that hands out work; panics if there is not exactly one.
    pub fn supervisor(&self) -> Process {
        let mut found = self.helpers();
        found.retain(|process| process.name == "auth-pam-super");
        match <[Process; 1]>::try_from(found) {
            Ok([one]) => one,
            Err(others) => panic!("not exactly one supervisor: {others:?}"),
        }
    }

    /// The plugin's processes that run PAM.
    pub fn workers(&self) -> Vec<Process> {
        let mut found = self.helpers();
        found.retain(|process| process.name == "auth-pam-worker");
        found
    }
}
