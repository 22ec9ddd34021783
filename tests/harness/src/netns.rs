//! A network namespace of the test's own: nothing that runs in it can reach the machine's network.

use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::proc_table::{self, Process};
use crate::{PATIENCE, command, scratch};

/// `ip netns` is not safe to run twice at once while it makes its mount point.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A named namespace with loopback up; on drop its processes are killed and it is deleted.
#[derive(Debug)]
pub struct NetNs {
    name: String,
    inode: u64,
}

impl NetNs {
    /// Makes the namespace.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        command::require_root();
        let name = scratch::unique_name();
        {
            let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            command::run("ip", &["netns", "add", &name]);
        }
        let inode = inode_of(&name).unwrap_or_else(|| panic!("ip netns add {name} left no namespace"));
        let this = Self { name, inode };
        command::run("ip", &["-n", &this.name, "link", "set", "lo", "up"]);
        this
    }

    /// The name `ip netns` knows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `program` inside the namespace; the child's pid is the program's own.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        // Not `ip netns exec`: that would hide /sys/fs/cgroup.
        command.args([&format!("--net=/run/netns/{}", self.name), program]);
        command
    }

    /// The processes living in the namespace (no zombies).
    pub fn processes(&self) -> Vec<Process> {
        proc_table::in_network_namespace(self.inode)
    }

    /// Ties this namespace to `other` by a veth pair and returns the two addresses, this side's first.
    pub fn connect(&self, other: &Self) -> (Ipv4Addr, Ipv4Addr) {
        // Both sides may have other links: a number of this one's own, until 256 are there at the same time.
        static NUMBER: AtomicU8 = AtomicU8::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let device = format!("veth{number}");
        let (ours, theirs) = (Ipv4Addr::new(10, 99, number, 1), Ipv4Addr::new(10, 99, number, 2));
        command::run(
            "ip",
            &[
                "link",
                "add",
                &device,
                "netns",
                &self.name,
                "type",
                "veth",
                "peer",
                "name",
                &device,
                "netns",
                &other.name,
            ],
        );
        for (namespace, address) in [(self, ours), (other, theirs)] {
            command::run(
                "ip",
                &["-n", &namespace.name, "addr", "add", &format!("{address}/24"), "dev", &device],
            );
            command::run("ip", &["-n", &namespace.name, "link", "set", &device, "up"]);
        }
        (ours, theirs)
    }
}

impl Drop for NetNs {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn inode_of(name: &str) -> Option<u64> {
    Some(std::fs::metadata(Path::new("/run/netns").join(name)).ok()?.ino())
}

fn remove(name: &str) {
    if let Some(inode) = inode_of(name) {
        let left = proc_table::in_network_namespace(inode);
        for process in &left {
            proc_table::kill9(process.pid);
        }
        for process in &left {
            proc_table::wait_gone(process.pid, PATIENCE);
        }
    }
    command::try_run("ip", &["netns", "delete", name]);
}

/// Removes the namespaces of dead owners, with what runs in them.
pub(crate) fn sweep() {
    for name in scratch::stale_entries(Path::new("/run/netns")) {
        remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_in_a_namespace_ends_with_it() {
        let (one, two) = (NetNs::new(), NetNs::new());
        let (_, address) = one.connect(&two);
        let ping = one.command("ping").args(["-n", "-c", "1", "-W", "10", &address.to_string()]).output();
        assert!(ping.expect("ping").status.success());

        let mut sleeper = one.command("sleep").arg("60").spawn().expect("sleep");
        let pid = i32::try_from(sleeper.id()).expect("pid fits");
        assert!(proc_table::wait_until(PATIENCE, || one
            .processes()
            .iter()
            .any(|p| p.pid == pid && p.name == "sleep")));
        assert!(two.processes().is_empty());
        let name = one.name().to_string();
        drop(one);
        assert!(!sleeper.wait().expect("reap").success());
        assert!(inode_of(&name).is_none());
    }
}
