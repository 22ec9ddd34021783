//! Whether this process runs in an `/etc` and `/run` of its test program's own, see `tests/isolated`.
//!
//! What makes accounts and PAM services there refuses to do it on the machine itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{PATIENCE, command, proc_table, scratch};

/// Panics unless what is done to accounts and PAM services stays among the tests.
pub fn require() {
    command::require_root();
    assert!(
        owner(Path::new("/proc/self")).is_some(),
        "this would change /etc of the machine: run it by `cargo test`, or with tests/isolated before it"
    );
}

/// The name of the last mount at /run that `tests/isolated` has made for this process; a Machine may lie over it.
fn owner(process: &Path) -> Option<String> {
    let mounts = fs::read_to_string(process.join("mountinfo")).ok()?;
    mounts.lines().filter_map(of_run).next_back().map(str::to_owned)
}

/// Of a line of mountinfo, see proc(5).
fn of_run(line: &str) -> Option<&str> {
    let (mount, source) = line.split_once(" - ")?;
    let (mut mount, mut source) = (mount.split(' ').skip(3), source.split(' '));
    let is_run = mount.next() == Some("/") && mount.next() == Some("/run") && source.next() == Some("tmpfs");
    source.next().filter(|name| is_run && name.starts_with("ovpntest-"))
}

/// Ends what still runs where a test program was that is dead.
pub fn sweep() {
    let left = left();
    for &pid in &left {
        proc_table::kill9(pid);
    }
    for &pid in &left {
        proc_table::wait_gone(pid, PATIENCE);
    }
}

fn left() -> Vec<i32> {
    let link = |process: &Path, name: &str| fs::read_link(process.join(name)).ok();
    let of_pids = |process: &Path| link(process, "ns/pid");
    let own = Path::new("/proc/self");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut places: BTreeMap<PathBuf, Vec<i32>> = BTreeMap::new();
    for pid in pids {
        let process = PathBuf::from(format!("/proc/{pid}"));
        // In another namespace of process ids, a container, the name of a mount has a number of that one.
        if let Some(place) = link(&process, "ns/mnt").filter(|_| of_pids(own) == of_pids(&process)) {
            places.entry(place).or_default().push(pid);
        }
    }
    places.retain(|_, pids| {
        let mut processes = pids.iter().map(|pid| PathBuf::from(format!("/proc/{pid}")));
        // One in a chroot does not see all mounts.
        let sees_all =
            processes.find(|process| link(process, "root").is_some_and(|root| root == Path::new("/")));
        sees_all.and_then(|process| owner(&process)).is_some_and(|name| scratch::is_stale(&name))
    });
    places.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_apart_from_the_machine() {
        assert!(owner(Path::new("/proc/self")).is_some());
    }

    #[test]
    fn only_a_mount_of_tests_isolated_counts() {
        let own = "60 40 0:41 / /run rw,relatime - tmpfs ovpntest-7-0 rw,mode=755";
        assert_eq!(of_run(own), Some("ovpntest-7-0"));
        for other in [
            "60 40 0:41 / /run rw,relatime shared:5 - tmpfs tmpfs rw,mode=755",
            "60 40 0:41 / /mnt rw,relatime - tmpfs ovpntest-7-0 rw,mode=755",
            "60 40 0:41 /isolated/etc /run rw,relatime - tmpfs ovpntest-7-0 rw,mode=755",
            "60 40 0:41 / /run rw,relatime - ext4 ovpntest-7-0 rw",
        ] {
            assert_eq!(of_run(other), None, "{other}");
        }
    }
}
