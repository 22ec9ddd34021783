//! The workers: one table, each with its number, its channel and what it does. The keeper forks, kills and reaps them. A
//! worker counts until the keeper says that it has ended.

mod counting;
mod ending;
mod orders;
mod reports;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use privsep::Channel;
use privsep::kept_helper::KeeperLink;
use privsep::orphans::GRACE;

pub use counting::Doing;
pub use ending::Gone;
pub use orders::NotBegun;
pub use reports::{HeardFromWorker, NewQuestion};

use super::attempt::Attempt;
use super::events::{EventSource, Events, WorkerId};
use crate::protocol::{Order, Report};
use crate::settings::Settings;

/// An idle worker that is not the last leaves after this time.
pub const IDLE_TIME: Duration = Duration::from_secs(30);
/// The same where few workers may be started: their places in the control group may be needed for scripts.
const SHORT_IDLE_TIME: Duration = Duration::from_secs(2);
/// So few.
const FEW: usize = 4;
/// A worker leaves after this many transactions, or at this age: a module replaced on disk is only seen by a new process.
pub const MAX_SERVED: u32 = 1000;
/// See [`MAX_SERVED`].
pub const MAX_AGE: Duration = Duration::from_secs(3600);
/// A worker that is not ready so long after its start or a transaction is killed: it would count as free for ever.
pub const MAX_NOT_READY: Duration = Duration::from_secs(20);
/// A worker that looks at itself for so long does not count as free any more, so that others start: mostly it takes a
/// fraction of a millisecond, and one that a module has stopped takes for ever.
pub const QUICK_LOOK: Duration = Duration::from_millis(100);
/// Random bytes that are read at once, 8 for each transaction.
const NONCES: usize = 512;

/// What a worker does.
#[derive(Debug)]
enum WorkerState {
    /// It was forked and has not said yet that it is ready.
    Starting,
    /// It waits for an attempt, since then.
    Idle(Instant),
    /// It runs a transaction.
    Running {
        attempt: Box<Attempt>,
        /// Random number that its reports repeat.
        nonce: u64,
        counts: ReportCounts,
    },
    /// Its transaction waits for the answer to a question, and nobody waits for a verdict.
    Suspended {
        /// As of the transaction.
        nonce: u64,
        counts: ReportCounts,
    },
    /// Its transaction has let a client in, and is kept for the session of that.
    InSession {
        /// As of the transaction.
        nonce: u64,
        counts: ReportCounts,
    },
    /// Its transaction is over, and it looks whether a module has changed its process, since then.
    LookingAtItself {
        since: Instant,
        /// As of the transaction.
        nonce: u64,
        /// For longer than [`QUICK_LOOK`].
        slow: bool,
    },
    /// It was killed or told to leave, or has gone by itself. The attempt it ran, if it was not taken from it: that is
    /// concluded when it is known how the process ended.
    Ending(Option<Box<Attempt>>),
}

impl WorkerState {
    /// Its transaction has asked and is not over: it waits for the answer, or goes on with it.
    fn has_asked(&self) -> bool {
        match self {
            WorkerState::Suspended { .. } => true,
            WorkerState::Running { counts, .. } => counts.questions > 0,
            WorkerState::Starting
            | WorkerState::Idle(_)
            | WorkerState::InSession { .. }
            | WorkerState::LookingAtItself { .. }
            | WorkerState::Ending(_) => false,
        }
    }

    /// Whether it has a bound of its own. Then it takes no other attempt.
    fn is_apart(&self) -> bool {
        self.has_asked() || matches!(self, WorkerState::InSession { .. })
    }
}

/// How much a worker has said in one transaction.
#[derive(Debug, Default, Clone, Copy)]
struct ReportCounts {
    notes: usize,
    questions: usize,
}

/// Why a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// By itself.
    Own,
    /// It got the order to leave, or was killed because its time was over.
    Told,
    /// It was killed, for what it has sent is no report.
    Distrusted,
}

struct Worker {
    /// For the log; `None`: not known yet.
    pid: Option<Pid>,
    ready: bool,
    why: EndReason,
    /// When it is killed with its process group if it has not ended.
    end_by: Option<Instant>,
    /// `None`: nothing more is heard from it.
    channel: Option<Channel<Order, Report>>,
    /// Stays open until it is dead, when it was killed: it must not see its end and leave as if nothing had happened.
    unheard: Option<Channel<Order, Report>>,
    born: Instant,
    served: u32,
    state: WorkerState,
}

/// All of them, and what each new one gets.
pub struct Workers {
    keeper: KeeperLink,
    table: BTreeMap<WorkerId, Worker>,
    last_id: WorkerId,
    random: BufReader<File>,
    _parent_death_pipe: OwnedFd,
    idle_time: Duration,
    /// Transactions that have asked, beside `max-workers`.
    most_asked: usize,
}

impl Workers {
    /// Without workers. They die when `parent_death_pipe` is closed. `most_asked`: transactions that have asked, beside
    /// `max-workers`.
    pub fn new(
        settings: &Settings,
        most_asked: usize,
        keeper: KeeperLink,
        parent_death_pipe: OwnedFd,
        random: File,
    ) -> Self {
        Workers {
            keeper,
            table: BTreeMap::new(),
            last_id: 0,
            random: BufReader::with_capacity(NONCES, random),
            _parent_death_pipe: parent_death_pipe,
            idle_time: if settings.max_workers <= FEW { SHORT_IDLE_TIME } else { IDLE_TIME },
            most_asked,
        }
    }

    /// The way to the keeper.
    pub fn keeper(&mut self) -> &mut KeeperLink {
        &mut self.keeper
    }

    /// Waits no longer for those that take too long to look at themselves.
    pub fn note_slow(&mut self, now: Instant) {
        for worker in self.table.values_mut() {
            if let WorkerState::LookingAtItself { since, slow, .. } = &mut worker.state {
                *slow |= *since + QUICK_LOOK <= now;
            }
        }
    }

    /// The worker that has been idle for the shortest time, so that the others get old.
    pub fn idle(&self) -> Option<WorkerId> {
        self.idle_ones().max_by_key(|(_, _, since)| *since).map(|(id, _, _)| id)
    }

    fn idle_ones(&self) -> impl Iterator<Item = (WorkerId, Instant, Instant)> {
        self.table.iter().filter_map(|(id, worker)| match worker.state {
            WorkerState::Idle(since) => Some((*id, worker.born, since)),
            _ => None,
        })
    }

    /// Has the keeper fork a worker; whether that works is heard later.
    pub fn fork(&mut self, now: Instant, events: &Events) -> nix::Result<()> {
        let (ours, theirs) = privsep::channel::sockets()?;
        let id = self.last_id + 1;
        events.add(&ours, EventSource::Worker(id))?;
        self.keeper.fork(id, theirs);
        self.last_id = id;
        self.insert(id, Channel::from_socket(ours), now, WorkerState::Starting);
        Ok(())
    }

    /// Has the keeper fork the writer of the metrics file, with a number of its own and this end of its channel.
    pub fn fork_clerk(&mut self, events: &Events) -> nix::Result<(WorkerId, OwnedFd)> {
        let (ours, theirs) = privsep::channel::sockets()?;
        events.add(&ours, EventSource::Writer)?;
        self.last_id += 1;
        self.keeper.fork_clerk(self.last_id, theirs);
        Ok((self.last_id, ours))
    }

    fn insert(&mut self, id: WorkerId, channel: Channel<Order, Report>, born: Instant, state: WorkerState) {
        let worker = Worker {
            pid: None,
            ready: false,
            why: EndReason::Own,
            end_by: None,
            channel: Some(channel),
            unheard: None,
            born,
            served: 0,
            state,
        };
        self.table.insert(id, worker);
    }

    /// The keeper has forked a worker.
    pub fn forked(&mut self, id: WorkerId, pid: Pid) {
        if let Some(worker) = self.table.get_mut(&id) {
            worker.pid = Some(pid);
        }
    }

    /// When [`Workers::late`], [`Workers::note_slow`], [`Workers::retire`] or [`Workers::kill_late`] will have something to
    /// do.
    pub fn next_event(&self) -> Option<Instant> {
        let several = self.alive() > 1;
        let leaves = |(_, born, since): (WorkerId, Instant, Instant)| {
            let old = born + MAX_AGE;
            if several { old.min(since + self.idle_time) } else { old }
        };
        let late = self.table.values().filter_map(Worker::deadline);
        let ends = self.table.values().filter_map(|worker| worker.end_by);
        let slow = self.table.values().filter_map(|worker| match worker.state {
            WorkerState::LookingAtItself { since, slow: false, .. } => Some(since + QUICK_LOOK),
            _ => None,
        });
        late.chain(slow).chain(ends).chain(self.idle_ones().map(leaves)).min()
    }

    /// A worker's process, for the log; zero: not known yet.
    pub fn pid(&self, id: WorkerId) -> i32 {
        self.table.get(&id).and_then(|worker| worker.pid).map_or(0, Pid::as_raw)
    }

    /// The same; nothing if it is not known yet.
    pub fn process(&self, id: WorkerId) -> Option<Pid> {
        self.table.get(&id).and_then(|worker| worker.pid)
    }
}

impl WorkerState {
    /// What a worker that ends owes a verdict.
    fn into_attempt(self) -> Option<Box<Attempt>> {
        match self {
            WorkerState::Running { attempt, .. } => Some(attempt),
            WorkerState::Ending(attempt) => attempt,
            WorkerState::Starting
            | WorkerState::LookingAtItself { .. }
            | WorkerState::Idle(_)
            | WorkerState::Suspended { .. }
            | WorkerState::InSession { .. } => None,
        }
    }
}

impl Worker {
    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            WorkerState::Running { attempt, .. } => attempt.deadline,
            WorkerState::Starting => Some(self.born + MAX_NOT_READY),
            WorkerState::LookingAtItself { since, .. } => Some(*since + MAX_NOT_READY),
            WorkerState::Idle(_)
            | WorkerState::Suspended { .. }
            | WorkerState::InSession { .. }
            | WorkerState::Ending(_) => None,
        }
    }

    /// Closes the channel, which also takes it out of what the supervisor waits for.
    fn end(&mut self, now: Instant, why: EndReason) -> &mut WorkerState {
        self.channel = None;
        self.why = why;
        self.end_by = Some(now + GRACE);
        let attempt = std::mem::replace(&mut self.state, WorkerState::Starting).into_attempt();
        self.state = WorkerState::Ending(attempt);
        &mut self.state
    }
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
