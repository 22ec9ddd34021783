//! The workers of one generation: the keeper forks, signals and reaps them for their helper, from memory that has seen no
//! secret. What the helper says about them is checked. It never names a process, only a number of its own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{SockType, UnixAddr, getsockname, getsockopt, sockopt};
use nix::unistd::Pid;

use crate::channel::above_standard;
use crate::confine;
use crate::helper::kill_group;
use crate::kept_helper::keeper_messages::WorkerNumber;
use crate::kept_helper::new_helper::ForWorkers;
use crate::os;
use crate::parent_death_pipe::ParentDeathPipe;

/// The workers that a helper may have.
pub struct WorkersPlan<'a> {
    /// The whole life of one, in a child of the keeper's, with every signal blocked until
    /// [`Confinement::enter`](crate::confine::Confinement::enter).
    pub live: &'a dyn Fn(NewWorker<'_>) -> Infallible,
    /// How many there may be at once.
    pub most: usize,
    /// A process of another kind that the helper may ask for, for what it has no rights to do itself. It is forked and ended as
    /// workers are, one at a time.
    pub clerk: Option<&'a dyn Fn(NewWorker<'_>) -> Infallible>,
    /// Who leaves processes running in them, for the log.
    pub culprits: &'a str,
}

/// What a worker is born with.
pub struct NewWorker<'a> {
    /// Its end of its channel to the helper.
    pub channel: OwnedFd,
    /// Where it prints.
    pub output: BorrowedFd<'a>,
    /// Kills this process when the helper dies, see [`die_with_parent`](crate::parent_death_pipe::die_with_parent).
    pub parent_death_pipe: BorrowedFd<'a>,
}

/// What is forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChildKind {
    Worker,
    Clerk,
}

/// The workers of one helper, as the keeper knows them.
pub(super) struct WorkerProcesses<'a> {
    plan: &'a WorkersPlan<'a>,
    memory_locked: bool,
    output: OwnedFd,
    parent_death_pipe: OwnedFd,
    last: WorkerNumber,
    clerk: Option<WorkerNumber>,
    processes: HashMap<WorkerNumber, Pid>,
    numbers: HashMap<Pid, WorkerNumber>,
}

impl<'a> WorkerProcesses<'a> {
    /// None yet; and the helper's ends of what they share.
    pub(super) fn new(plan: &'a WorkersPlan<'a>, memory_locked: bool) -> nix::Result<(Self, ForWorkers)> {
        let (parent_death_pipe, helpers_end) = ParentDeathPipe::new()?.into_ends();
        // Neither end ever blocks: a module that prints more than is read loses it.
        let (output_read, output) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let workers = WorkerProcesses {
            plan,
            memory_locked,
            output: above_standard(output)?,
            parent_death_pipe: above_standard(parent_death_pipe)?,
            last: 0,
            clerk: None,
            processes: HashMap::new(),
            numbers: HashMap::new(),
        };
        let of_helper = ForWorkers {
            output: above_standard(output_read)?,
            parent_death_pipe: above_standard(helpers_end)?,
        };
        Ok((workers, of_helper))
    }

    /// Whether the helper may ask for a worker of this number; it does so once.
    pub(super) fn is_new(&mut self, worker: WorkerNumber) -> bool {
        let new = worker > self.last;
        self.last = self.last.max(worker);
        new
    }

    /// Whether the helper may ask for one of this kind.
    pub(super) fn has_plan_for(&self, kind: ChildKind) -> bool {
        kind == ChildKind::Worker || self.plan.clerk.is_some()
    }

    /// Forks one.
    pub(super) fn fork(
        &mut self,
        kind: ChildKind,
        worker: WorkerNumber,
        channel: OwnedFd,
    ) -> nix::Result<Pid> {
        let clerk = self.clerk.filter(|clerk| self.processes.contains_key(clerk));
        if self.processes.len() >= self.plan.most || (kind == ChildKind::Clerk && clerk.is_some()) {
            return Err(Errno::EAGAIN);
        }
        let channel = above_standard(channel)?;
        let live = match kind {
            ChildKind::Worker => self.plan.live,
            ChildKind::Clerk => self.plan.clerk.ok_or(Errno::EINVAL)?,
        };
        let (output, parent_death_pipe) = (self.output.as_fd(), self.parent_death_pipe.as_fd());
        let memory_locked = self.memory_locked;
        let process = os::fork(move || {
            if memory_locked {
                let _ = confine::lock_memory();
            }
            live(NewWorker { channel, output, parent_death_pipe })
        })?;
        self.processes.insert(worker, process);
        self.numbers.insert(process, worker);
        if kind == ChildKind::Clerk {
            self.clerk = Some(worker);
        }
        Ok(process)
    }

    /// Kills one; false if there has never been one of this number.
    pub(super) fn kill(&self, worker: WorkerNumber, group: bool) -> bool {
        // One that is in the list is not reaped yet, so its number is its own.
        if let Some(process) = self.processes.get(&worker) {
            if group {
                kill_group(*process);
            } else {
                // It alone: what it has started has the time to leave that an orphan has.
                let _ = kill(*process, Signal::SIGKILL);
            }
        }
        worker <= self.last
    }

    /// Kills all, each alone.
    pub(super) fn kill_all(&self) {
        for process in self.processes.values() {
            let _ = kill(*process, Signal::SIGKILL);
        }
    }

    /// Kills all with their process groups.
    pub(super) fn kill_all_groups(&self) {
        self.processes.values().for_each(|process| kill_group(*process));
    }

    /// Whether this process is one of them.
    pub(super) fn has(&self, process: Pid) -> bool {
        self.numbers.contains_key(&process)
    }

    /// This process was reaped; which worker it was.
    pub(super) fn reaped(&mut self, process: Pid) -> Option<WorkerNumber> {
        let worker = self.numbers.remove(&process)?;
        self.processes.remove(&worker);
        Some(worker)
    }
}

/// Whether a descriptor can be a worker's channel. To close another one, a file of FUSE or a connection over a network for
/// instance, could mean to wait.
pub(super) fn is_channel(descriptor: &OwnedFd) -> bool {
    getsockopt(descriptor, sockopt::SockType) == Ok(SockType::SeqPacket)
        && getsockname::<UnixAddr>(descriptor.as_raw_fd()).is_ok()
}
