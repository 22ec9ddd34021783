//! A cgroup that limits the number of processes, so that fork(2) can be made to fail for one server only.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::{PATIENCE, proc_table, scratch};

const V1: &str = "/sys/fs/cgroup/pids";
const V2: &str = "/sys/fs/cgroup";
/// Variable that, set to 1, lets tests go without such a cgroup; in CI it counts for nothing.
const SKIP: &str = "SKIP_PIDS_CGROUP";

/// A cgroup of the pids controller; on drop what runs in it is killed and it is removed.
#[derive(Debug)]
pub struct PidsCgroup {
    path: PathBuf,
}

impl PidsCgroup {
    /// Makes the cgroup, or says why this machine does not allow it.
    pub fn new() -> Result<Self, String> {
        let root = root()?;
        let path = root.join(scratch::unique_name() + &of_these_processes());
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let this = Self { path };
        if this.path.join("pids.max").exists() {
            Ok(this)
        } else {
            Err(format!("{} has no pids.max", this.path.display()))
        }
    }

    /// As [`PidsCgroup::new`], but panics where the machine does not allow it: a test must not pass because it did not
    /// run. Nothing is returned only when `SKIP_PIDS_CGROUP=1` says so, which `CI=true` overrules.
    pub fn new_or_skip() -> Option<Self> {
        let set = |name: &str, value: &str| std::env::var_os(name).is_some_and(|text| text == value);
        match Self::new() {
            Ok(this) => Some(this),
            Err(reason) if may_skip(set(SKIP, "1"), set("CI", "true")) => {
                eprintln!("skipped, as {SKIP}=1 says: {reason}");
                None
            }
            Err(reason) => {
                panic!("this test needs a pids cgroup; {SKIP}=1 skips it, but not in CI: {reason}")
            }
        }
    }

    /// The file a process writes its pid to in order to enter.
    pub fn procs_file(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }

    /// Allows at most `limit` processes and threads.
    pub fn limit(&self, limit: u32) {
        self.write("pids.max", &limit.to_string());
    }

    /// Lifts the limit.
    pub fn lift(&self) {
        self.write("pids.max", "max");
    }

    /// How many processes and threads are in it.
    pub fn current(&self) -> u32 {
        let path = self.path.join("pids.current");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.trim().parse().unwrap_or_else(|_| panic!("{}: {text:?} is no number", path.display()))
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path.join(file);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

impl Drop for PidsCgroup {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn may_skip(asked: bool, in_ci: bool) -> bool {
    asked && !in_ci
}

fn root() -> Result<PathBuf, String> {
    if Path::new(V1).join("cgroup.procs").exists() {
        return Ok(V1.into());
    }
    let v2 = Path::new(V2);
    let controllers = fs::read_to_string(v2.join("cgroup.controllers"))
        .map_err(|error| format!("no pids cgroup (v1) and no cgroup v2 at {V2}: {error}"))?;
    if !controllers.split_whitespace().any(|name| name == "pids") {
        return Err(format!("the pids controller is not available at {V2}"));
    }
    let enabled = fs::read_to_string(v2.join("cgroup.subtree_control")).unwrap_or_default();
    if !enabled.split_whitespace().any(|name| name == "pids") {
        fs::write(v2.join("cgroup.subtree_control"), "+pids")
            .map_err(|error| format!("can not switch on the pids controller at {V2}: {error}"))?;
    }
    Ok(v2.to_path_buf())
}

fn remove(path: &Path) {
    let inside: Vec<i32> = fs::read_to_string(path.join("cgroup.procs"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect();
    for &pid in &inside {
        proc_table::kill9(pid);
    }
    for &pid in &inside {
        proc_table::wait_gone(pid, PATIENCE);
    }
    // A zombie stays in its cgroup until it is reaped.
    proc_table::wait_until(PATIENCE / 10, || fs::remove_dir(path).is_ok() || !path.exists());
}

/// How names end that are made in this pid namespace. Tests in another one see the same cgroups, but these processes have
/// other numbers there, or none.
fn of_these_processes() -> String {
    let namespace =
        fs::metadata("/proc/self/ns/pid").unwrap_or_else(|error| panic!("/proc/self/ns/pid: {error}"));
    format!(".{}", namespace.ino())
}

/// Removes the cgroups of dead owners.
pub(crate) fn sweep() {
    let ours = of_these_processes();
    for root in [V1, V2] {
        for entry in fs::read_dir(root).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(&ours));
            if name.is_some_and(scratch::is_stale) {
                remove(&entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_may_skip_and_never_in_ci() {
        assert!(may_skip(true, false));
        assert!(!may_skip(false, false) && !may_skip(true, true) && !may_skip(false, true));
    }

    #[test]
    fn what_a_dead_process_left_goes_but_not_what_others_have_elsewhere() {
        let Some(own) = PidsCgroup::new_or_skip() else { return };
        let place = own.path.parent().expect("a root").to_path_buf();
        let of_dead = |end: &str| place.join(format!("ovpntest-4194305-{}{end}", std::process::id()));
        let (ours, elsewhere) = (of_dead(&of_these_processes()), of_dead(".1"));
        for path in [&ours, &elsewhere] {
            fs::create_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        sweep();
        let left = [&ours, &elsewhere, &own.path].map(|path| path.exists());
        remove(&elsewhere);
        assert_eq!(left, [false, true, true]);
    }
}
