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

mod proc_self;

use std::os::unix::fs::MetadataExt;

use privsep::attributes::{self, Descriptor};
use privsep::orphans;

use proc_self::{FILE_BYTES, PRIVILEGES, Proc, Status};

/// Connections to services that a worker may keep.
pub const MAX_CONNECTIONS: usize = 8;

type Reader = fn(&Proc, &mut Vec<u8>);

/// The other kinds, and how each is read.
const KINDS: [(&str, Reader); 12] = [
    ("its children", |_, to| to.push(u8::from(orphans::have_children()))),
    ("its environment", |_, to| attributes::environment(to)),
    ("its working or root directory", |_, to| [".", "/"].iter().for_each(|path| inode(to, path))),
    ("its resource limits", |_, to| attributes::limits(to)),
    ("its scheduling", |_, to| attributes::scheduling(to)),
    (PRIVILEGES, |_, to| attributes::privileges(to)),
    ("its namespaces", Proc::namespaces),
    ("its keyrings", |_, to| attributes::keyrings(to)),
    ("its memory", |_, to| attributes::memory(to)),
    ("its timers", Proc::timers),
    ("its session or process group", |_, to| attributes::session(to)),
    ("its control group, security context or OOM score", Proc::contexts),
];

/// The state of this process.
#[derive(Debug)]
pub struct ProcessState {
    proc: Proc,
    /// `None`: it cannot be read.
    status: Option<Status>,
    kinds: [Vec<u8>; KINDS.len()],
    /// `None`: too many, or there is no `/proc`.
    descriptors: Option<Vec<Descriptor>>,
    /// What was read last; kept for its memory.
    read: Vec<u8>,
}

impl ProcessState {
    /// As it is now.
    pub fn now() -> Self {
        let proc = Proc::open();
        let kinds = KINDS.map(|(_, read)| {
            let mut all = Vec::new();
            read(&proc, &mut all);
            all
        });
        let mut read = Vec::with_capacity(FILE_BYTES);
        ProcessState { status: proc.status(&mut read), kinds, descriptors: proc.descriptors(), read, proc }
    }

    /// What has changed since, the first of it. Connections that may stay belong to the state from now on.
    pub fn change(&mut self) -> Option<&'static str> {
        let Some((before, now)) = self.status.as_ref().zip(self.proc.status(&mut self.read)) else {
            return Some("unknown: /proc/self/status cannot be read");
        };
        // First: where a thread runs, nothing else is looked at.
        if let Some(what) = before.difference(&now) {
            return Some(what);
        }
        for ((name, read), before) in KINDS.iter().zip(&self.kinds) {
            self.read.clear();
            read(&self.proc, &mut self.read);
            if self.read != *before {
                return Some(name);
            }
        }
        self.change_of_descriptors()
    }

    fn change_of_descriptors(&mut self) -> Option<&'static str> {
        // As many as there were, and each of those as it was: there is no other. This saves the walk through all of them.
        if let (Some(before), Some(count)) = (&self.descriptors, attributes::open_descriptors()) {
            let same = |one: &Descriptor| attributes::descriptor(one.number).as_ref() == Some(one);
            if count == before.len() + self.proc.own.len() && before.iter().all(same) {
                return None;
            }
        }
        let now = self.proc.descriptors();
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

/// Whether all that was open is as it was, and what is new may stay.
fn only_connections_more(before: Option<&[Descriptor]>, now: Option<&[Descriptor]>) -> bool {
    let (Some(before), Some(now)) = (before, now) else { return false };
    let may_stay = |one: &Descriptor| before.contains(one) || attributes::leads_to_a_service_of_roots(one);
    let kept = now.iter().filter(|one| attributes::leads_to_a_service_of_roots(one)).count();
    now.iter().all(may_stay) && before.iter().all(|one| now.contains(one)) && kept <= MAX_CONNECTIONS
}

fn inode(to: &mut Vec<u8>, path: &str) {
    match std::fs::metadata(path) {
        Ok(file) => [file.dev(), file.ino()].iter().for_each(|number| to.extend(number.to_ne_bytes())),
        Err(error) => to.extend((-error.raw_os_error().unwrap_or(1)).to_ne_bytes()),
    }
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
            let mut state = ProcessState::now();
            state.descriptors.is_some() && (0..3).all(|_| state.change().is_none())
        });
    }

    #[test]
    fn a_thread_more_is_a_difference() {
        alone(|| {
            let mut state = ProcessState::now();
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
            let mut state = ProcessState::now();
            let pair = UnixStream::pair();
            pair.is_ok() && state.change() == Some("its descriptors")
        });
    }

    /// Prints the times with `--nocapture`, and with `--release` they mean something.
    #[test]
    fn what_a_comparison_takes() {
        alone(|| {
            const ROUNDS: u32 = 1_000;
            let mut state = ProcessState::now();
            let each = |started: Instant| started.elapsed() / ROUNDS;
            let started = Instant::now();
            let unchanged = (0..ROUNDS).all(|_| state.change().is_none());
            println!("in all {:?}", each(started));
            let mut buffer = Vec::new();
            for (name, read) in KINDS {
                let started = Instant::now();
                (0..ROUNDS).for_each(|_| {
                    buffer.clear();
                    read(&state.proc, std::hint::black_box(&mut buffer));
                });
                println!("{name}: {:?}", each(started));
            }
            let started = Instant::now();
            (0..ROUNDS).for_each(|_| _ = std::hint::black_box(state.proc.status(&mut buffer)));
            println!("its status: {:?}", each(started));
            let started = Instant::now();
            (0..ROUNDS).for_each(|_| _ = std::hint::black_box(state.change_of_descriptors()));
            println!("its descriptors: {:?}", each(started));
            unchanged && started.elapsed() > Duration::ZERO
        });
    }
}
