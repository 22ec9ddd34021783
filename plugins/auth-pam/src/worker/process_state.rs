//! What a PAM module can change about the process it runs in, and what would meet the next login there. Whatever has
//! changed, the worker leaves, and the next login gets a new process.
//!
//! | compared after each transaction | how |
//! |---|---|
//! | threads, children that run | `/proc/self/status`, waitid(2) |
//! | users, groups, supplementary groups, fsuid, fsgid | `/proc/self/status` |
//! | environment, working and root directory | memory, system calls |
//! | umask | `/proc/self/status` |
//! | resource limits | system calls |
//! | nice value, scheduling, processors, timer slack, class of input and output | system calls |
//! | capabilities (five sets), `no_new_privs`, seccomp | `/proc/self/status` |
//! | securebits, dumpable, subreaper, personality | system calls |
//! | namespaces | `/proc/self/ns` |
//! | thread, process and session keyring, and which of them gets keys | system calls |
//! | whether memory may become code, huge pages | system calls |
//! | interval timers, POSIX timers | system calls, `/proc/self/timers` |
//! | dispositions of all signals, mask, pending | `/proc/self/status` |
//! | their handlers, alternative stack | system calls |
//! | session, process group | system calls |
//! | `oom_score_adj`, `loginuid`, control group, security context | `/proc/self` |
//! | descriptors: number, file, flags | `/proc/self/fd`, system calls |
//!
//! A worker that cannot read this leaves as well.
//!
//! Set back instead, because ordinary modules change it in passing: the connection and the name for the system log, the
//! process's name, and the signal at the supervisor's end, which the kernel forgets when a module changes users.
//!
//! Descriptors have one exception. A connection over a UNIX socket to a process of root's, closed on exec, may stay, up to
//! [`MAX_CONNECTIONS`]: pam_sss and others keep one for the whole process, and know the users apart themselves.
//!
//! Not seen: the memory of libraries, the locale for instance, keys that a module adds to a keyring that was there, rules
//! of Landlock, which nothing tells of, and locks and policies of memory.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use nix::fcntl::{OFlag, open, readlinkat};
use nix::sys::stat::Mode;
use privsep::attributes::{self, Descriptor};
use privsep::orphans;

/// Connections to services that a worker may keep.
pub const MAX_CONNECTIONS: usize = 8;
/// More descriptors than this are not looked at one by one.
const MAX_DESCRIPTORS: usize = 1024;
/// What is read of a file under `/proc`, in bytes.
const FILE_BYTES: usize = 4096;

const STATUS: &str = "/proc/self/status";
/// The line of it with the signals that have a handler.
const CAUGHT: &str = "SigCgt";

/// What a line of it tells of, if it is compared. One read takes as long as forty system calls.
fn told_by(line: &str) -> Option<&'static str> {
    match line {
        "Threads" => Some("its threads"),
        "Umask" => Some("its file mode mask"),
        "Uid" | "Gid" | "Groups" => Some("its users or groups"),
        "SigPnd" | "ShdPnd" | "SigBlk" | "SigIgn" | CAUGHT => Some(SIGNALS),
        // One filter more may come on top of those of a hardened unit.
        "CapInh" | "CapPrm" | "CapEff" | "CapBnd" | "CapAmb" | "NoNewPrivs" | "Seccomp"
        | "Seccomp_filters" => Some(PRIVILEGES),
        _ => None,
    }
}

const SIGNALS: &str = "its signals";
const PRIVILEGES: &str = "its privileges";

type Reader = fn(&mut dyn Hasher);

/// The other kinds, and how each is read.
const KINDS: [(&str, Reader); 12] = [
    ("its children", children),
    ("its environment", attributes::environment),
    ("its working or root directory", directories),
    ("its resource limits", attributes::limits),
    ("its scheduling", attributes::scheduling),
    (PRIVILEGES, attributes::privileges),
    ("its namespaces", namespaces),
    ("its keyrings", attributes::keyrings),
    ("its memory", attributes::memory),
    ("its timers", timers),
    ("its session or process group", attributes::session),
    ("its control group, security context or OOM score", files),
];

/// The state of this process.
#[derive(Debug)]
pub struct State {
    /// `None`: it cannot be read.
    status: Option<Status>,
    kinds: [u64; KINDS.len()],
    /// `None`: too many, or there is no `/proc`.
    descriptors: Option<Vec<Descriptor>>,
}

impl State {
    /// As it is now.
    pub fn now() -> Self {
        State { status: Status::now(), kinds: KINDS.map(|(_, read)| hash(read)), descriptors: descriptors() }
    }

    /// What has changed since, the first of it. Connections that may stay belong to the state from now on.
    pub fn change(&mut self) -> Option<&'static str> {
        let Some((before, now)) = self.status.as_ref().zip(Status::now()) else {
            return Some("unknown: /proc/self/status cannot be read");
        };
        // First: where a thread runs, nothing else is looked at.
        if let Some(what) = before.difference(&now) {
            return Some(what);
        }
        let kinds = KINDS.iter().zip(self.kinds);
        if let Some(((name, _), _)) = kinds.into_iter().find(|((_, read), before)| hash(*read) != *before) {
            return Some(name);
        }
        let now = descriptors();
        if now.is_some() && now == self.descriptors {
            return None;
        }
        if !only_connections_more(self.descriptors.as_deref(), now.as_deref()) {
            return Some("its descriptors");
        }
        self.descriptors = now;
        None
    }
}

/// What `/proc/self/status` says.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    /// The lines that are compared.
    text: String,
    handlers: u64,
}

impl Status {
    fn now() -> Option<Self> {
        let mut all = String::with_capacity(FILE_BYTES);
        // Not as a file whose size is asked for: the size of these is zero.
        File::open(STATUS).and_then(|file| file.take(u64::MAX).read_to_string(&mut all)).ok()?;
        let (mut text, mut caught) = (String::with_capacity(FILE_BYTES), None);
        for line in all.split_inclusive('\n') {
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| told_by(name).is_some()) else {
                continue;
            };
            if name == CAUGHT {
                caught = u64::from_str_radix(value.trim(), 16).ok();
            }
            text.push_str(line);
        }
        let mut hasher = DefaultHasher::new();
        attributes::signal_handlers(&mut hasher, caught?);
        Some(Status { text, handlers: hasher.finish() })
    }

    /// What differs, the first of it.
    fn difference(&self, now: &Self) -> Option<&'static str> {
        if self == now {
            return None;
        }
        let (mut before, mut after) = (self.text.lines(), now.text.lines());
        let first = loop {
            match (before.next(), after.next()) {
                (None, None) => break None,
                (before, after) if before == after => {}
                (before, after) => break before.or(after),
            }
        };
        let name = first.and_then(|line| line.split_once(':')).map_or(CAUGHT, |(name, _)| name);
        told_by(name).or(Some(SIGNALS))
    }
}

/// Whether all that was open is as it was, and what is new may stay.
fn only_connections_more(before: Option<&[Descriptor]>, now: Option<&[Descriptor]>) -> bool {
    let (Some(before), Some(now)) = (before, now) else { return false };
    let may_stay = |one: &Descriptor| before.contains(one) || attributes::leads_to_a_service_of_roots(one);
    let kept = now.iter().filter(|one| attributes::leads_to_a_service_of_roots(one)).count();
    now.iter().all(may_stay) && before.iter().all(|one| now.contains(one)) && kept <= MAX_CONNECTIONS
}

fn hash(read: Reader) -> u64 {
    let mut hasher = DefaultHasher::new();
    read(&mut hasher);
    hasher.finish()
}

fn children(to: &mut dyn Hasher) {
    to.write_u8(u8::from(orphans::have_children()));
}

fn directories(to: &mut dyn Hasher) {
    [".", "/"].iter().for_each(|path| inode(to, path));
}

/// The links name the namespaces. To follow them takes twice as long.
fn namespaces(to: &mut dyn Hasher) {
    let directory =
        open("/proc/self/ns", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty());
    for name in ["cgroup", "ipc", "mnt", "net", "pid_for_children", "time_for_children", "user", "uts"] {
        match directory.as_ref().map_err(|errno| *errno).and_then(|directory| readlinkat(directory, name)) {
            Ok(namespace) => to.write(namespace.as_bytes()),
            Err(errno) => to.write_i32(-(errno as i32)),
        }
    }
}

fn inode(to: &mut dyn Hasher, path: &str) {
    match std::fs::metadata(path) {
        Ok(file) => [file.dev(), file.ino()].iter().for_each(|number| to.write_u64(*number)),
        Err(error) => to.write_i32(-error.raw_os_error().unwrap_or(1)),
    }
}

fn timers(to: &mut dyn Hasher) {
    attributes::interval_timers(to);
    file(to, "/proc/self/timers");
}

fn files(to: &mut dyn Hasher) {
    for path in
        ["/proc/self/oom_score_adj", "/proc/self/loginuid", "/proc/self/cgroup", "/proc/self/attr/current"]
    {
        file(to, path);
    }
    // Where the first cannot be read, nobody gives contexts to what is made.
    if file(to, "/proc/self/attr/exec") {
        for path in ["/proc/self/attr/fscreate", "/proc/self/attr/keycreate", "/proc/self/attr/sockcreate"] {
            file(to, path);
        }
    }
}

/// Whether it can be read.
fn file(to: &mut dyn Hasher, path: &str) -> bool {
    let mut buffer = [0; FILE_BYTES];
    let read = File::open(path).and_then(|mut file| file.read(&mut buffer));
    match &read {
        Ok(count) => to.write(&buffer[..*count]),
        Err(error) => to.write_i32(-error.raw_os_error().unwrap_or(1)),
    }
    // What follows is told from what was read.
    to.write_u8(0xff);
    read.is_ok()
}

fn descriptors() -> Option<Vec<Descriptor>> {
    let mut numbers: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")
        .ok()?
        .flatten()
        .take(MAX_DESCRIPTORS + 1)
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    if numbers.len() > MAX_DESCRIPTORS {
        return None;
    }
    numbers.sort_unstable();
    // That of the directory is closed by now.
    Some(numbers.into_iter().filter_map(attributes::descriptor).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use nix::sys::wait::{WaitStatus, waitpid};

    use super::*;

    /// In a process of its own: what other tests do to theirs is none of it.
    fn alone(check: impl FnOnce() -> bool) {
        let child = privsep::fork_child(|| privsep::leave(i32::from(!check()))).unwrap();
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
    }

    #[test]
    fn nothing_changes_by_itself() {
        alone(|| {
            let mut state = State::now();
            state.descriptors.is_some() && (0..3).all(|_| state.change().is_none())
        });
    }

    #[test]
    fn a_thread_more_is_a_difference() {
        alone(|| {
            let mut state = State::now();
            let (stop, stopped) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::spawn(move || stopped.recv());
            let during = state.change();
            drop(stop);
            let _ = thread.join();
            during == Some("its threads")
        });
    }

    #[test]
    fn a_socket_pair_is_no_connection_to_a_service() {
        alone(|| {
            let mut state = State::now();
            let pair = UnixStream::pair();
            pair.is_ok() && state.change() == Some("its descriptors")
        });
    }

    /// Prints the times with `--nocapture`, and with `--release` they mean something.
    #[test]
    fn what_a_comparison_takes() {
        alone(|| {
            const ROUNDS: u32 = 1_000;
            let mut state = State::now();
            let each = |started: Instant| started.elapsed() / ROUNDS;
            let started = Instant::now();
            let unchanged = (0..ROUNDS).all(|_| state.change().is_none());
            println!("in all {:?}", each(started));
            for (name, read) in KINDS {
                let started = Instant::now();
                (0..ROUNDS).for_each(|_| _ = std::hint::black_box(hash(read)));
                println!("{name}: {:?}", each(started));
            }
            let started = Instant::now();
            (0..ROUNDS).for_each(|_| _ = std::hint::black_box(Status::now()));
            println!("its status: {:?}", each(started));
            let started = Instant::now();
            (0..ROUNDS).for_each(|_| _ = std::hint::black_box(descriptors()));
            println!("its descriptors: {:?}", each(started));
            unchanged && started.elapsed() > Duration::ZERO
        });
    }
}
