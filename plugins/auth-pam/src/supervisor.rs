//! The supervisor: keeps root, runs no PAM, and is the only one that writes verdicts. It hands logins to workers, kills
//! those that take too long, replaces those that die, and ends with OpenVPN.

use std::collections::HashMap;
use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use privsep::confine::{self, Confinement, Group, Output};
use privsep::leash::Leash;
use privsep::{Channel, ChannelError, Ended, Reaped, kill_group, leave, reap_any};

use crate::children::ChildExits;
use crate::config::Config;
use crate::delivery::{Delivery, Outcome, Task};
use crate::grace::Grace;
use crate::limits;
use crate::module_output::ModuleOutput;
use crate::pool::{Expired, Full, Pool, Step, WorkerId};
use crate::protocol::{Answer, Ask, Job, Report};
use crate::worker;

const FRONT: u64 = 0;
const CHILD_EXITS: u64 = 1;
const MODULE_OUTPUT: u64 = 2;
const FIRST_WORKER: u64 = 16;

/// Messages taken from the front at once, before anything else is done: reading is quick, forking is not, and the
/// front must never find its socket full.
const FRONT_BATCH: usize = 512;

/// How long the last workers may take to die.
const REAP: Duration = Duration::from_millis(500);

/// How long a login that has just begun is watched.
const WATCH: Duration = Duration::from_micros(250);

/// Notes kept of one login.
const MAX_NOTES: usize = 64;

/// What the supervisor needs to know, settled before the fork.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration line.
    pub config: Config,
    /// OpenVPN is to become a daemon: leave its terminal alone.
    pub daemon: bool,
    /// ... but its standard output and error go to a log file.
    pub log_redirected: bool,
    /// Say more (OpenVPN's `verb` is at least 4).
    pub debug: bool,
    /// The default for `max-workers`.
    pub max_workers: usize,
}

struct Handle {
    pid: Pid,
    channel: Channel<Job, Report>,
    notes: Vec<Vec<u8>>,
}

struct Supervisor {
    settings: Arc<Settings>,
    front: Channel<Answer, Ask>,
    pool: Pool<Task>,
    workers: HashMap<WorkerId, Handle>,
    delivery: Delivery,
    epoll: Epoll,
    child_exits: ChildExits,
    output: ModuleOutput,
    leash: Leash,
    open_files: (u64, u64),
    fork_failure_logged: bool,
    watching: Grace,
}

/// The whole life of the supervisor, in the forked child.
pub fn run(settings: &Settings, front: Channel<Answer, Ask>) -> Infallible {
    Confinement {
        title: "auth-pam: supervisor",
        command: c"auth-pam-super",
        group: Group::Session,
        output: if settings.daemon && !settings.log_redirected { Output::Null } else { Output::Inherit },
        keep: &[front.as_fd()],
        ignore: &[Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGPIPE],
    }
    .enter();
    // The working directory of a daemon must not keep a file system busy.
    if settings.daemon {
        let _ = std::env::set_current_dir("/");
    }
    let status = match Supervisor::new(settings, front) {
        Ok(mut supervisor) => supervisor.serve(),
        Err(errno) => {
            log::error!("supervisor cannot start: {}", errno.desc());
            1
        }
    };
    leave(status)
}

impl Supervisor {
    fn new(settings: &Settings, mut front: Channel<Answer, Ask>) -> nix::Result<Self> {
        let (open_files, most_open) = limits::raise_open_files();
        let config = &settings.config;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let child_exits = ChildExits::new()?;
        let output = ModuleOutput::new()?;
        epoll.add(&front, EpollEvent::new(EpollFlags::EPOLLIN, FRONT))?;
        epoll.add(&child_exits, EpollEvent::new(EpollFlags::EPOLLIN, CHILD_EXITS))?;
        epoll.add(&output, EpollEvent::new(EpollFlags::EPOLLIN, MODULE_OUTPUT))?;
        let max_workers = config.max_workers.unwrap_or(settings.max_workers);
        // Each login that waits or runs holds up to two descriptors, each worker one more.
        let spare = most_open.saturating_sub(64 + 3 * max_workers) / 2;
        let pool = Pool::new(crate::pool::Limits {
            max_workers,
            max_pending: config.max_pending.min(spare),
            max_pending_per_address: config.max_pending_per_address,
            time_limit: config.time_limit,
            idle_time: Duration::from_secs(30),
            max_served: 1000,
            max_age: Duration::from_secs(3600),
            fork_pause: Duration::from_secs(1),
        });
        let openvpn_uses_syslog = settings.daemon && !settings.log_redirected;
        let delivery = Delivery::new(config, openvpn_uses_syslog);
        let leash = Leash::new()?;
        front.try_send(&Answer::Ready, &[]).map_err(|_| nix::Error::EPIPE)?;
        Ok(Supervisor {
            settings: Arc::new(settings.clone()),
            front,
            pool,
            workers: HashMap::new(),
            delivery,
            epoll,
            child_exits,
            output,
            leash,
            open_files,
            fork_failure_logged: false,
            // With one processor the worker cannot run while it is watched.
            watching: Grace::new(if processors() > 1 { WATCH } else { Duration::ZERO }),
        })
    }

    /// Serves until the front is gone; the exit status.
    fn serve(&mut self) -> i32 {
        // The first login finds a worker with the modules loaded.
        self.fork_worker(Instant::now());
        confine::release_memory();
        let mut events = [EpollEvent::empty(); 64];
        loop {
            let timeout = match self.pool.next_event() {
                None => EpollTimeout::NONE,
                Some(time) => {
                    let left = time.saturating_duration_since(Instant::now());
                    EpollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(EpollTimeout::MAX)
                }
            };
            let count = match self.epoll.wait(&mut events, timeout) {
                Ok(count) => count,
                Err(nix::Error::EINTR) => 0,
                Err(errno) => {
                    log::error!("supervisor cannot wait for events: {}", errno.desc());
                    return self.abandon(1);
                }
            };
            if let Err(status) = self.turn(&events[..count]) {
                return self.abandon(status);
            }
        }
    }

    /// Handles what happened; an error is the status to leave with.
    fn turn(&mut self, events: &[EpollEvent]) -> Result<(), i32> {
        let mut child_ended = false;
        for event in events {
            match event.data() {
                FRONT => self.read_front()?,
                CHILD_EXITS => child_ended = true,
                MODULE_OUTPUT => self.output.read(),
                worker => self.read_worker(worker - FIRST_WORKER),
            }
        }
        // After the channels: as long as a dead worker is not reaped, its number and its process group are its own.
        if child_ended {
            self.reap();
        }
        self.keep_time();
        self.hand_out()
    }

    /// Ends everything: nobody is left to answer to. The workers are reaped, as far as they can be killed at once.
    fn abandon(&mut self, status: i32) -> i32 {
        for handle in self.workers.values() {
            kill_group(handle.pid);
        }
        let end = Instant::now() + REAP;
        loop {
            match reap_any() {
                Reaped::Child(..) => {}
                Reaped::NoneLeft => return status,
                Reaped::NotYet => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return status;
                    }
                    self.child_exits.wait(left);
                    self.child_exits.clear();
                }
            }
        }
    }

    fn read_front(&mut self) -> Result<(), i32> {
        for _ in 0..FRONT_BATCH {
            match self.front.try_receive() {
                Ok(None) => return Ok(()),
                Ok(Some(received)) => self.asked(received.message, received.descriptors)?,
                Err(ChannelError::Closed) => return Err(0),
                Err(ChannelError::Truncated) => {
                    log::error!(
                        "a login was lost: its descriptors did not arrive (limit on open files reached); it is refused when OpenVPN's own time is over"
                    );
                }
                Err(error) => {
                    log::error!("supervisor ends, OpenVPN sent something else than logins: {error}");
                    return Err(1);
                }
            }
        }
        Ok(())
    }

    fn asked(&mut self, ask: Ask, descriptors: Vec<OwnedFd>) -> Result<(), i32> {
        match ask {
            Ask::Refused { username, address, words } => {
                self.delivery.refused_by_front(&username, &address, &words);
                Ok(())
            }
            Ask::Check(check) => {
                let task = Task::new(check, descriptors).map_err(|error| {
                    log::error!("supervisor ends, OpenVPN passed a descriptor it must not: {error}");
                    1
                })?;
                if let Err((task, full)) = self.pool.submit(Instant::now(), task) {
                    self.conclude(
                        task,
                        &match full {
                            Full::Queue => Outcome::QueueFull,
                            Full::Address => Outcome::AddressFull,
                        },
                    );
                }
                Ok(())
            }
        }
    }

    fn keep_time(&mut self) {
        let now = Instant::now();
        for expired in self.pool.expired(now) {
            match expired {
                Expired::Waiting(task) => self.conclude(task, &Outcome::WaitedTooLong),
                Expired::Running(worker, task) => {
                    if let Some(handle) = self.forget(worker) {
                        kill_group(handle.pid);
                        self.delivery.notes(&task, &handle.notes);
                    }
                    self.conclude(task, &Outcome::RanTooLong);
                }
            }
        }
        // Dropping the channel is what tells a worker to leave.
        for worker in self.pool.retired(now) {
            self.forget(worker);
        }
    }

    fn hand_out(&mut self) -> Result<(), i32> {
        let now = Instant::now();
        while let Some(step) = self.pool.step(now) {
            match step {
                Step::Run(worker) => self.start(worker),
                Step::Fork => {
                    self.fork_worker(now);
                    // Forking takes long enough for more logins to arrive.
                    self.read_front()?;
                }
            }
        }
        Ok(())
    }

    fn start(&mut self, worker: WorkerId) {
        let Some(handle) = self.workers.get_mut(&worker) else { return self.pool.not_started(worker) };
        let Some(task) = self.pool.running_mut(worker) else { return };
        let Some(login) = task.take_login() else { return };
        let job = Job(login);
        let sent = handle.channel.try_send(&job, &[]);
        if let Err(error) = sent {
            // It died while it was idle, so the login has not begun: another one takes it.
            task.give_back(job.0);
            log::warn!("an idle worker was gone ({error}); another one takes over");
            self.pool.not_started(worker);
            if let Some(handle) = self.forget(worker) {
                kill_group(handle.pid);
            }
            return;
        }
        self.watch(worker);
    }

    /// Looks for the report of a login that has just begun, for a moment, before sleeping: most of what a quick PAM
    /// stack costs is waking processes up. Only when nothing else is to be done, and by the rule that decides about
    /// the grace: as long as it pays.
    fn watch(&mut self, worker: WorkerId) {
        let Some(moment) = self.watching.for_next(!self.pool.is_only(worker)) else { return };
        let end = Instant::now() + moment;
        while self.pool.running(worker).is_some() {
            // An error is seen again when the event loop gets to it.
            if self.take_reports(worker).is_err() {
                return;
            }
            if Instant::now() >= end {
                return self.watching.miss();
            }
            std::thread::yield_now();
        }
        self.watching.hit();
    }

    fn fork_worker(&mut self, now: Instant) {
        match self.try_fork() {
            Ok(handle) => {
                let worker = self.pool.forked(now);
                let event = EpollEvent::new(EpollFlags::EPOLLIN, FIRST_WORKER + worker);
                if let Err(errno) = self.epoll.add(&handle.channel, event) {
                    log::error!("a worker cannot be watched: {}", errno.desc());
                    kill_group(handle.pid);
                    self.pool.not_started(worker);
                    return;
                }
                self.workers.insert(worker, handle);
                self.fork_failure_logged = false;
            }
            Err(errno) => {
                let have = self.workers.len();
                if !self.fork_failure_logged {
                    log::error!(
                        "no further worker can be started: {} (now {have}; limit on processes or open files?)",
                        errno.desc()
                    );
                    self.fork_failure_logged = true;
                }
                for task in self.pool.fork_failed(now) {
                    self.conclude(task, &Outcome::NoWorker);
                }
            }
        }
    }

    fn try_fork(&mut self) -> nix::Result<Handle> {
        let (ours, theirs) = privsep::pair::<Job, Report>()?;
        let settings = Arc::clone(&self.settings);
        let (output, leash, open_files) = (self.output.write_end(), self.leash.read_end(), self.open_files);
        let pool = &mut self.pool;
        let pid = privsep::fork_child(move || {
            // Other people's passwords are none of this process's business.
            pool.forget_logins();
            start_worker(&settings, theirs, output, leash, open_files)
        })?;
        Ok(Handle { pid, channel: ours, notes: Vec::new() })
    }

    fn read_worker(&mut self, worker: WorkerId) {
        let Err(error) = self.take_reports(worker) else { return };
        // Gone, or a module has closed or misused its channel: how it ended is known when it is reaped.
        let Some(handle) = self.workers.get(&worker) else { return };
        let _ = self.epoll.delete(&handle.channel);
        kill_group(handle.pid);
        if !matches!(error, ChannelError::Closed) {
            log::error!("worker {} sent something else than a report ({error}) and was killed", handle.pid);
        }
    }

    fn take_reports(&mut self, worker: WorkerId) -> Result<(), ChannelError> {
        loop {
            let Some(handle) = self.workers.get_mut(&worker) else { return Ok(()) };
            let Some(received) = handle.channel.try_receive()? else { return Ok(()) };
            match received.message {
                Report::Note(note) if handle.notes.len() < MAX_NOTES => handle.notes.push(note),
                Report::Note(_) => {}
                Report::Done { code, words } => self.done(worker, code, &words),
            }
        }
    }

    fn done(&mut self, worker: WorkerId, code: u32, words: &[u8]) {
        let notes =
            self.workers.get_mut(&worker).map(|handle| std::mem::take(&mut handle.notes)).unwrap_or_default();
        let Some((task, leave)) = self.pool.finished(Instant::now(), worker) else {
            log::error!("a worker reported a login it was not given, and was killed");
            if let Some(handle) = self.forget(worker) {
                kill_group(handle.pid);
            }
            return;
        };
        if leave {
            self.forget(worker);
        }
        self.delivery.notes(&task, &notes);
        self.conclude(task, &Outcome::Pam { code, words: words.to_vec() });
    }

    fn reap(&mut self) {
        self.child_exits.clear();
        while let Reaped::Child(pid, how) = reap_any() {
            let worker = self.workers.iter().find(|(_, handle)| handle.pid == pid).map(|(worker, _)| *worker);
            let Some(worker) = worker else { continue };
            // Its last words may still be in the channel; that it ends there is known already.
            let _ = self.take_reports(worker);
            let handle = self.forget(worker);
            let Some(task) = self.pool.died(worker) else {
                if how != Ended::Exited(0) {
                    log::warn!("idle worker {pid} {how}");
                }
                continue;
            };
            if let Some(handle) = handle {
                self.delivery.notes(&task, &handle.notes);
            }
            self.conclude(task, &Outcome::WorkerEnded(how));
        }
    }

    fn conclude(&mut self, task: Task, outcome: &Outcome) {
        let answer = self.delivery.conclude(task, outcome);
        // A full socket means that nobody is waiting; and the number of decided logins comes with the next one.
        let _ = self.front.try_send(&answer, &[]);
    }

    fn forget(&mut self, worker: WorkerId) -> Option<Handle> {
        let handle = self.workers.remove(&worker)?;
        let _ = self.epoll.delete(&handle.channel);
        Some(handle)
    }
}

fn start_worker(
    settings: &Settings,
    channel: Channel<Report, Job>,
    output: BorrowedFd<'_>,
    leash: BorrowedFd<'_>,
    open_files: (u64, u64),
) -> Infallible {
    Confinement {
        title: "auth-pam: worker",
        command: c"auth-pam-worker",
        group: Group::Own,
        output: Output::Into(output),
        keep: &[channel.as_fd(), leash],
        ignore: &[Signal::SIGPIPE],
    }
    .enter();
    limits::restore_open_files(open_files);
    worker::run(&settings.config, settings.debug, channel, leash)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
