//! The life of a supervisor from its start to its end: what it is made of, what it gives up, and what it does last.

use std::convert::Infallible;
use std::fs::File;
use std::hash::RandomState;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use privsep::confine::{Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output};
use privsep::kept_helper::{self, ForWorkers, NewHelper, News};
use privsep::line_log::{self, LineSender};
use privsep::title::Title;
use privsep::unprivileged::Keeps;
use privsep::{ChannelError, InheritedNumbers, leave, unprivileged};

use super::audit::Audit;
use super::circuit_breaker::CircuitBreaker;
use super::counters::Counters;
use super::events::{EventSource, Events};
use super::held_verdicts::HeldVerdicts;
use super::line_limit::LineLimit;
use super::metrics::Metrics;
use super::module_output::ModuleOutput;
use super::new_passwords::NewPasswords;
use super::penalties::Penalties;
use super::process_title::ProcessTitle;
use super::repeated_attempts::RepeatedAttempts;
use super::revoking::RecentlyRevoked;
use super::scheduler::Scheduler;
use super::sessions::table::{Bounds, Sessions};
use super::slow_logins::SlowLogins;
use super::status_socket::StatusSocket;
use super::unanswered_limit::UnansweredLimit;
use super::waiting_questions::WaitingQuestions;
use super::worker_starts::WorkerStarts;
use super::workers::Workers;
use super::{Exit, NewSupervisor, Supervisor, status_socket};

use crate::protocol::SOCKET_BYTES;
use crate::settings::Settings;
use crate::worker::pam_progress;
use crate::{limits, titles};

/// How long the front may take to read what an earlier supervisor has told it.
const ANNOUNCE: Duration = Duration::from_secs(10);

/// First of all, in the keeper: log lines of the keeper and of everything it starts go to the front.
pub fn prepare(settings: &Settings, lines: LineSender) {
    ovpn_plugin::logging::in_forked_child();
    line_log::keep(lines);
    pam_progress::make_scoreboard();
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
        Exit::FrontGone => kept_helper::DONE,
        Exit::Mistrust => kept_helper::MISTRUST,
        Exit::Failed => kept_helper::FAILED,
    })
}

impl Supervisor {
    fn new(settings: &Settings, given: NewSupervisor, title: Title) -> nix::Result<Self> {
        let open_files = limits::raise_open_files();
        let memory_locked = given.memory_locked;
        let in_nix = |error: std::io::Error| nix::Error::from_raw(error.raw_os_error().unwrap_or(0));
        let random = File::open("/dev/urandom").map_err(in_nix)?;
        let mut supervisor = Self::assembled(settings, given, title, open_files, random)?;
        let socket = settings.config.status.as_deref();
        let socket = socket.and_then(|path| status_socket::socket(path, &supervisor.events));
        let callers = socket.is_some();
        supervisor.status_socket = StatusSocket::new(socket);
        // From here on it has what it holds. Nothing was read of the front's yet.
        let missing = unprivileged::enter(Keeps { locked_memory: memory_locked, callers });
        if let Some(errno) = missing.capabilities {
            lines::processes::keeps_capabilities(errno.desc()).log();
        }
        if let Some(errno) = missing.filter.filter(|_| settings.debug) {
            lines::processes::no_filter(errno.desc()).log();
        }
        supervisor.announce().map_err(|_| nix::Error::EPIPE)?;
        Ok(supervisor)
    }

    /// Tells the front that this supervisor is up, the first thing that it sends. What the one before has told waits until it
    /// is read, so there may be no room yet.
    fn announce(&mut self) -> Result<(), ChannelError> {
        self.front.send(&News::Ready(self.generation), &[], ANNOUNCE)
    }

    /// All its parts, with nothing done yet that needs or gives up a right.
    pub(super) fn assembled(
        settings: &Settings,
        mut given: NewSupervisor,
        title: Title,
        open_files: usize,
        random: File,
    ) -> nix::Result<Self> {
        let ForWorkers { output, parent_death_pipe } = given.for_workers.take().ok_or(nix::Error::EINVAL)?;
        let events = Events::new()?;
        let output = ModuleOutput::new(output);
        events.add(&given.front, EventSource::Front)?;
        events.add(&given.keeper, EventSource::Keeper)?;
        events.add(&output, EventSource::ModuleOutput)?;
        let in_nix = |error: std::io::Error| nix::Error::from_raw(error.raw_os_error().unwrap_or(0));
        let random_for_workers = random.try_clone().map_err(in_nix)?;
        let repeated = RepeatedAttempts::new(&random).map_err(in_nix)?;
        // As much as the front has made for requests: verdicts of a burst wait until the front reads them.
        given.front.set_buffer(SOCKET_BYTES);
        let limits = settings.scheduler_limits(open_files);
        let NewHelper { number, front, keeper, .. } = given;
        let waiting_questions = WaitingQuestions::new(limits.max_suspended);
        let most_asked = waiting_questions.most_at_once();
        let workers = Workers::new(settings, most_asked, keeper, parent_death_pipe, random_for_workers);
        Ok(Supervisor {
            front,
            generation: number,
            keeper_has_no_room: false,
            max_workers: limits.max_workers,
            scheduler: Scheduler::new(&limits),
            workers,
            waiting_questions,
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
            status_socket: StatusSocket::new(None),
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
}
