//! The supervisor: keeps root, runs no PAM, and is the only one that writes verdicts. It hands logins to workers, kills
//! those that take too long, replaces those that die, and ends with OpenVPN.

mod dispatch;

use std::convert::Infallible;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use privsep::channel::Received;
use privsep::confine::{self, Confinement, Cores, Group, Output};
use privsep::{Channel, ChannelError, Ended, Numbers, Reaped, leave, reap_any};

use crate::audit;
use crate::children::ChildExits;
use crate::crew::{Crew, Done};
use crate::delivery::{Delivery, Outcome, Task};
use crate::events::{Events, Source};
use crate::limits;
use crate::pool::{Expired, Full, Pool, WorkerId};
use crate::processor;
use crate::protocol::{Answer, Ask, SOCKET_BYTES};
use crate::settings::Settings;
use crate::trial::{Look, Trial};

/// Messages taken from the front at once, before anything else is done: reading is quick, forking is not, and the
/// front must never find its socket full.
const FRONT_BATCH: usize = 512;
/// Pause when the system is short of something.
const SHORTAGE: Duration = Duration::from_millis(10);
/// How long the last workers may take to die.
const REAP: Duration = Duration::from_millis(500);

struct Supervisor {
    front: Channel<Answer, Ask>,
    pool: Pool<Task>,
    crew: Crew,
    delivery: Delivery,
    events: Events,
    child_exits: ChildExits,
    fork_failure_logged: bool,
    processors: usize,
    grace: Duration,
    trial: Option<Trial>,
}

/// Why the supervisor ends.
enum End {
    /// OpenVPN has closed its end or is gone.
    FrontGone,
    /// Something is wrong, and has been logged.
    Failed,
}

/// The whole life of the supervisor, in the forked child.
pub fn run(settings: &Settings, front: Channel<Answer, Ask>) -> Infallible {
    // Before descriptors are closed: the C library must not go on using a number that means something else then.
    ovpn_plugin::logging::in_forked_child();
    Confinement {
        title: "auth-pam: supervisor",
        command: c"auth-pam-super",
        group: Group::Session,
        output: if settings.keep_output() { Output::Inherit } else { Output::Null },
        keep: &[front.as_fd()],
        // OpenVPN's log function, which is called here too, may remember a client of the management interface.
        numbers: Numbers::Occupied,
        ignore: &[Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGPIPE],
        withstand: &[],
        cores: Cores::Never,
    }
    .enter();
    audit::take_name();
    // The working directory of a daemon must not keep a file system busy.
    if settings.daemon {
        let _ = std::env::set_current_dir("/");
    }
    let end = match Supervisor::new(settings, front) {
        Ok(mut supervisor) => {
            let end = supervisor.serve();
            supervisor.end_workers();
            end
        }
        Err(errno) => {
            log::error!("supervisor cannot start: {}", errno.desc());
            End::Failed
        }
    };
    leave(match end {
        End::FrontGone => 0,
        End::Failed => 1,
    })
}

impl Supervisor {
    fn new(settings: &Settings, mut front: Channel<Answer, Ask>) -> nix::Result<Self> {
        let (workers_open_files, open_files) = limits::raise_open_files();
        let events = Events::new()?;
        let child_exits = ChildExits::new()?;
        events.add(&front, Source::Front)?;
        events.add(&child_exits, Source::ChildExits)?;
        let crew = Crew::new(settings, &events, workers_open_files)?;
        // As much as the front has made for logins: what is told of a burst waits until the front reads it.
        front.set_buffer(SOCKET_BYTES);
        front.try_send(&Answer::Ready, &[]).map_err(|_| nix::Error::EPIPE)?;
        Ok(Supervisor {
            front,
            pool: Pool::new(settings.pool_limits(open_files)),
            crew,
            delivery: Delivery::new(&settings.config),
            events,
            child_exits,
            fork_failure_logged: false,
            processors: processor::count(),
            grace: settings.config.grace,
            trial: None,
        })
    }

    fn serve(&mut self) -> End {
        // The first login finds a worker with the modules loaded.
        self.fork_worker(Instant::now());
        confine::release_memory();
        loop {
            let look = self.trial.as_ref().map(Trial::next_look);
            let turn = match self.events.wait(self.pool.next_event().into_iter().chain(look).min()) {
                Ok(sources) => self.turn(&sources),
                Err(errno) => {
                    log::error!("supervisor cannot wait for events: {}", errno.desc());
                    Err(End::Failed)
                }
            };
            if let Err(end) = turn {
                return end;
            }
        }
    }

    fn turn(&mut self, sources: &[Source]) -> Result<(), End> {
        for source in sources {
            match *source {
                Source::Front => self.read_front()?,
                Source::ChildExits => self.reap(),
                Source::ModuleOutput => self.crew.log_output(),
                Source::Worker(worker) => self.hear(worker),
            }
        }
        self.keep_time();
        self.hand_out()?;
        self.look_at_trial();
        Ok(())
    }

    /// Nobody is left to answer to. The workers are reaped too, as far as they can be killed at once.
    fn end_workers(&mut self) {
        self.crew.kill_all();
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

    fn read_front(&mut self) -> Result<(), End> {
        for _ in 0..FRONT_BATCH {
            match self.front.try_receive() {
                Ok(None) => return Ok(()),
                Ok(Some(received)) => self.asked(received)?,
                Err(ChannelError::Closed) => return Err(End::FrontGone),
                Err(ChannelError::System(errno)) => {
                    log::error!("supervisor cannot read from OpenVPN: {}; it tries again", errno.desc());
                    // Out of memory, most likely, and no event tells when that is over.
                    std::thread::sleep(SHORTAGE);
                    return Ok(());
                }
                Err(error) => {
                    log::error!("supervisor ends, OpenVPN sent something else than logins: {error}");
                    return Err(End::Failed);
                }
            }
        }
        Ok(())
    }

    fn asked(&mut self, received: Received<Ask>) -> Result<(), End> {
        let check = match received.message {
            Ask::Check(check) => check,
            Ask::Refused { .. } if !received.descriptors.is_empty() => {
                // Not closed here, see Task::new.
                std::mem::forget(received.descriptors);
                log::error!("supervisor ends, OpenVPN passed descriptors where there are none");
                return Err(End::Failed);
            }
            Ask::Refused { username, address, words } => {
                self.delivery.refused_by_front(&username, &address, &words);
                return Ok(());
            }
        };
        let now = Instant::now();
        self.trial = check.trial.then(|| Trial::new(check.id, now, self.grace));
        match Task::new(now, check, received.descriptors, received.descriptors_missing) {
            Ok(task) if received.descriptors_missing => self.conclude(task, &Outcome::DescriptorsMissing),
            Ok(task) => match self.pool.submit(now, task) {
                Ok(()) => {}
                Err((task, Full::Queue)) => self.conclude(task, &Outcome::QueueFull),
                Err((task, Full::Address)) => self.conclude(task, &Outcome::AddressFull),
            },
            Err(error) => {
                log::error!("supervisor ends, OpenVPN passed a descriptor it must not: {error}");
                return Err(End::Failed);
            }
        }
        Ok(())
    }

    fn keep_time(&mut self) {
        let now = Instant::now();
        for expired in self.pool.expired(now) {
            match expired {
                Expired::Waiting(task) => self.conclude(task, &Outcome::WaitedTooLong),
                Expired::Running(worker, task) => {
                    let notes = self.crew.kill(worker);
                    self.delivery.notes(&task, &notes);
                    self.conclude(task, &Outcome::RanTooLong);
                }
            }
        }
        for worker in self.pool.retired(now) {
            self.crew.dismiss(worker);
        }
    }

    /// The front waits for this login as long as its worker computes.
    fn look_at_trial(&mut self) {
        let now = Instant::now();
        let Some(id) = self.trial.as_ref().filter(|trial| trial.next_look() <= now).map(Trial::login) else {
            return;
        };
        let worker = self.pool.runner(|task| task.id() == id);
        // One whose report has arrived only seems to sleep; then the trial is over.
        if let Some(worker) = worker {
            self.hear(worker);
        }
        let computes = worker.is_some_and(|worker| self.crew.computes(worker));
        let Some(trial) = &mut self.trial else { return };
        match trial.looked(now, computes) {
            Look::Again => {}
            Look::Over => self.trial = None,
            Look::Slow => {
                self.trial = None;
                let _ = self.front.try_send(&Answer::Slow { id }, &[]);
            }
        }
    }

    fn hear(&mut self, worker: WorkerId) {
        loop {
            match self.crew.next_report(worker) {
                Ok(None) => return,
                Ok(Some(done)) => self.done(worker, done),
                Err(error) => return self.mistrust(worker, &error),
            }
        }
    }

    /// A worker's channel has ended or cannot be trusted any more.
    fn mistrust(&mut self, worker: WorkerId, error: &ChannelError) {
        self.crew.hung_up(worker, &self.events, error);
        // The login it runs ends when it is known how the worker did. One without gets none any more.
        if self.pool.running(worker).is_none() {
            self.pool.died(worker);
        }
    }

    fn done(&mut self, worker: WorkerId, done: Done) {
        // The crew has compared the number of the login, so there is one.
        let Some((task, leave)) = self.pool.finished(Instant::now(), worker) else { return };
        if leave || done.leaving {
            self.pool.died(worker);
            self.crew.dismiss(worker);
        }
        self.delivery.notes(&task, &done.notes);
        self.conclude(task, &Outcome::Pam { code: done.code, words: done.words });
    }

    fn reap(&mut self) {
        self.child_exits.clear();
        while let Reaped::Child(pid, how) = reap_any() {
            let Some(worker) = self.crew.reaped(pid) else { continue };
            // Its last words may still be in the channel; that it ends there is known already.
            while let Ok(Some(done)) = self.crew.next_report(worker) {
                self.done(worker, done);
            }
            // One that was dismissed over its last words is reaped all the same.
            self.crew.reaped(pid);
            let notes = self.crew.forget(worker);
            match self.pool.died(worker) {
                Some(task) => {
                    self.delivery.notes(&task, &notes);
                    self.conclude(task, &Outcome::WorkerEnded(how));
                }
                None if how == Ended::Exited(0) => {}
                None => log::warn!("idle worker {pid} {how}"),
            }
        }
    }

    fn conclude(&mut self, task: Task, outcome: &Outcome) {
        self.crew.log_all_output();
        if self.trial.as_ref().is_some_and(|trial| trial.login() == task.id()) {
            self.trial = None;
        }
        let answer = self.delivery.conclude(task, outcome);
        // A full socket means that nobody is waiting; and the number of decided logins comes with the next one.
        let _ = self.front.try_send(&answer, &[]);
    }
}
