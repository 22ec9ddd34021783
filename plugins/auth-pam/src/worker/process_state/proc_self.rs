//! What `/proc/self` says of this process, in files that are opened once.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use nix::fcntl::{OFlag, open, readlinkat};
use nix::sys::stat::Mode;
use privsep::attributes::{self, Descriptor};

/// More descriptors than this are not looked at one by one.
const MAX_DESCRIPTORS: usize = 1024;
/// What is read of a file under `/proc` at once, in bytes.
pub(super) const FILE_BYTES: usize = 4096;

/// The line of `/proc/self/status` with the signals that have a handler.
pub(super) const CAUGHT: &str = "SigCgt";

pub(super) const SIGNALS: &str = "its signals";

pub(super) const PRIVILEGES: &str = "its privileges";

/// What a line of it tells of, if it is compared. One read takes as long as thirty system calls.
pub(super) fn told_by(line: &str) -> Option<&'static str> {
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

/// What `/proc/self/status` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// The lines that are compared.
    text: String,
    handlers: Vec<u8>,
}

impl Status {
    pub(super) fn of(all: &str) -> Option<Self> {
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
        let mut handlers = Vec::new();
        attributes::signal_handlers(&mut handlers, caught?);
        Some(Status { text, handlers })
    }

    /// What differs, the first of it.
    pub(super) fn difference(&self, now: &Self) -> Option<&'static str> {
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

/// What is read of `/proc/self`, opened once: to open a file there takes longer than to read it.
///
/// A module that closes one of these, or puts another file in its place, has changed what is read there.
#[derive(Debug)]
pub(super) struct Proc {
    status: Option<File>,
    timers: Option<File>,
    contexts: Vec<File>,
    namespaces: Option<OwnedFd>,
    /// The descriptors of these, which are not compared as others are.
    pub(super) own: Vec<RawFd>,
}

impl Proc {
    pub(super) fn open() -> Self {
        let open_file = |name: &str| File::open(format!("/proc/self/{name}")).ok();
        let all = |names: &[&str]| names.iter().filter_map(|name| open_file(name)).collect::<Vec<_>>();
        let mut contexts = all(&["oom_score_adj", "loginuid", "cgroup"]);
        // Where no security module of the kernel gives contexts, none of these can be read, today or later.
        let mut attributes =
            all(&["attr/current", "attr/exec", "attr/fscreate", "attr/keycreate", "attr/sockcreate"]);
        attributes.retain(|file| file.read_at(&mut [0], 0).is_ok());
        contexts.append(&mut attributes);
        let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let namespaces = open("/proc/self/ns", directory, Mode::empty()).ok();
        let (status, timers) = (open_file("status"), open_file("timers"));
        let files = [&status, &timers].into_iter().flatten().chain(&contexts).map(AsRawFd::as_raw_fd);
        let own = files.chain(namespaces.as_ref().map(AsRawFd::as_raw_fd)).collect();
        Proc { status, timers, contexts, namespaces, own }
    }

    /// With memory to read into.
    pub(super) fn status(&self, buffer: &mut Vec<u8>) -> Option<Status> {
        let file = self.status.as_ref()?;
        let mut length = 0;
        loop {
            // Long where there are many groups.
            buffer.resize(length + FILE_BYTES, 0);
            let offset = u64::try_from(length).unwrap_or(u64::MAX);
            match file.read_at(&mut buffer[length..], offset).ok()? {
                0 => break,
                count => length += count,
            }
        }
        Status::of(std::str::from_utf8(&buffer[..length]).ok()?)
    }

    /// The links name the namespaces. To follow them takes twice as long.
    pub(super) fn namespaces(&self, to: &mut Vec<u8>) {
        let Some(directory) = self.namespaces.as_ref() else { return };
        for name in ["cgroup", "ipc", "mnt", "net", "pid_for_children", "time_for_children", "user", "uts"] {
            match readlinkat(directory.as_fd(), name) {
                Ok(namespace) => to.extend(namespace.as_bytes()),
                Err(errno) => to.extend((-(errno as i32)).to_ne_bytes()),
            }
        }
    }

    pub(super) fn timers(&self, to: &mut Vec<u8>) {
        attributes::interval_timers(to);
        self.timers.iter().for_each(|file| append(to, file));
    }

    pub(super) fn contexts(&self, to: &mut Vec<u8>) {
        self.contexts.iter().for_each(|file| append(to, file));
    }

    /// All that are open but its own.
    pub(super) fn descriptors(&self) -> Option<Vec<Descriptor>> {
        let mut numbers: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")
            .ok()?
            .flatten()
            .take(MAX_DESCRIPTORS + 1)
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        if numbers.len() > MAX_DESCRIPTORS {
            return None;
        }
        numbers.retain(|number| !self.own.contains(number));
        numbers.sort_unstable();
        // That of the directory is closed by now.
        Some(numbers.into_iter().filter_map(attributes::descriptor).collect())
    }
}

/// What a file says at its beginning, or that it cannot be read.
pub(super) fn append(to: &mut Vec<u8>, file: &File) {
    let mut buffer = [0; FILE_BYTES];
    match file.read_at(&mut buffer, 0) {
        Ok(count) => to.extend(&buffer[..count]),
        Err(error) => to.extend((-error.raw_os_error().unwrap_or(1)).to_ne_bytes()),
    }
    // Marks where the next file begins.
    to.push(0xff);
}
