//! What /proc says: which processes live in a network namespace, what they hold, and when they are gone.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

/// One process, as /proc described it when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: i32,
    /// Process id of the parent.
    pub parent: i32,
    /// `comm`: at most 15 bytes.
    pub name: String,
    /// What `ps` shows as the command line (arguments joined by blanks).
    pub title: String,
    /// State letter of proc(5): R, S, D, Z ...
    pub state: char,
}

impl Process {
    /// Reads /proc/`pid`; nothing if there is no such process (any more).
    pub fn look(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (head, tail) = stat.rsplit_once(") ")?;
        let name = head.split_once('(')?.1.to_string();
        let mut fields = tail.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let raw = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<_> = raw.split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
        Some(Self { pid, parent, name, title: words.join(" ").trim_end().to_string(), state })
    }

    /// Effective user id; nothing if the process is gone.
    pub fn user(&self) -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        ids.split_whitespace().nth(1)?.parse().ok()
    }

    /// Whether the process has ended and only waits to be reaped.
    pub fn is_zombie(&self) -> bool {
        self.state == 'Z'
    }

    /// Whether the process has `file` mapped (for a plugin: loaded).
    pub fn maps(&self, file: &Path) -> bool {
        let Ok(maps) = fs::read_to_string(format!("/proc/{}/maps", self.pid)) else { return false };
        maps.lines().any(|line| line.ends_with(&*file.to_string_lossy()))
    }
}

/// All processes of the machine.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| Process::look(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// The processes whose network namespace has this inode number. Zombies have none and are not among them.
pub fn in_network_namespace(inode: u64) -> Vec<Process> {
    let wanted = format!("net:[{inode}]");
    let lives_there = |process: &Process| {
        fs::read_link(format!("/proc/{}/ns/net", process.pid))
            .is_ok_and(|link| link.as_os_str() == wanted.as_str())
    };
    all().into_iter().filter(lives_there).collect()
}

/// The open descriptors of a process, as `number -> target`, sorted by number; empty if it is gone.
pub fn descriptors(pid: i32) -> Vec<(u32, String)> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let mut found: Vec<(u32, String)> = entries
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some((number, fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned()))
        })
        .collect();
    found.sort();
    found
}

/// Duplicates of all sockets of a process, as another process has that was forked from it.
pub fn sockets_of(pid: i32) -> Vec<OwnedFd> {
    let process =
        rustix::process::Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let process = process.unwrap_or_else(|| panic!("no process {pid}"));
    let sockets = descriptors(pid).into_iter().filter(|(_, to)| to.starts_with("socket:"));
    let numbers = sockets.filter_map(|(number, _)| i32::try_from(number).ok());
    let duplicate = |number| pidfd_getfd(&process, number, PidfdGetfdFlags::empty());
    numbers
        .map(|number| {
            duplicate(number).unwrap_or_else(|error| panic!("descriptor {number} of {pid}: {error}"))
        })
        .collect()
}

/// Sends SIGKILL; a process that is already gone is fine.
pub fn kill9(pid: i32) {
    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

/// Waits until the process has ended (it may still be a zombie); false if it has not within `limit`.
pub fn wait_gone(pid: i32, limit: Duration) -> bool {
    let Some(wanted) = rustix::process::Pid::from_raw(pid) else { return true };
    let Ok(descriptor) = pidfd_open(wanted, PidfdFlags::empty()) else { return true };
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else { return false };
        match poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("poll on a pidfd: {error}"),
        }
    }
}

/// Looks again and again until `condition` holds, for things /proc has no event for; false if it never did.
pub fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_itself() {
        let own_pid = i32::try_from(std::process::id()).expect("pid fits");
        let own = Process::look(own_pid).expect("this process exists");
        assert_eq!(own.pid, own_pid);
        assert!(!own.is_zombie());
        assert_eq!(own.user(), Some(nix::unistd::geteuid().as_raw()));
        assert!(own.maps(&std::env::current_exe().expect("own path")));
        assert!(!wait_gone(own_pid, Duration::from_millis(1)));
        assert!(descriptors(own_pid).len() >= 3);
    }

    #[test]
    fn the_end_of_a_process_is_seen() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        let pid = i32::try_from(child.id()).expect("pid fits");
        kill9(pid);
        assert!(wait_gone(pid, Duration::from_secs(10)));
        assert!(Process::look(pid).is_some_and(|process| process.is_zombie()));
        child.wait().expect("reap");
        assert!(Process::look(pid).is_none());
    }
}
