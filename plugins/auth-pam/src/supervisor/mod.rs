//! The supervisor: keeps root, runs no PAM, and does no I/O on anything the front names or holds. It hands attempts to
//! workers, ends those that take too long, replaces those that die, and ends with OpenVPN.

mod alike;
mod attempt;
pub mod audit;
mod breaker;
mod child_exits;
mod conclude;
mod deliver;
mod events;
mod hand_out;
mod module_output;
mod penalties;
mod ramp;
mod scheduler;
pub mod source;
mod verdicts;
mod workers;

use std::convert::Infallible;
use std::fs::File;
use std::hash::RandomState;
use std::os::fd::AsFd;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use log::Level;
use nix::sys::signal::Signal;
use privsep::confine::{self, Confinement, Cores, Group, Output};
use privsep::line_log::LineSender;
use privsep::{Channel, ChannelError, Ended, Numbers, Reaped, leave, reap_any};

pub use audit::take_name as take_syslog_name;
pub use scheduler::Limits;

use alike::Alike;
use attempt::Attempt;
use audit::Audit;
use breaker::Breaker;
use child_exits::ChildExits;
use conclude::Outcome;
use events::{Events, What, WorkerId};
use module_output::ModuleOutput;
use penalties::Penalties;
use ramp::Ramp;
use scheduler::Scheduler;
use verdicts::Verdicts;
use workers::Workers;

use crate::limits;
use crate::protocol::{Check, Reply, Request, SOCKET_BYTES};
use crate::settings::Settings;

/// Messages taken from the front at once, before anything else is done: reading is quick, forking is not, and the
/// front must never find its socket full.
const FRONT_BATCH: usize = 512;
/// Pause when the system is short of something.
const SHORTAGE: Duration = Duration::from_millis(10);
/// How long the last workers may take to die.
const REAP: Duration = Duration::from_millis(500);

/// Where this process's log lines go. Set once, in the supervisor's process.
static LINES: OnceLock<Mutex<LineSender>> = OnceLock::new();

/// The supervisor's log: the front writes it. This process never waits for a log.
fn send_line(level: Level, line: &str) {
    if let Some(lines) = LINES.get() {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.send(level as u8, Level::Warn as u8, line);
    }
}

struct Supervisor {
    settings: Settings,
    front: Channel<Reply, Request>,
    scheduler: Scheduler<Attempt>,
    max_workers: usize,
    workers: Workers,
    ramp: Ramp,
    penalties: Penalties,
    alike: Alike,
    breaker: Breaker,
    away: bool,
    verdicts: Verdicts,
    /// The longest delay that the service has asked for.
    longest_delay: Duration,
    audit: Option<Audit>,
    output: ModuleOutput,
    events: Events,
    child_exits: ChildExits,
    fork_failure_logged: bool,
    key: RandomState,
    random: File,
}

/// Why the supervisor ends.
enum Exit {
    /// OpenVPN has closed its end or is gone.
    FrontGone,
    /// Something is wrong, and has been logged.
    Failed,
}

/// The whole life of the supervisor, in the forked child.
pub fn run(settings: &Settings, front: Channel<Reply, Request>, lines: LineSender) -> Infallible {
    ovpn_plugin::logging::in_forked_child();
    let lines = LINES.get_or_init(|| Mutex::new(lines));
    ovpn_plugin::logging::redirect(send_line);
    let kept = lines.lock().unwrap_or_else(PoisonError::into_inner);
    Confinement {
        title: "auth-pam: supervisor",
        command: c"auth-pam-super",
        group: Group::Session,
        // Nothing is ever printed there: its log lines go to the front.
        output: Output::Null,
        keep: &[front.as_fd(), kept.as_fd()],
        numbers: Numbers::Occupied,
        ignore: &[Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGPIPE],
        withstand: &[],
        cores: Cores::Never,
    }
    .enter();
    drop(kept);
    // The working directory of a daemon must not keep a file system busy.
    if settings.daemon {
        let _ = std::env::set_current_dir("/");
    }
    let exit = match Supervisor::new(settings, front) {
        Ok(mut supervisor) => {
            let exit = supervisor.serve();
            supervisor.end_workers();
            exit
        }
        Err(errno) => {
            log::error!("supervisor cannot start: {}", errno.desc());
            Exit::Failed
        }
    };
    leave(match exit {
        Exit::FrontGone => 0,
        Exit::Failed => 1,
    })
}

impl Supervisor {
    fn new(settings: &Settings, mut front: Channel<Reply, Request>) -> nix::Result<Self> {
        let (workers_open_files, open_files) = limits::raise_open_files();
        let events = Events::new()?;
        let child_exits = ChildExits::new()?;
        let output = ModuleOutput::new()?;
        events.add(&front, What::Front)?;
        events.add(&child_exits, What::ChildExits)?;
        events.add(&output, What::ModuleOutput)?;
        let workers = Workers::new(settings, workers_open_files)?;
        let random = File::open("/dev/urandom")
            .map_err(|error| nix::Error::from_raw(error.raw_os_error().unwrap_or(0)))?;
        // As much as the front has made for requests: what is told of a burst waits until the front reads it.
        front.set_buffer(SOCKET_BYTES);
        let limits = settings.scheduler_limits(open_files);
        front.try_send(&Reply::Ready, &[]).map_err(|_| nix::Error::EPIPE)?;
        Ok(Supervisor {
            front,
            max_workers: limits.max_workers,
            scheduler: Scheduler::new(&limits),
            workers,
            ramp: Ramp::new(),
            penalties: Penalties::new(settings.config.penalties),
            alike: Alike::default(),
            breaker: Breaker::new(),
            away: false,
            verdicts: Verdicts::default(),
            longest_delay: Duration::ZERO,
            audit: settings.config.syslog.map(Audit::new),
            output,
            events,
            child_exits,
            fork_failure_logged: false,
            key: RandomState::new(),
            random,
            settings: settings.clone(),
        })
    }

    fn serve(&mut self) -> Exit {
        // The first login finds a worker with the modules loaded.
        self.fork_worker(Instant::now());
        confine::release_memory();
        loop {
            let until = [
                self.scheduler.next_deadline(),
                self.workers.next_event(),
                self.ramp.next_tick(),
                self.verdicts.next_event(),
            ];
            let turn = match self.events.wait(until.into_iter().flatten().min()) {
                Ok(happened) => self.turn(&happened),
                Err(errno) => {
                    log::error!("supervisor cannot wait for events: {}", errno.desc());
                    Err(Exit::Failed)
                }
            };
            if let Err(exit) = turn {
                return exit;
            }
        }
    }

    fn turn(&mut self, happened: &[What]) -> Result<(), Exit> {
        let now = Instant::now();
        for what in happened {
            match *what {
                What::Front => {
                    self.flush()?;
                    if !self.verdicts.are_unread() {
                        self.read_front(now)?;
                    }
                }
                What::ChildExits => self.reap(now),
                What::ModuleOutput => self.output.read(),
                What::Worker(worker) => self.hear(now, worker),
            }
        }
        self.keep_time(now);
        // Before forks, which take their time.
        self.deliver_due(Instant::now())?;
        self.hand_out(now);
        self.deliver_due(Instant::now())
    }

    /// Nobody is left to answer to. The workers are reaped too, as far as they can be killed at once.
    fn end_workers(&mut self) {
        self.workers.kill_all();
        let end = Instant::now() + REAP;
        loop {
            match reap_any() {
                Reaped::Child(..) => {}
                Reaped::NoneLeft => return,
                Reaped::NotYet => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return;
                    }
                    self.child_exits.wait(left);
                    self.child_exits.clear();
                }
            }
        }
    }

    fn read_front(&mut self, now: Instant) -> Result<(), Exit> {
        for _ in 0..FRONT_BATCH {
            if self.verdicts.are_unread() {
                return Ok(());
            }
            match self.front.try_receive() {
                Ok(None) => return Ok(()),
                Ok(Some(received)) if received.descriptors.is_empty() && !received.descriptors_missing => {
                    self.asked(now, received.message);
                }
                Ok(Some(received)) => {
                    // Not closed here: to close a file of FUSE means to wait for whoever serves it.
                    std::mem::forget(received.descriptors);
                    log::error!("protocol error from OpenVPN: it passed a descriptor; supervisor exits");
                    return Err(Exit::Failed);
                }
                Err(ChannelError::Closed) => return Err(Exit::FrontGone),
                Err(ChannelError::System(errno)) => {
                    log::error!("supervisor cannot read from OpenVPN: {}; retrying", errno.desc());
                    // Out of memory, most likely, and no event tells when that is over.
                    std::thread::sleep(SHORTAGE);
                    return Ok(());
                }
                Err(error) => {
                    log::error!("protocol error from OpenVPN: {error}; supervisor exits");
                    return Err(Exit::Failed);
                }
            }
        }
        Ok(())
    }

    fn asked(&mut self, now: Instant, request: Request) {
        match request {
            Request::Check(check) => self.admit(now, check),
            Request::Cancel { id } => {
                // No failure, so no line that a log watcher would take for one.
                if let Some(mut attempt) = self.scheduler.cancel(id) {
                    let until = attempt.arrived + self.longest_refusal();
                    attempt.place.iter_mut().for_each(|place| place.keep_until(until));
                    log::info!(
                        "BACKGROUND: user '{}': its client is gone, so PAM was not asked",
                        attempt.user()
                    );
                }
            }
            Request::Refused { username, address, reason } => {
                if let Some(audit) = &mut self.audit {
                    audit.write(audit::Result::Rejected, &username, &address, &reason);
                }
            }
        }
    }

    /// Queues an attempt, unless it is clear already that PAM is not to be asked.
    fn admit(&mut self, now: Instant, check: Check) {
        let config = &self.settings.config;
        let time_limit = self.settings.time_limits.of(check.deferred);
        let mut attempt = Attempt::new(now, check, time_limit, config.prefixes, &self.key);
        if let Some(refusal) = self.penalties.admit(now, attempt.source, &attempt.username) {
            if let Some(penalty) = refusal.log {
                log::warn!(
                    "source {}: {} different failed logins and none that was accepted; refusing its logins for {} s",
                    attempt.source.display(config.prefixes),
                    penalty.failures,
                    penalty.length.as_secs()
                );
            }
            return self.conclude(now, attempt, &Outcome::Penalty(refusal.backoff));
        }
        if !self.breaker.admit(now, attempt.source, &attempt.username) {
            return self.conclude(now, attempt, &Outcome::Away);
        }
        attempt.place = self.alike.take(now, attempt.source, &attempt.username);
        if attempt.place.is_none() {
            return self.conclude(now, attempt, &Outcome::TooManyAlike);
        }
        let possible = self.max_workers.saturating_sub(self.workers.processes());
        if let Some(refused) = self.scheduler.submit(attempt, self.workers.free() + possible) {
            self.conclude(now, refused, &Outcome::QueueFull);
        }
    }

    fn keep_time(&mut self, now: Instant) {
        for attempt in self.scheduler.expired(now) {
            self.conclude(now, attempt, &Outcome::WaitedTooLong);
        }
        for worker in self.workers.late(now) {
            if let Some(attempt) = self.workers.kill(worker) {
                self.ended(&attempt);
                self.conclude(now, *attempt, &Outcome::RanTooLong);
            } else {
                log::error!(
                    "a worker did not start within {} s and was killed; a PAM module hangs while it is loaded",
                    workers::MAX_START.as_secs()
                );
            }
        }
        self.workers.retire(now);
    }

    fn reap(&mut self, now: Instant) {
        self.child_exits.clear();
        while let Reaped::Child(pid, how) = reap_any() {
            let Some(worker) = self.workers.of_process(pid) else { continue };
            // Its last words may still be in the channel.
            self.hear(now, worker);
            match self.workers.reaped(worker) {
                (Some(attempt), _) => {
                    self.ended(&attempt);
                    self.conclude(now, *attempt, &Outcome::WorkerEnded(how));
                }
                (None, expected) if expected || how == Ended::Exited(0) => {}
                (None, _) => log::warn!("idle worker {pid} {how}"),
            }
        }
    }

    /// A transaction is over, whatever came of it.
    fn ended(&mut self, attempt: &Attempt) {
        self.scheduler.finished(attempt.source, &attempt.username);
        self.ramp.finished();
    }
}
