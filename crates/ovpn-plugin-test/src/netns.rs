//! A network namespace of the test's own: nothing that runs in it can reach the machine's network.

use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use crate::command::program;
use crate::proc_table::{self, Process};
use crate::user_namespace::UserNamespace;
use crate::{PATIENCE, command, requirements, scratch};

/// `ip netns` is not safe to run twice at once while it makes its mount point.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A named namespace with loopback up; on drop its processes are killed and it is deleted.
#[derive(Debug)]
pub struct NetNs {
    name: String,
    inode: u64,
    user_namespace: Arc<UserNamespace>,
}

impl NetNs {
    /// Makes the namespace.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        requirements::require();
        let (name, user_namespace) = (scratch::unique_name(), UserNamespace::shared());
        {
            let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            user_namespace.run("ip", &["netns", "add", &name]);
        }
        let mut this = Self { name, inode: 0, user_namespace };
        this.inode = this.inode();
        this.user_namespace.run("ip", &["-n", &this.name, "link", "set", "lo", "up"]);
        this
    }

    /// The name `ip netns` knows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `program` inside the namespace; the child's pid is the program's own.
    pub fn command(&self, name: &str) -> Command {
        let mut command = self.user_namespace.command("nsenter");
        // Not `ip netns exec`: that would hide /sys/fs/cgroup.
        command.arg(format!("--net=/run/netns/{}", self.name)).arg(program(name));
        command
    }

    /// The inode by which /proc names it.
    fn inode(&self) -> u64 {
        let path = format!("/run/netns/{}", self.name);
        let output = self.user_namespace.command("stat").args(["-L", "-c", "%i", &path]).output();
        let number =
            output.ok().and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok());
        number.unwrap_or_else(|| panic!("ip netns add {} left no namespace", self.name))
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
        self.user_namespace.run(
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
            self.user_namespace
                .run("ip", &["-n", &namespace.name, "addr", "add", &format!("{address}/24"), "dev", &device]);
            self.user_namespace.run("ip", &["-n", &namespace.name, "link", "set", &device, "up"]);
        }
        (ours, theirs)
    }
}

impl Drop for NetNs {
    fn drop(&mut self) {
        kill_all_in(self.inode);
        let _ = self.user_namespace.command("ip").args(["netns", "delete", &self.name]).output();
    }
}

fn kill_all_in(inode: u64) {
    let left = proc_table::in_network_namespace(inode);
    for process in &left {
        proc_table::kill9(process.pid);
    }
    for process in &left {
        proc_table::wait_gone(process.pid, PATIENCE);
    }
}

/// Removes the namespaces of root's dead owners, with what runs in them. Those of others end with their owner.
pub(crate) fn sweep() {
    let place = Path::new("/run/netns");
    for name in scratch::stale_entries(place) {
        if let Ok(metadata) = std::fs::metadata(place.join(&name)) {
            kill_all_in(metadata.ino());
        }
        command::try_run("ip", &["netns", "delete", &name]);
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
        assert!(!Path::new("/run/netns").join(name).exists());
    }
}
