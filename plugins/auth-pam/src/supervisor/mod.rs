//! The supervisor: has no rights, runs no PAM, and does no I/O on anything the front names or holds. It hands attempts to
//! workers, ends those that take too long, replaces those that die, and ends with OpenVPN.

mod attempt;
pub mod audit;
mod circuit_breaker;
mod client_options;
pub mod counters;
mod deliver;
mod events;
mod hand_out;
mod held_verdicts;
mod keeper_messages;
mod line_limit;
mod metrics;
mod module_output;
mod new_passwords;
mod outcome;
mod passwordless;
mod penalties;
mod process_title;
mod questions;
mod reasons;
mod repeated_attempts;
mod requests;
mod revoking;
mod scheduler;
mod sessions;
mod siphash;
mod slow_logins;
pub mod source;
mod status_report;
mod status_socket;
mod unanswered_limit;
mod waiting_questions;
mod worker_starts;
mod workers;

use std::convert::Infallible;
use std::fs::File;
use std::hash::RandomState;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use privsep::confine::{Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output};
use privsep::life::{self, ForWorkers, NewHelper, News, Numbered};
use privsep::line_log::{self, LineSender};
use privsep::title::Title;
use privsep::unprivileged::Keeps;
use privsep::{Channel, InheritedNumbers, idle, leave, unprivileged};

pub use audit::{connect as connect_to_system_log, take_name as take_syslog_name};
pub use scheduler::Limits;
pub use sessions::CLOSE_ALL;

use attempt::Attempt;
use audit::Audit;
use circuit_breaker::CircuitBreaker;
use counters::Counters;
use events::{Events, What, WorkerId};
use held_verdicts::HeldVerdicts;
use line_limit::LineLimit;
use metrics::Metrics;
use module_output::ModuleOutput;
use new_passwords::NewPasswords;
use outcome::Outcome;
use penalties::Penalties;
use process_title::ProcessTitle;
use repeated_attempts::RepeatedAttempts;
use revoking::RecentlyRevoked;
use scheduler::{Schedulable, Scheduler};
use sessions::table::{Bounds, Sessions};
use slow_logins::SlowLogins;
use status_socket::StatusSocket;
use unanswered_limit::UnansweredLimit;
use waiting_questions::WaitingQuestions;
use worker_starts::WorkerStarts;
use workers::Workers;

use crate::protocol::{Reply, Request, SOCKET_BYTES};
use crate::settings::Settings;
use crate::worker::progress;
use crate::{limits, titles};

/// Pause when the system is out of a resource.
const SHORTAGE: Duration = Duration::from_millis(10);
/// How long the front may take to read what an earlier supervisor has told it.
const ANNOUNCE: Duration = Duration::from_secs(10);

/// What the keeper gives a new supervisor.
pub type NewSupervisor = NewHelper<Reply, Request>;
/// The channel to the front.
type FrontChannel = Channel<News<Reply>, Numbered<Request>>;

struct Supervisor {
    settings: Settings,
    front: FrontChannel,
    generation: u32,
    keeper_has_no_room: bool,
    scheduler: Scheduler<Attempt>,
    max_workers: usize,
    limits: Limits,
    began: Instant,
    counters: Counters,
    metrics: Option<Metrics>,
    workers: Workers,
    waiting_questions: WaitingQuestions,
    sessions: Sessions,
    new_passwords: NewPasswords,
    spare_is_wanted: bool,
    worker_starts: WorkerStarts,
    penalties: Penalties,
    unanswered: UnansweredLimit,
    repeated: RepeatedAttempts,
    breaker: CircuitBreaker,
    away: bool,
    verdicts: HeldVerdicts,
    /// The longest delay that the service has asked for.
    longest_delay: Duration,
    audit: Option<Audit>,
    line_limit: LineLimit,
    slow_logins: SlowLogins,
    status_socket: StatusSocket,
    revoked: RecentlyRevoked,
    process_title: ProcessTitle,
    output: ModuleOutput,
    events: Events,
    fork_failure_logged: bool,
    read_failure_logged: bool,
    key: RandomState,
    random: File,
}

/// Why the supervisor ends.
enum Exit {
    /// OpenVPN has closed its end or is gone.
    FrontGone,
    /// OpenVPN has sent something that it must not, which has been logged.
    Mistrust,
    /// Something else is wrong, and has been logged.
    Failed,
}

/// First of all, in the keeper: log lines of the keeper and of everything it starts go to the front.
pub fn prepare(settings: &Settings, lines: LineSender) {
    ovpn_plugin::logging::in_forked_child();
    line_log::keep(lines);
    progress::share();
    ovpn_plugin::logging::redirect(line_log::send);
    // The working directory of a daemon must not keep a file system busy.
    if settings.daemon {
        let _ = std::env::set_current_dir("/");
    }
}

/// The whole life of a supervisor, in a child of the keeper.
pub fn run(settings: &Settings, given: NewSupervisor) -> Infallible {
    let lines = line_log::kept();
    let for_workers = given.for_workers.as_ref();
    let keep = [
        Some(given.front.as_fd()),
        Some(given.keeper.as_fd()),
        for_workers.map(|it| it.output.as_fd()),
        for_workers.map(|it| it.parent_death_pipe.as_fd()),
        lines.as_ref().map(|it| it.as_fd()),
    ];
    let (name, command) = titles::SUPERVISOR;
    let title = Confinement {
        title: &settings.title(name),
        command,
        group: Group::Session,
        output: Output::Null,
        keep: &keep.into_iter().flatten().collect::<Vec<_>>(),
        numbers: InheritedNumbers::Occupied,
        ignore: &[Signal::SIGPIPE],
        withstand: &MEANT_FOR_OPENVPN,
        cores: Cores::Never,
    }
    .enter();
    drop(lines);
    let exit = match Supervisor::new(settings, given, title) {
        Ok(mut supervisor) => {
            let exit = supervisor.serve();
            // Nobody is answered any more. First of all: the next server may start already, and finds its place free.
            supervisor.status_socket = StatusSocket::new(None);
            let rest = supervisor.line_limit.take_rest();
            supervisor.tell_suppressed(rest);
            if !matches!(exit, Exit::Mistrust) {
                supervisor.receive_last_reports();
            }
            supervisor.close_all_sessions();
            // After another failure there is a next supervisor, which goes on with the file.
            if !matches!(exit, Exit::Failed) {
                supervisor.remove_metrics();
            }
            supervisor.end_workers();
            exit
        }
        Err(errno) => {
            lines::processes::cannot_start(errno.desc()).log();
            Exit::Failed
        }
    };
    leave(match exit {
        Exit::FrontGone => life::DONE,
        Exit::Mistrust => life::MISTRUST,
        Exit::Failed => life::FAILED,
    })
}

impl Supervisor {
    fn new(settings: &Settings, mut given: NewSupervisor, title: Title) -> nix::Result<Self> {
        let open_files = limits::raise_open_files();
        let ForWorkers { output, parent_death_pipe } = given.for_workers.take().ok_or(nix::Error::EINVAL)?;
        let events = Events::new()?;
        let output = ModuleOutput::new(output);
        events.add(&given.front, What::Front)?;
        events.add(&given.keeper, What::Keeper)?;
        events.add(&output, What::ModuleOutput)?;
        let in_nix = |error: std::io::Error| nix::Error::from_raw(error.raw_os_error().unwrap_or(0));
        let random = File::open("/dev/urandom").map_err(in_nix)?;
        let random_for_workers = random.try_clone().map_err(in_nix)?;
        let repeated = RepeatedAttempts::new(&random).map_err(in_nix)?;
        // As much as the front has made for requests: what is told of a burst waits until the front reads it.
        given.front.set_buffer(SOCKET_BYTES);
        let limits = settings.scheduler_limits(open_files);
        let socket = settings.config.status.as_deref().and_then(|path| status_socket::socket(path, &events));
        // From here on it has what it holds. Nothing was read of the front's yet.
        let missing =
            unprivileged::enter(Keeps { locked_memory: given.memory_locked, callers: socket.is_some() });
        if let Some(errno) = missing.capabilities {
            lines::processes::keeps_capabilities(errno.desc()).log();
        }
        if let Some(errno) = missing.filter.filter(|_| settings.debug) {
            lines::processes::no_filter(errno.desc()).log();
        }
        given.announce(ANNOUNCE).map_err(|_| nix::Error::EPIPE)?;
        let NewHelper { number, front, keeper, .. } = given;
        let workers = Workers::new(settings, keeper, parent_death_pipe, random_for_workers);
        Ok(Supervisor {
            front,
            generation: number,
            keeper_has_no_room: false,
            max_workers: limits.max_workers,
            scheduler: Scheduler::new(&limits),
            workers,
            waiting_questions: WaitingQuestions::new(limits.max_suspended),
            sessions: Sessions::new(Bounds {
                most: limits.max_sessions,
                most_of_user: settings.config.max_sessions_per_user,
            }),
            new_passwords: NewPasswords::default(),
            spare_is_wanted: false,
            worker_starts: WorkerStarts::new(),
            penalties: Penalties::new(settings.config.penalties),
            unanswered: UnansweredLimit::default(),
            repeated,
            breaker: CircuitBreaker::new(),
            away: false,
            verdicts: HeldVerdicts::default(),
            longest_delay: Duration::ZERO,
            audit: settings.config.syslog.map(|facility| Audit::new(facility, settings.config_name.clone())),
            line_limit: LineLimit::new(Instant::now()),
            slow_logins: SlowLogins::default(),
            status_socket: StatusSocket::new(socket),
            revoked: RecentlyRevoked::default(),
            limits,
            began: Instant::now(),
            counters: Counters::default(),
            metrics: settings.config.metrics.clone().map(|file| Metrics::new(file, Instant::now())),
            process_title: ProcessTitle::new(title, settings.title("supervisor")),
            output,
            events,
            fork_failure_logged: false,
            read_failure_logged: false,
            key: RandomState::new(),
            random,
            settings: settings.clone(),
        })
    }

    fn serve(&mut self) -> Exit {
        // The first login finds a worker with the modules loaded.
        self.fork_worker(Instant::now());
        self.keep_metrics(Instant::now());
        self.watch_keeper();
        loop {
            let now = Instant::now();
            self.process_title.show(now, self.workers.running(), self.scheduler.waiting());
            self.slow_logins.note(now, self.any_waits_for_pam());
            let until = [
                self.scheduler.next_deadline(),
                self.workers.next_event(),
                self.waiting_questions.next_event(),
                self.sessions.next_event(),
                self.worker_starts.next_tick(),
                self.verdicts.next_event(),
                self.line_limit.next_event(),
                self.slow_logins.next_event(),
                self.process_title.next_event(),
                self.status_socket.next_event(),
                self.metrics.as_ref().and_then(Metrics::next_event),
            ];
            let until = until.into_iter().flatten().min();
            let happened = idle::wait(until, |until| match self.events.wait(until) {
                Ok(happened) if happened.is_empty() => None,
                other => Some(other),
            });
            let turn = match happened.unwrap_or(Ok(Vec::new())) {
                Ok(happened) => self.turn(&happened),
                Err(errno) => {
                    lines::processes::cannot_wait(errno.desc()).log();
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
                What::Keeper => self.hear_keeper(now)?,
                What::ModuleOutput => self.output.read(),
                What::Worker(worker) => self.hear(now, worker),
                What::StatusSocket => self.admit_callers(now),
                What::StatusCaller(place) => self.hear_caller(now, place),
                What::Writer => self.hear_writer(now),
            }
        }
        self.keep_time(now);
        // Before the rest, which takes its time.
        self.deliver_due(Instant::now())?;
        self.hand_out(now);
        self.deliver_due(Instant::now())?;
        self.start_spare(now);
        // Last: nobody waits for it.
        self.keep_metrics(now);
        self.watch_keeper();
        Ok(())
    }

    fn keep_time(&mut self, now: Instant) {
        let suppressed = self.line_limit.take_report(now);
        self.tell_suppressed(suppressed);
        for attempt in self.scheduler.expired(now) {
            self.conclude(now, attempt, &Outcome::WaitedTooLong);
        }
        for worker in self.workers.late(now) {
            self.counters.totals.workers_killed += 1;
            if let Some(attempt) = self.workers.kill(now, worker) {
                self.ended(&attempt);
                self.conclude(now, *attempt, &Outcome::RanTooLong);
            } else {
                lines::workers::not_ready(workers::MAX_NOT_READY.as_secs()).log();
            }
        }
        self.workers.note_slow(now);
        self.give_up_late_ones(now);
        self.end_late_checks(now);
        self.end_late_sessions(now);
        self.end_late_callers(now);
        self.workers.retire(now);
        self.workers.kill_late(now);
        self.watch_slow_logins(now);
    }

    /// A transaction is over, whatever came of it.
    fn ended(&mut self, attempt: &Attempt) {
        self.scheduler.finished(attempt.source, Schedulable::username(attempt));
        self.worker_starts.finished();
    }
}
