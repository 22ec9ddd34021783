//! The workers: one table, each with its process, its channel and what it does. A process counts until it is reaped.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::Pid;
use privsep::leash::Leash;
use privsep::{Channel, ChannelError, WireError, kill_group};

use super::attempt::Attempt;
use super::events::{Events, What, WorkerId};
use super::module_output::ModuleOutput;
use crate::limits;
use crate::origin::Origin;
use crate::protocol::{End, News, Order, Report};
use crate::settings::Settings;
use crate::worker::{self, Birth};

/// Notes one transaction may have; an honest worker sends fewer.
const MAX_NOTES: usize = 64;
/// An idle worker that is not the last leaves after this time.
pub const IDLE_TIME: Duration = Duration::from_secs(30);
/// A worker leaves after this many transactions, or at this age: a module replaced on disk is only seen by a new process.
pub const MAX_SERVED: u32 = 1000;
/// See [`MAX_SERVED`].
pub const MAX_AGE: Duration = Duration::from_secs(3600);

/// A worker that has not loaded its modules after this time is killed: it would count as free for ever.
pub const MAX_START: Duration = Duration::from_secs(20);

/// What a worker does.
#[derive(Debug)]
enum State {
    /// It was forked and has not said yet that it is ready.
    Starting,
    /// It waits for an attempt, since then.
    Idle(Instant),
    /// It runs a transaction.
    Running {
        attempt: Box<Attempt>,
        /// Random number that its reports repeat.
        nonce: u64,
        notes: usize,
    },
    /// It was killed or told to leave, or has gone by itself. The attempt it ran, if it was not taken from it: that is
    /// concluded when it is known how the process ended.
    Ending(Option<Box<Attempt>>),
}

struct Worker {
    pid: Pid,
    /// `None`: nothing more is heard from it.
    channel: Option<Channel<Order, Report>>,
    born: Instant,
    served: u32,
    state: State,
}

/// What a worker had to say.
#[derive(Debug)]
pub enum Heard {
    /// It has started.
    Ready,
    /// Something for the log, about this attempt: its user, the text, where it comes from.
    Note(String, Vec<u8>, Origin),
    /// Its transaction has ended.
    Ended(Box<Attempt>, End),
}

/// All of them, and what each is born with.
pub struct Workers {
    settings: Settings,
    table: BTreeMap<WorkerId, Worker>,
    by_pid: HashMap<Pid, WorkerId>,
    last_id: WorkerId,
    random: File,
    leash: Leash,
    open_files: limits::OpenFiles,
}

impl Workers {
    /// Without workers. `open_files`: the limit they get.
    pub fn new(settings: &Settings, open_files: limits::OpenFiles) -> nix::Result<Self> {
        let random =
            File::open("/dev/urandom").map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        Ok(Workers {
            settings: settings.clone(),
            table: BTreeMap::new(),
            by_pid: HashMap::new(),
            last_id: 0,
            random,
            leash: Leash::new()?,
            open_files,
        })
    }

    /// How many processes there are, those that end included.
    pub fn processes(&self) -> usize {
        self.table.len()
    }

    /// How many may run an attempt, now or later.
    pub fn alive(&self) -> usize {
        self.table.values().filter(|worker| !matches!(worker.state, State::Ending(_))).count()
    }

    /// How many run a transaction.
    pub fn running(&self) -> usize {
        self.table.values().filter(|worker| matches!(worker.state, State::Running { .. })).count()
    }

    /// How many are free: idle, or about to be.
    pub fn free(&self) -> usize {
        let free = |worker: &&Worker| matches!(worker.state, State::Starting | State::Idle(_));
        self.table.values().filter(free).count()
    }

    /// The worker that has been idle for the shortest time, so that the others get old.
    pub fn idle(&self) -> Option<WorkerId> {
        self.idle_ones().max_by_key(|(_, _, since)| *since).map(|(id, _, _)| id)
    }

    fn idle_ones(&self) -> impl Iterator<Item = (WorkerId, Instant, Instant)> {
        self.table.iter().filter_map(|(id, worker)| match worker.state {
            State::Idle(since) => Some((*id, worker.born, since)),
            _ => None,
        })
    }

    /// Forks a worker. `wipe` runs first in the child.
    pub fn fork(
        &mut self,
        now: Instant,
        events: &Events,
        output: &ModuleOutput,
        wipe: impl FnOnce(),
    ) -> nix::Result<()> {
        let (ours, theirs) = privsep::pair::<Order, Report>()?;
        let id = self.last_id + 1;
        events.add(&ours, What::Worker(id))?;
        let birth = Birth {
            settings: &self.settings,
            channel: theirs,
            output: output.write_end(),
            leash: self.leash.read_end(),
            open_files: self.open_files,
        };
        let pid = privsep::fork_child(move || {
            wipe();
            worker::live(birth)
        })?;
        self.last_id = id;
        self.insert(id, pid, ours, now, State::Starting);
        Ok(())
    }

    fn insert(
        &mut self,
        id: WorkerId,
        pid: Pid,
        channel: Channel<Order, Report>,
        born: Instant,
        state: State,
    ) {
        self.by_pid.insert(pid, id);
        self.table.insert(id, Worker { pid, channel: Some(channel), born, served: 0, state });
    }

    /// Gives an attempt to an idle worker. If that cannot be done the worker ends, and the attempt comes back: it has
    /// not begun.
    pub fn begin(&mut self, id: WorkerId, attempt: Attempt) -> Result<(), Box<Attempt>> {
        match self.try_begin(id, attempt) {
            Ok(()) => Ok(()),
            Err(failure) => {
                let (attempt, error) = *failure;
                let pid = self.table.get(&id).map_or(0, |worker| worker.pid.as_raw());
                log::warn!("idle worker {pid} had exited ({error}); retrying on another worker");
                self.kill(id);
                Err(Box::new(attempt))
            }
        }
    }

    fn try_begin(&mut self, id: WorkerId, mut attempt: Attempt) -> Result<(), Box<(Attempt, ChannelError)>> {
        // An idle worker has nothing to say: what has arrived from it shows that it is gone or not to be trusted.
        if let Err(error) = self.hear(Instant::now(), id) {
            return Err(Box::new((attempt, error)));
        }
        let mut nonce = [0; 8];
        if let Err(error) = self.random.read_exact(&mut nonce) {
            let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            return Err(Box::new((attempt, ChannelError::System(errno))));
        }
        let nonce = u64::from_ne_bytes(nonce);
        let worker = self.table.get_mut(&id);
        let Some((Worker { channel: Some(channel), state, .. }, credentials)) =
            worker.zip(attempt.credentials.take())
        else {
            return Err(Box::new((attempt, ChannelError::Closed)));
        };
        let order = Order {
            nonce,
            username: attempt.username.clone(),
            address: attempt.origin.address.clone(),
            credentials,
            client: attempt.client.clone(),
        };
        match channel.try_send(&order, &[]) {
            Ok(()) => {
                *state = State::Running { attempt: Box::new(attempt), nonce, notes: 0 };
                Ok(())
            }
            Err(error) => {
                attempt.credentials = Some(order.credentials);
                Err(Box::new((attempt, error)))
            }
        }
    }

    /// What a worker has to say; `None`: nothing more at the moment. An error means that the worker is gone or not to be
    /// trusted: see [`Workers::hung_up`].
    pub fn hear(&mut self, now: Instant, id: WorkerId) -> Result<Option<Heard>, ChannelError> {
        let unexpected =
            |value| ChannelError::Malformed(WireError::Unknown { field: "number of the transaction", value });
        let Some(worker) = self.table.get_mut(&id) else { return Ok(None) };
        let Some(channel) = &mut worker.channel else { return Ok(None) };
        let Some(received) = channel.try_receive()? else { return Ok(None) };
        let Report { nonce, news } = received.message;
        match (&mut worker.state, news) {
            (State::Starting, News::Ready) if nonce == 0 => {
                worker.state = State::Idle(now);
                Ok(Some(Heard::Ready))
            }
            (State::Running { attempt, nonce: own, notes }, News::Note(text)) if nonce == *own => {
                if *notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                *notes += 1;
                Ok(Some(Heard::Note(attempt.user(), text, attempt.origin.clone())))
            }
            (State::Running { nonce: own, .. }, News::End(end)) if nonce == *own => {
                worker.served += 1;
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, State::Idle(now))
                else {
                    return Err(unexpected(nonce));
                };
                let old =
                    worker.served >= MAX_SERVED || now.saturating_duration_since(worker.born) >= MAX_AGE;
                if end.leaving || old {
                    self.dismiss(id);
                }
                Ok(Some(Heard::Ended(attempt, end)))
            }
            _ => Err(unexpected(nonce)),
        }
    }

    /// A worker's channel has ended or cannot be trusted: kills it, with what it started. What it ran is concluded when
    /// it is reaped.
    pub fn hung_up(&mut self, id: WorkerId, error: &ChannelError) {
        let Some(worker) = self.table.get_mut(&id) else { return };
        if !matches!(error, ChannelError::Closed) {
            log::error!("worker {} sent something else than a report ({error}) and was killed", worker.pid);
        }
        kill_group(worker.pid);
        worker.end();
    }

    /// Kills a worker; the attempt it ran.
    pub fn kill(&mut self, id: WorkerId) -> Option<Box<Attempt>> {
        let worker = self.table.get_mut(&id)?;
        kill_group(worker.pid);
        let State::Ending(attempt) = worker.end() else { return None };
        attempt.take()
    }

    /// Closes a worker's channel, on which it leaves.
    fn dismiss(&mut self, id: WorkerId) {
        if let Some(worker) = self.table.get_mut(&id) {
            worker.end();
        }
    }

    /// Dismisses idle workers that are too old or have had nothing to do for too long. For want of work, the last one
    /// stays.
    pub fn retire(&mut self, now: Instant) {
        let mut idle: Vec<_> = self.idle_ones().collect();
        idle.sort_by_key(|(_, _, since)| *since);
        let mut alive = self.alive();
        for (id, born, since) in idle {
            let old = now.saturating_duration_since(born) >= MAX_AGE;
            if old || (alive > 1 && now.saturating_duration_since(since) >= IDLE_TIME) {
                self.dismiss(id);
                alive -= 1;
            }
        }
    }

    /// The running ones whose attempts are over their time, and those that take too long to start.
    pub fn late(&self, now: Instant) -> Vec<WorkerId> {
        let late = |worker: &Worker| worker.deadline().is_some_and(|deadline| deadline <= now);
        self.table.iter().filter(|(_, worker)| late(worker)).map(|(id, _)| *id).collect()
    }

    /// When [`Workers::late`] or [`Workers::retire`] will have something to do.
    pub fn next_event(&self) -> Option<Instant> {
        let several = self.alive() > 1;
        let leaves = |(_, born, since): (WorkerId, Instant, Instant)| {
            let old = born + MAX_AGE;
            if several { old.min(since + IDLE_TIME) } else { old }
        };
        let late = self.table.values().filter_map(Worker::deadline);
        late.chain(self.idle_ones().map(leaves)).min()
    }

    /// Which worker a process is that was reaped.
    pub fn of_process(&self, pid: Pid) -> Option<WorkerId> {
        self.by_pid.get(&pid).copied()
    }

    /// A worker's process was reaped: it counts no more. What it ran, and whether its end was expected.
    pub fn reaped(&mut self, id: WorkerId) -> (Option<Box<Attempt>>, bool) {
        let Some(worker) = self.table.remove(&id) else { return (None, true) };
        self.by_pid.remove(&worker.pid);
        match worker.state {
            State::Starting | State::Idle(_) => (None, false),
            State::Running { attempt, .. } => (Some(attempt), false),
            State::Ending(attempt) => (attempt, true),
        }
    }

    /// Kills all.
    pub fn kill_all(&self) {
        self.table.values().for_each(|worker| kill_group(worker.pid));
    }
}

impl Worker {
    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Running { attempt, .. } => attempt.deadline,
            State::Starting => Some(self.born + MAX_START),
            _ => None,
        }
    }

    /// Closes the channel, which also takes it out of what the supervisor waits for.
    fn end(&mut self) -> &mut State {
        self.channel = None;
        let attempt = match std::mem::replace(&mut self.state, State::Starting) {
            State::Running { attempt, .. } => Some(attempt),
            State::Ending(attempt) => attempt,
            State::Starting | State::Idle(_) => None,
        };
        self.state = State::Ending(attempt);
        &mut self.state
    }
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
