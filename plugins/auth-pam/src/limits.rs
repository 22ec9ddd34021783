//! How many workers this machine lets the plugin have, unless the administrator says it: what the control group, the
//! limit on processes and the memory allow, each halved, so that OpenVPN can still fork its scripts and others live too.

use std::path::{Path, PathBuf};

use log_lines::UnloggedLine;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};
use privsep::cgroup;

/// The most workers without `max-workers`. More do not log in more users where anything is computed, and where all
/// sleep, a queue behind that many is short.
pub const DEFAULT_MAX_WORKERS: u64 = 512;

/// The most questions that wait for an answer without `max-suspended`. Each holds a process of about a megabyte.
pub const DEFAULT_MAX_SUSPENDED: u64 = 64;

/// The most sessions without `max-sessions`: as many as the clients that OpenVPN takes without `max-clients`.
pub const DEFAULT_MAX_SESSIONS: u64 = 1024;
/// What a worker in a session may need.
const SESSION_KIB: u64 = 1024;

/// Tasks of a control group that are not workers, even where half of a small one would leave too few: OpenVPN with two
/// threads, keeper and supervisor, keeper and helper of down-root. Workers that are idle leave soon where there are few,
/// and then a script of down-root's with one program has room.
const OTHER_TASKS: u64 = 7;

/// What a worker may need: yescrypt takes 16 MiB while it computes, and PAM modules take some.
const WORKER_KIB: u64 = 24 * 1024;
/// Workers that memory always allows: what is available is a guess, and few workers rarely compute all at once.
const MEMORY_FLOOR: u64 = 8;

/// The default for `max-workers`.
pub fn default_max_workers() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NPROC).ok().map(|(soft, _)| soft);
    let machine = Machine {
        read: &|path| std::fs::read_to_string(path).ok(),
        processes: &processes,
        uid: nix::unistd::getuid().as_raw(),
        nproc: limit.filter(|soft| *soft != RLIM_INFINITY).map(widen),
    };
    usize::try_from(machine.max_workers()).unwrap_or(1)
}

/// The default for `max-suspended`, beside so many workers; `None`: the default.
pub fn default_max_suspended(max_workers: Option<usize>) -> usize {
    beside(max_workers, |machine, workers| machine.max_suspended(workers))
}

/// What to say of a default for `max-sessions` that is lower than elsewhere.
pub fn few_sessions(most: usize) -> Option<UnloggedLine> {
    (u64::try_from(most).unwrap_or(u64::MAX) < DEFAULT_MAX_SESSIONS)
        .then(|| lines::limits::few_sessions(most).unlogged())
}

/// The default for `max-sessions`, beside so many workers; `None`: the default.
pub fn default_max_sessions(max_workers: Option<usize>) -> usize {
    beside(max_workers, |machine, workers| machine.max_sessions(workers))
}

/// A default that depends on how many workers there may be; `None`: the default.
fn beside(max_workers: Option<usize>, default: fn(&Machine<'_>, u64) -> u64) -> usize {
    let workers = u64::try_from(max_workers.unwrap_or_else(default_max_workers)).unwrap_or(u64::MAX);
    let machine = Machine {
        read: &|path| std::fs::read_to_string(path).ok(),
        processes: &Vec::new,
        uid: nix::unistd::getuid().as_raw(),
        nproc: None,
    };
    usize::try_from(default(&machine, workers)).unwrap_or(1)
}

/// A limit as 64 bits, which it has not on every machine.
#[allow(clippy::useless_conversion)]
fn widen(limit: rlim_t) -> u64 {
    u64::from(limit)
}

/// The directories of all processes.
fn processes() -> Vec<PathBuf> {
    let is_process = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_process).collect()
}

/// What decides, and where it is read.
struct Machine<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    processes: &'a dyn Fn() -> Vec<PathBuf>,
    uid: u32,
    /// RLIMIT_NPROC, if there is one.
    nproc: Option<u64>,
}

impl Machine<'_> {
    fn max_workers(&self) -> u64 {
        let by_group = self.smallest("pids", &["pids.max"]);
        let by_group = by_group.map(|most| (most / 2).min(most.saturating_sub(OTHER_TASKS)));
        let limits = [by_group, self.by_limit(), self.by_memory()];
        limits.into_iter().flatten().fold(DEFAULT_MAX_WORKERS, u64::min).max(1)
    }

    /// A third of what the control group has left beside the workers: there may be twice as many, and OpenVPN's scripts need
    /// the rest. And one in any case: as long as few workers run, there is room.
    fn max_suspended(&self, max_workers: u64) -> u64 {
        let left = self.left_beside(max_workers).map(|left| left / 3);
        left.into_iter().fold(DEFAULT_MAX_SUSPENDED, u64::min).max(1)
    }

    /// The same for sessions, as far as the memory goes.
    fn max_sessions(&self, max_workers: u64) -> u64 {
        let left = self.left_beside(max_workers);
        let by_memory = self.memory_kib().map(|kib| kib / 2 / SESSION_KIB);
        left.into_iter().chain(by_memory).fold(DEFAULT_MAX_SESSIONS, u64::min).max(1)
    }

    fn left_beside(&self, max_workers: u64) -> Option<u64> {
        let by_group = self.smallest("pids", &["pids.max"]);
        by_group.map(|most| most.saturating_sub(OTHER_TASKS).saturating_sub(max_workers))
    }

    /// RLIMIT_NPROC counts the tasks of a user wherever they run, and does not hold for root.
    fn by_limit(&self) -> Option<u64> {
        let limit = self.nproc.filter(|_| self.uid != 0)?;
        let tasks: u64 = (self.processes)().iter().filter_map(|process| self.own_tasks(process)).sum();
        Some(limit.saturating_sub(tasks) / 2)
    }

    /// The tasks of a process, if it is one of the user's.
    fn own_tasks(&self, process: &Path) -> Option<u64> {
        let status = (self.read)(&process.join("status"))?;
        let field = |name| status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next();
        let own = field("Uid:")?.parse() == Ok(self.uid);
        field("Threads:")?.parse().ok().filter(|_| own)
    }

    fn by_memory(&self) -> Option<u64> {
        Some((self.memory_kib()? / 2 / WORKER_KIB).max(MEMORY_FLOOR))
    }

    /// What is left of the memory.
    fn memory_kib(&self) -> Option<u64> {
        let text = (self.read)(Path::new("/proc/meminfo"));
        let available = text.iter().flat_map(|text| text.lines()).find_map(|line| {
            line.strip_prefix("MemAvailable:")?.split_whitespace().next()?.parse::<u64>().ok()
        });
        // A container sees the machine's memory there, and its own bound in its control group.
        let bound =
            self.smallest("memory", &["memory.max", "memory.limit_in_bytes"]).map(|bytes| bytes / 1024);
        available.into_iter().chain(bound).min()
    }

    /// The smallest value of a control group's limit.
    fn smallest(&self, controller: &str, files: &[&str]) -> Option<u64> {
        let groups = (self.read)(Path::new("/proc/self/cgroup"))?;
        files.iter().filter_map(|file| cgroup::smallest_in(&groups, controller, file, self.read)).min()
    }
}

/// Raises the supervisor's limit on open files as far as it may go; how many there may be now. Workers have OpenVPN's: PAM
/// modules may use select(2), which cannot handle numbers above 1023.
pub fn raise_open_files() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    let now = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    usize::try_from(now).unwrap_or(usize::MAX)
}

/// A deferred attempt holds two files of OpenVPN's process open until its verdict.
const FILES_OF_AN_ATTEMPT: u64 = 2;
/// Refusals that wait for their time, and what OpenVPN itself needs open.
const OTHER_FILES: u64 = 2 * 2048 + 1024;

/// Raises OpenVPN's own limit on open files to what so many attempts need, as far as that may be. With its usual 1,024,
/// five hundred pending logins of one client would leave OpenVPN no file for anybody else's. A warning if the hard limit
/// is too low.
pub fn make_room_in_openvpn(attempts: usize) -> Option<UnloggedLine> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let attempts = u64::try_from(attempts).unwrap_or(u64::MAX);
    let wanted = attempts.saturating_mul(FILES_OF_AN_ATTEMPT).saturating_add(OTHER_FILES);
    let wanted = rlim_t::try_from(wanted).unwrap_or(rlim_t::MAX);
    let now = soft.max(wanted.min(hard));
    let raised = now == soft || setrlimit(Resource::RLIMIT_NOFILE, now, hard).is_ok();
    let now = if raised { now } else { soft };
    (now < wanted).then(|| lines::limits::few_files_of_openvpn(files(now), files(wanted)).unlogged())
}

/// A number of files. The kernel's type for it depends on the machine.
fn files(limit: impl Into<u64>) -> u64 {
    limit.into()
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
