//! The part inside OpenVPN. After `--user` it has no privileges. It alone writes OpenVPN's files, with the rights it has
//! and inside its chroot, and only for attempts that it answered *deferred*.

mod attempts;
mod challenge;
mod checked_names;
mod client;
mod client_names;
mod connect;
mod credentials;
mod grace;
mod line_tail;
mod passwordless;
mod pending_authentication;
mod per_client_state;
mod rejection;
mod revoked;
mod sessions;
mod verdict_receiver;
mod verify;
mod wait_budget;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log_lines::UnloggedLine;
use ovpn_plugin::{Tasks, logging};
use privsep::ChannelError;
use privsep::confine::{Cores, Output};
use privsep::kept_helper::{NewWorker, OpenVpn, Plan, WorkersPlan};
use privsep::line_log::line_log;
use privsep::local_socket;

use attempts::{Attempts, RESTART, SupervisorLink};
#[cfg(any(test, feature = "fuzzing"))]
pub use credentials::from_event;
use line_tail::LineTail;
pub use pending_authentication::MAX_TEXT as MAX_PENDING_TEXT;
pub use per_client_state::PerClientState;
#[cfg(any(test, feature = "fuzzing"))]
pub use revoked::{Issued, issued};
use verdict_receiver::SharedAttempts;

#[cfg(test)]
pub use credentials::tests::every_refusal;

use crate::config::Config;
use crate::metrics::file::{MetricsFile, OpenDirectory};
use crate::metrics::writer;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::reference::References;
use crate::protocol::{Request, SOCKET_BYTES};
use crate::settings::Settings;
use crate::{limits, supervisor, titles, worker};

/// How long the supervisor may take to come up.
const START: Duration = Duration::from_secs(10);
/// How long it may take to pick up a request. It only reads, so this is never reached unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much longer than the time limit of an attempt its verdict may take.
const MARGIN: Duration = Duration::from_secs(5);
/// How much longer the keeper may take to leave than the supervisor.
const STOP: Duration = Duration::from_secs(1);

/// The front.
pub struct Front {
    settings: Settings,
    shared: Arc<SharedAttempts>,
    tasks: Tasks,
    /// The thread that logs runs.
    logs: bool,
    /// The receiver runs.
    receives: bool,
    last_id: u64,
    references: References,
}

impl Front {
    /// Starts the supervisor. `defers`: attempts may hold files of OpenVPN's open.
    pub fn open(mut settings: Settings, defers: bool) -> ovpn_plugin::Result<Self> {
        let metrics = open_metrics(&mut settings.config);
        let attempts = Attempts::new(&settings.config);
        let shared = Arc::new(SharedAttempts::new(attempts).map_err(|errno| errno.desc())?);
        let front = Front {
            settings,
            shared,
            tasks: Tasks::new(2),
            logs: false,
            receives: false,
            last_id: 0,
            references: References::new(),
        };
        let started = front.shared.with(|attempts| front.start(attempts, metrics.as_ref()));
        // What the supervisor had to say at its start; nobody else reads it yet.
        while front.shared.lines.write_batch() {}
        started?;
        // After the fork: workers keep the limit as it was.
        let most = front.settings.most_undecided();
        // Room in any case: a variable of one login may defer it. A line only where it is known that there will be such.
        if let Some(warning) = limits::make_room_in_openvpn(most).filter(|_| defers) {
            warning.log();
        }
        Ok(front)
    }

    /// Starts the supervisor with its keeper, which is the only process that this one ever forks: before the first login,
    /// so that no helper has the memory of one.
    fn start(
        &self,
        attempts: &mut Attempts,
        metrics: Option<&(MetricsFile, OpenDirectory)>,
    ) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| lines::processes::not_started(error).to_string();
        let (sender, lines) = line_log().map_err(|errno| failed(&errno.desc()))?;
        self.shared.lines.add(lines).map_err(|errno| failed(&errno.desc()))?;
        let settings = &self.settings;
        let (name, command) = titles::KEEPER;
        let title = settings.title(name);
        let status = settings.config.status.as_deref();
        let hold: Vec<_> = metrics.iter().flat_map(|(_, held)| [held.directory(), held.lock()]).collect();
        let write = metrics.map(|(file, held)| {
            move |new_writer: NewWorker<'_>| writer::live(settings, file, held, new_writer)
        });
        let work = |new_worker: NewWorker<'_>| worker::live(settings, new_worker);
        let remove_socket = || status.iter().for_each(|path| local_socket::remove_dead(path));
        let plan = Plan {
            name: "supervisor",
            title: &title,
            command,
            // Nothing is ever printed there: log lines go to the front.
            output: Output::Null,
            cores: Cores::Never,
            openvpn: if settings.daemon { OpenVpn::Introduced } else { OpenVpn::Parent },
            workers: Some(WorkersPlan {
                live: &work,
                most: settings.most_processes(),
                clerk: write.as_ref().map(|write| write as &dyn Fn(NewWorker<'_>) -> Infallible),
                culprits: "PAM modules",
            }),
            hold: &hold,
            orderly_end: settings.orderly_end(),
            connect: settings.config.syslog.is_some().then_some(supervisor::connect_to_system_log),
            at_end: Some(&remove_socket),
            log: UnloggedLine::log,
        };
        let started = {
            let _log_stands_still = logging::hold_for_fork();
            SupervisorLink::start(
                &plan,
                START,
                || supervisor::prepare(settings, sender),
                |new_supervisor| supervisor::run(settings, new_supervisor),
            )
        };
        let supervisor = started.map_err(|error| failed(&error))?;
        supervisor.set_buffer(SOCKET_BYTES);
        attempts.supervisor = Some(supervisor);
        Ok(())
    }

    /// OpenVPN has become a daemon if it was to become one: tells the keeper which process that is.
    pub fn introduce(&self) {
        self.shared.with(|attempts| attempts.supervisor.iter().for_each(SupervisorLink::introduce));
    }

    /// Starts both threads unless they run. Not when the plugin is opened: threads do not survive a fork by which OpenVPN
    /// becomes a daemon.
    pub fn start_threads(&mut self) {
        if self.receives {
            return;
        }
        let (receiver, logger) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let started = if self.logs { Ok(()) } else { self.tasks.spawn("log", move |_| logger.lines.run()) };
        self.logs = started.is_ok();
        match started.and_then(|()| self.tasks.spawn("verdicts", move |_| receiver.receive())) {
            Ok(()) => self.receives = true,
            Err(error) => lines::attempts::no_thread(error).log(),
        }
    }

    /// Sends a request.
    fn send(attempts: &mut Attempts, request: Request) -> Result<(), String> {
        let gone = || lines::refusals::no_supervisor(RESTART).to_string();
        let supervisor = attempts.supervisor.as_mut().ok_or_else(gone)?;
        match supervisor.send(request, PATIENCE) {
            Ok(()) => Ok(()),
            Err(error @ ChannelError::Closed) => {
                attempts.lose_supervisor(&error);
                Err(gone())
            }
            Err(error) => Err(lines::refusals::supervisor_unreachable(error).to_string()),
        }
    }

    /// The end of a line of the log.
    fn line_tail(&self, origin: &AttemptOrigin, arrived: Instant) -> LineTail {
        LineTail { origin: origin.clone(), config: self.settings.config_name.clone(), arrived }
    }

    /// Whether clients have sessions.
    pub fn opens_sessions(&self) -> bool {
        self.settings.config.session
    }

    /// Whether clients may be asked questions.
    pub fn can_ask(&self) -> bool {
        self.settings.can_ask
    }

    /// OpenVPN is about to die: the supervisor sees the end of its channel by itself, and is not waited for.
    pub fn abort(&mut self) {
        self.shared.with(|attempts| {
            if let Some(supervisor) = &attempts.supervisor {
                supervisor.finish();
            }
        });
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(supervisor) = self.shared.with(|attempts| attempts.supervisor.take()) {
            self.stop(supervisor);
        }
        // Until here, for the supervisor may have had much to say of its sessions.
        self.shared.lines.stop();
        // Waits for the end of both.
        self.tasks = Tasks::new(0);
        // Those of the supervisor end with it; those of the front itself are all there.
        while self.shared.lines.write_batch() {}
    }
}

impl Front {
    /// Ends supervisor and keeper.
    fn stop(&self, supervisor: SupervisorLink) {
        let keeper = supervisor.keeper();
        let stop = self.settings.orderly_end() + STOP;
        if !supervisor.stop(stop) {
            lines::processes::did_not_end(keeper, stop.as_secs()).log();
        }
    }
}

/// What the writer of metrics needs, which only the keeper goes on holding. Nobody is refused over metrics.
fn open_metrics(config: &mut Config) -> Option<(MetricsFile, OpenDirectory)> {
    let file = config.metrics.take()?;
    match file.open() {
        Ok(held) => {
            config.metrics = Some(file.clone());
            Some((file, held))
        }
        Err(why) => {
            lines::metrics::none(why).log();
            None
        }
    }
}
