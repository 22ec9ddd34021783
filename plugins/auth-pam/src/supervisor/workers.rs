//! The workers: one table, each with its number, its channel and what it does. The keeper forks, kills and reaps them. A
//! worker counts until the keeper says that it has ended.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::Pid;
use privsep::life::KeeperLink;
use privsep::orphans::GRACE;
use privsep::{Channel, ChannelError, WireError};

use super::attempt::Attempt;
use super::events::{Events, What, WorkerId};
use super::figures::WorkerCounts;
use crate::client_options::MAX_BYTES as MAX_OPTIONS;
use crate::protocol::origin::Origin;
use crate::protocol::question::MAX_QUESTIONS;
use crate::protocol::{Begin, Done, End, News, Order, Report};
use crate::settings::Settings;

/// Notes one transaction may have; an honest worker sends fewer.
const MAX_NOTES: usize = 64;
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
        told: Told,
    },
    /// Its transaction waits for the answer to a question, and nobody waits for a verdict.
    Suspended {
        /// As of the transaction.
        nonce: u64,
        told: Told,
    },
    /// Its transaction has let a client in, and is kept for the session of that.
    InSession {
        /// As of the transaction.
        nonce: u64,
        told: Told,
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

impl State {
    /// Whether it counts by itself, and not against `max-workers`.
    fn is_apart(&self) -> bool {
        matches!(self, State::Suspended { .. } | State::InSession { .. })
    }
}

/// How much a worker has said in one transaction.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    notes: usize,
    questions: usize,
}

/// Why a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// By itself.
    Own,
    /// It was told to leave, or killed because its time was over.
    Told,
    /// It was killed, for what it has sent is no report.
    Distrusted,
}

/// A worker that is no more.
#[derive(Debug)]
pub struct Gone {
    /// What it ran.
    pub attempt: Option<Box<Attempt>>,
    /// Why it has ended.
    pub why: Why,
    /// Whether it had started.
    pub ready: bool,
}

/// An attempt that a worker was not given.
#[derive(Debug)]
pub enum NotBegun {
    /// The worker was gone; another one can have it.
    WorkerGone(Box<Attempt>),
    /// The system refused.
    Shortage(Box<Attempt>, Errno),
}

struct Worker {
    /// For the log; `None`: not known yet.
    pid: Option<Pid>,
    ready: bool,
    why: Why,
    /// When it is killed with its process group if it has not ended.
    end_by: Option<Instant>,
    /// `None`: nothing more is heard from it.
    channel: Option<Channel<Order, Report>>,
    /// Stays open until it is dead, when it was killed: it must not see its end and leave as if nothing had happened.
    unheard: Option<Channel<Order, Report>>,
    born: Instant,
    served: u32,
    state: State,
}

/// What a worker does, for who wants to know.
#[derive(Debug, Clone, Copy)]
pub enum Doing<'a> {
    /// It runs this attempt's transaction.
    Runs(&'a Attempt),
    /// It waits for a person or a client, which other tables know.
    Waits(&'static str),
    /// This, since then.
    Other(&'static str, Instant),
}

/// What a worker had to say.
#[derive(Debug)]
pub enum Heard {
    /// It has started.
    Ready,
    /// Something for the log, about this attempt: its user, the text, where it comes from.
    Note(String, Vec<u8>, Origin),
    /// Its transaction waits for an answer.
    Asked(Box<Attempt>, Asks),
    /// Its transaction has ended.
    Ended(Box<Attempt>, End),
    /// The same, and the transaction is kept for a session.
    Kept(Box<Attempt>, End),
    /// Something for the log, about its session.
    SessionNote(Vec<u8>),
    /// Its session is open, or could not be opened.
    Opened(Done),
    /// The account of its session was looked at.
    Checked(End),
    /// Its session is closed.
    Closed(Done),
    /// A piece of a client's options, which is kept with what wanted them.
    Piece,
    /// A client's options are there, or why there are none.
    LookedUp(Box<Attempt>, Done),
    /// A module has changed this about its process, so it leaves.
    Changed(i32, Vec<u8>),
}

/// A question that has no id yet; as in [`News::Question`].
#[derive(Debug, PartialEq, Eq)]
pub struct Asks {
    pub echo: bool,
    pub page: bool,
    pub private: bool,
    pub text: Vec<u8>,
}

/// All of them, and what each is born with.
pub struct Workers {
    keeper: KeeperLink,
    table: BTreeMap<WorkerId, Worker>,
    last_id: WorkerId,
    random: BufReader<File>,
    _parent_death_pipe: OwnedFd,
    idle_time: Duration,
}

impl Workers {
    /// Without workers. They die when `parent_death_pipe` is closed.
    pub fn new(settings: &Settings, keeper: KeeperLink, parent_death_pipe: OwnedFd, random: File) -> Self {
        Workers {
            keeper,
            table: BTreeMap::new(),
            last_id: 0,
            random: BufReader::with_capacity(NONCES, random),
            _parent_death_pipe: parent_death_pipe,
            idle_time: if settings.max_workers <= FEW { SHORT_IDLE_TIME } else { IDLE_TIME },
        }
    }

    /// The way to the keeper.
    pub fn keeper(&mut self) -> &mut KeeperLink {
        &mut self.keeper
    }

    /// How many processes there are, those that end included, but not those that wait for an answer or are in a session, which
    /// have bounds of their own.
    pub fn processes(&self) -> usize {
        self.table.values().filter(|worker| !worker.state.is_apart()).count()
    }

    /// How many may run an attempt, now or later.
    pub fn alive(&self) -> usize {
        let alive = |worker: &&Worker| !matches!(worker.state, State::Ending(_)) && !worker.state.is_apart();
        self.table.values().filter(alive).count()
    }

    /// How many run a transaction.
    pub fn running(&self) -> usize {
        self.table.values().filter(|worker| matches!(worker.state, State::Running { .. })).count()
    }

    /// Those that run a transaction.
    pub fn running_ones(&self) -> impl Iterator<Item = (WorkerId, &Attempt)> {
        self.table.iter().filter_map(|(id, worker)| match &worker.state {
            State::Running { attempt, .. } => Some((*id, &**attempt)),
            _ => None,
        })
    }

    /// How many do what.
    pub fn counts(&self) -> WorkerCounts {
        let mut counts = WorkerCounts::default();
        for worker in self.table.values() {
            *match worker.state {
                State::Starting => &mut counts.starting,
                State::Idle(_) => &mut counts.idle,
                State::Running { .. } => &mut counts.running,
                State::LookingAtItself { .. } => &mut counts.looking,
                State::Suspended { .. } => &mut counts.suspended,
                State::InSession { .. } => &mut counts.in_session,
                State::Ending(_) => &mut counts.ending,
            } += 1;
        }
        counts
    }

    /// What each does: its number, its process, and since when there is it. Those that run come first.
    pub fn doing(&self) -> impl Iterator<Item = (WorkerId, Option<Pid>, Instant, Doing<'_>)> {
        let all = self.table.iter().map(|(id, worker)| {
            let doing = match &worker.state {
                State::Running { attempt, .. } => Doing::Runs(attempt),
                State::Suspended { .. } => Doing::Waits("suspended"),
                State::InSession { .. } => Doing::Waits("in_session"),
                State::Starting => Doing::Other("starting", worker.born),
                State::Idle(since) => Doing::Other("idle", *since),
                State::LookingAtItself { since, .. } => Doing::Other("looking", *since),
                State::Ending(_) => {
                    Doing::Other("ending", worker.end_by.map_or(worker.born, |end| end - GRACE))
                }
            };
            (*id, worker.pid, worker.born, doing)
        });
        let (running, others): (Vec<_>, Vec<_>) =
            all.partition(|(.., doing)| matches!(doing, Doing::Runs(_)));
        running.into_iter().chain(others)
    }

    /// When the first attempt came of those that run.
    pub fn first_arrival(&self) -> Option<Instant> {
        let arrivals = self.table.values().filter_map(|worker| match &worker.state {
            State::Running { attempt, .. } => Some(attempt.arrived),
            _ => None,
        });
        arrivals.min()
    }

    /// How many are free: idle, or about to be.
    pub fn free(&self) -> usize {
        let free = |worker: &&Worker| {
            matches!(
                worker.state,
                State::Starting | State::LookingAtItself { slow: false, .. } | State::Idle(_)
            )
        };
        self.table.values().filter(free).count()
    }

    /// Waits no longer for those that take too long to look at themselves.
    pub fn note_slow(&mut self, now: Instant) {
        for worker in self.table.values_mut() {
            if let State::LookingAtItself { since, slow, .. } = &mut worker.state {
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
            State::Idle(since) => Some((*id, worker.born, since)),
            _ => None,
        })
    }

    /// Has the keeper fork a worker; whether that works is heard later.
    pub fn fork(&mut self, now: Instant, events: &Events) -> nix::Result<()> {
        let (ours, theirs) = privsep::channel::sockets()?;
        let id = self.last_id + 1;
        events.add(&ours, What::Worker(id))?;
        self.keeper.fork(id, theirs);
        self.last_id = id;
        self.insert(id, Channel::from_socket(ours), now, State::Starting);
        Ok(())
    }

    /// Has the keeper fork the writer of the metrics file, with a number of its own and this end of its channel.
    pub fn fork_clerk(&mut self, events: &Events) -> nix::Result<(WorkerId, OwnedFd)> {
        let (ours, theirs) = privsep::channel::sockets()?;
        events.add(&ours, What::Writer)?;
        self.last_id += 1;
        self.keeper.fork_clerk(self.last_id, theirs);
        Ok((self.last_id, ours))
    }

    fn insert(&mut self, id: WorkerId, channel: Channel<Order, Report>, born: Instant, state: State) {
        let worker = Worker {
            pid: None,
            ready: false,
            why: Why::Own,
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

    /// Gives an attempt to an idle worker. If that cannot be done, the worker ends, and the attempt comes back: it has not
    /// begun.
    pub fn begin(&mut self, now: Instant, id: WorkerId, attempt: Attempt) -> Result<(), NotBegun> {
        let Err(failure) = self.try_begin(now, id, attempt) else { return Ok(()) };
        let (attempt, error) = *failure;
        let pid = self.pid(id);
        self.kill(now, id);
        match error {
            // No room for a single order means that it does not read.
            ChannelError::System(errno) if errno != Errno::EAGAIN => {
                lines::workers::unreachable(pid, errno.desc()).log();
                Err(NotBegun::Shortage(Box::new(attempt), errno))
            }
            error => {
                lines::workers::idle_was_gone(pid, error).log();
                Err(NotBegun::WorkerGone(Box::new(attempt)))
            }
        }
    }

    fn try_begin(
        &mut self,
        now: Instant,
        id: WorkerId,
        mut attempt: Attempt,
    ) -> Result<(), Box<(Attempt, ChannelError)>> {
        // An idle worker has nothing to say: what has arrived from it shows that it is gone or not to be trusted.
        if let Err(error) = self.hear(now, id) {
            return Err(Box::new((attempt, error)));
        }
        let mut nonce = [0; 8];
        if let Err(error) = self.random.read_exact(&mut nonce) {
            let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            return Err(Box::new((attempt, ChannelError::System(errno))));
        }
        let nonce = u64::from_ne_bytes(nonce);
        let order = match (&attempt.lookup, attempt.credentials.take()) {
            (Some(lookup), _) => Order::LookUp { nonce, lookup: lookup.whose.clone() },
            (None, Some(credentials)) => Order::Begin(Begin {
                nonce,
                session: attempt.session,
                proof: attempt.proof(),
                username: attempt.username.clone(),
                common_name: attempt.common_name.clone(),
                address: attempt.origin.address.clone(),
                credentials,
                client: attempt.client.clone(),
            }),
            (None, None) => return Err(Box::new((attempt, ChannelError::Closed))),
        };
        let Some(Worker { channel: Some(channel), state, .. }) = self.table.get_mut(&id) else {
            if let Order::Begin(begin) = order {
                attempt.credentials = Some(begin.credentials);
            }
            return Err(Box::new((attempt, ChannelError::Closed)));
        };
        match channel.try_send(&order, &[]) {
            Ok(()) => {
                attempt.begun = Some(now);
                *state = State::Running { attempt: Box::new(attempt), nonce, told: Told::default() };
                Ok(())
            }
            Err(error) => {
                if let Order::Begin(begin) = order {
                    attempt.credentials = Some(begin.credentials);
                }
                Err(Box::new((attempt, error)))
            }
        }
    }

    /// The client of this attempt is gone. If it runs, it goes on: modules that were stopped would leave things half done.
    pub fn client_gone(&mut self, attempt: u64) {
        for worker in self.table.values_mut() {
            if let State::Running { attempt: running, .. } = &mut worker.state {
                running.gone |= running.id == attempt;
            }
        }
    }

    /// Gives the answer that an attempt brings to the worker that waits for it. If that cannot be done, the worker ends.
    pub fn resume(&mut self, now: Instant, id: WorkerId, mut attempt: Attempt) -> Result<(), NotBegun> {
        // One that waits has nothing to say: what has arrived from it shows that it is gone or not to be trusted.
        let heard = self.hear(now, id).map(drop);
        let worker = self.table.get_mut(&id);
        let sent = match (heard, worker, attempt.credentials.take()) {
            (
                Ok(()),
                Some(Worker { channel: Some(channel), state: State::Suspended { nonce, .. }, .. }),
                Some(credentials),
            ) => {
                channel.try_send(&Order::Answer { nonce: *nonce, session: attempt.session, credentials }, &[])
            }
            (Err(error), ..) => Err(error),
            _ => Err(ChannelError::Closed),
        };
        match sent {
            Ok(()) => {
                let state = self.table.get_mut(&id).map(|worker| &mut worker.state);
                if let Some((state, (nonce, told))) = state.and_then(|state| {
                    let State::Suspended { nonce, told } = *state else { return None };
                    Some((state, (nonce, told)))
                }) {
                    attempt.begun = Some(now);
                    *state = State::Running { attempt: Box::new(attempt), nonce, told };
                }
                Ok(())
            }
            Err(error) => {
                self.kill(now, id);
                match error {
                    ChannelError::System(errno) if errno != Errno::EAGAIN => {
                        Err(NotBegun::Shortage(Box::new(attempt), errno))
                    }
                    _ => Err(NotBegun::WorkerGone(Box::new(attempt))),
                }
            }
        }
    }

    /// Has a worker do the next step of its session. If that cannot be said, the worker ends.
    pub fn order(
        &mut self,
        now: Instant,
        id: WorkerId,
        order: impl FnOnce(u64) -> Order,
    ) -> Result<(), ChannelError> {
        let sent = match self.table.get_mut(&id) {
            Some(Worker { channel: Some(channel), state: State::InSession { nonce, told }, .. }) => {
                *told = Told::default();
                channel.try_send(&order(*nonce), &[])
            }
            _ => Err(ChannelError::Closed),
        };
        if sent.is_err() {
            self.kill(now, id);
        }
        sent
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
                worker.ready = true;
                Ok(Some(Heard::Ready))
            }
            (State::LookingAtItself { nonce: own, .. }, News::Ready) if nonce == *own => {
                worker.state = State::Idle(now);
                Ok(Some(Heard::Ready))
            }
            (State::LookingAtItself { nonce: own, .. }, News::Changed(what)) if nonce == *own => {
                self.dismiss(now, id);
                Ok(Some(Heard::Changed(self.pid(id), what)))
            }
            (State::Running { attempt, nonce: own, told }, News::Note(text)) if nonce == *own => {
                if told.notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                told.notes += 1;
                Ok(Some(Heard::Note(attempt.user(), text, attempt.origin.clone())))
            }
            (State::Running { attempt, nonce: own, told }, News::Question { echo, page, private, text })
                if nonce == *own && attempt.lookup.is_none() && attempt.proof().is_none() =>
            {
                if told.questions >= MAX_QUESTIONS {
                    return Err(ChannelError::TooMuch);
                }
                let told = Told { questions: told.questions + 1, ..*told };
                let waits = State::Suspended { nonce, told };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, waits) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(Heard::Asked(attempt, Asks { echo, page, private, text })))
            }
            (State::InSession { nonce: own, told }, News::Note(text)) if nonce == *own => {
                if told.notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                told.notes += 1;
                Ok(Some(Heard::SessionNote(text)))
            }
            (State::InSession { nonce: own, .. }, News::Opened(done)) if nonce == *own => {
                Ok(Some(Heard::Opened(done)))
            }
            (State::InSession { nonce: own, .. }, News::Checked(end)) if nonce == *own => {
                Ok(Some(Heard::Checked(end)))
            }
            (State::InSession { nonce: own, .. }, News::Closed(done)) if nonce == *own => {
                Ok(Some(Heard::Closed(done)))
            }
            (State::Running { attempt, nonce: own, .. }, News::Part(part)) if nonce == *own => {
                let Some(lookup) = &mut attempt.lookup else { return Err(unexpected(nonce)) };
                if lookup.text.len() + part.len() > MAX_OPTIONS {
                    return Err(ChannelError::TooMuch);
                }
                lookup.text.extend_from_slice(&part);
                Ok(Some(Heard::Piece))
            }
            (State::Running { attempt, nonce: own, .. }, News::LookedUp(done))
                if nonce == *own && attempt.lookup.is_some() =>
            {
                worker.served += 1;
                let looking = State::LookingAtItself { since: now, nonce, slow: false };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, looking) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(Heard::LookedUp(attempt, done)))
            }
            // Of a login only.
            (State::Running { attempt, .. }, News::End(_)) if attempt.lookup.is_some() => {
                Err(unexpected(nonce))
            }
            (State::Running { nonce: own, .. }, News::End(end)) if nonce == *own && end.kept => {
                // Only who is let in has a session, and notes of its own.
                if end.code != 0 {
                    return Err(unexpected(nonce));
                }
                let kept = State::InSession { nonce, told: Told::default() };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, kept) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(Heard::Kept(attempt, end)))
            }
            (State::Running { nonce: own, told, .. }, News::End(end)) if nonce == *own => {
                worker.served += 1;
                let has_asked = told.questions > 0;
                let looking = State::LookingAtItself { since: now, nonce, slow: false };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, looking) else {
                    return Err(unexpected(nonce));
                };
                let old =
                    worker.served >= MAX_SERVED || now.saturating_duration_since(worker.born) >= MAX_AGE;
                if old || has_asked {
                    self.dismiss(now, id);
                }
                Ok(Some(Heard::Ended(attempt, end)))
            }
            _ => Err(unexpected(nonce)),
        }
    }

    /// A worker's channel has ended or cannot be trusted: kills it. What it ran is concluded when it is dead.
    pub fn hung_up(&mut self, now: Instant, events: &Events, id: WorkerId, error: &ChannelError) {
        let trusted = matches!(error, ChannelError::Closed);
        if !trusted {
            let pid = self.pid(id);
            lines::workers::no_report(pid, error).log();
        }
        let Some(worker) = self.table.get_mut(&id) else { return };
        self.keeper.kill(id, false);
        if let Some(channel) = worker.channel.take() {
            events.remove(&channel);
            worker.unheard = Some(channel);
        }
        worker.end(now, if trusted { Why::Own } else { Why::Distrusted });
    }

    /// Kills a worker; the attempt it ran. What it has started becomes an orphan when it is gone.
    pub fn kill(&mut self, now: Instant, id: WorkerId) -> Option<Box<Attempt>> {
        let worker = self.table.get_mut(&id)?;
        self.keeper.kill(id, false);
        let State::Ending(attempt) = worker.end(now, Why::Told) else { return None };
        attempt.take()
    }

    /// Closes a worker's channel, on which it leaves; one that waits for an answer ends its transaction first.
    pub fn dismiss(&mut self, now: Instant, id: WorkerId) {
        if let Some(worker) = self.table.get_mut(&id) {
            worker.end(now, Why::Told);
        }
    }

    /// Kills those that have not ended in time, now with their process groups: the kernel does not let them go, or they do
    /// not leave.
    pub fn kill_late(&mut self, now: Instant) {
        for (id, worker) in &mut self.table {
            if worker.end_by.is_some_and(|end| end <= now) {
                worker.end_by = None;
                self.keeper.kill(*id, true);
            }
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
            if old || (alive > 1 && now.saturating_duration_since(since) >= self.idle_time) {
                self.dismiss(now, id);
                alive -= 1;
            }
        }
    }

    /// The running ones whose attempts are over their time, and those that take too long to be ready.
    pub fn late(&self, now: Instant) -> Vec<WorkerId> {
        let late = |worker: &Worker| worker.deadline().is_some_and(|deadline| deadline <= now);
        self.table.iter().filter(|(_, worker)| late(worker)).map(|(id, _)| *id).collect()
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
            State::LookingAtItself { since, slow: false, .. } => Some(since + QUICK_LOOK),
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

    /// A worker that has ended counts no more.
    pub fn remove(&mut self, id: WorkerId) -> Option<Gone> {
        let worker = self.table.remove(&id)?;
        let attempt = match worker.state {
            State::Running { attempt, .. } => Some(attempt),
            State::Ending(attempt) => attempt,
            State::Starting
            | State::LookingAtItself { .. }
            | State::Idle(_)
            | State::Suspended { .. }
            | State::InSession { .. } => None,
        };
        Some(Gone { attempt, why: worker.why, ready: worker.ready })
    }

    /// Kills all workers except those that wait for an answer or are in a session. Those end their transactions first, and
    /// count until they have.
    pub fn kill_all(&mut self, now: Instant) {
        for (id, worker) in &mut self.table {
            if worker.state.is_apart() {
                worker.end(now, Why::Told);
            } else {
                self.keeper.kill(*id, false);
            }
        }
    }
}

impl Worker {
    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Running { attempt, .. } => attempt.deadline,
            State::Starting => Some(self.born + MAX_NOT_READY),
            State::LookingAtItself { since, .. } => Some(*since + MAX_NOT_READY),
            State::Idle(_) | State::Suspended { .. } | State::InSession { .. } | State::Ending(_) => None,
        }
    }

    /// Closes the channel, which also takes it out of what the supervisor waits for.
    fn end(&mut self, now: Instant, why: Why) -> &mut State {
        self.channel = None;
        self.why = why;
        self.end_by = Some(now + GRACE);
        let attempt = match std::mem::replace(&mut self.state, State::Starting) {
            State::Running { attempt, .. } => Some(attempt),
            State::Ending(attempt) => attempt,
            State::Starting
            | State::LookingAtItself { .. }
            | State::Idle(_)
            | State::Suspended { .. }
            | State::InSession { .. } => None,
        };
        self.state = State::Ending(attempt);
        &mut self.state
    }
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
