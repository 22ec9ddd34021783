//! The supervisor: has no rights, runs no PAM, and does no I/O on anything the front names or holds. It hands attempts to
//! workers, ends those that take too long, replaces those that die, and ends with OpenVPN.

mod attempt;
pub mod audit;
mod circuit_breaker;
mod client_options;
mod conclude;
pub mod counters;
mod deliver;
mod events;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
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
mod start;
mod status_report;
mod status_socket;
#[cfg(test)]
mod timing_tests;
mod unanswered_limit;
mod waiting_questions;
mod worker_exits;
mod worker_starts;
mod workers;

use std::fs::File;
use std::hash::RandomState;
use std::time::{Duration, Instant};

use privsep::kept_helper::{NewHelper, News, Numbered};
use privsep::{Channel, idle_wait};

pub use audit::{connect as connect_to_system_log, take_name as take_syslog_name};
pub use scheduler::Limits;
pub use sessions::CLOSE_ALL;
pub use start::{prepare, run};

use attempt::Attempt;
use audit::Audit;
use circuit_breaker::CircuitBreaker;
use counters::Counters;
use events::{EventSource, Events, WorkerId};
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
use sessions::table::Sessions;
use slow_logins::SlowLogins;
use status_socket::StatusSocket;
use unanswered_limit::UnansweredLimit;
use waiting_questions::WaitingQuestions;
use worker_starts::WorkerStarts;
use workers::Workers;

use crate::protocol::{Reply, Request};
use crate::settings::Settings;

/// Pause when the system is out of a resource.
const SHORTAGE: Duration = Duration::from_millis(10);

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

impl Supervisor {
    fn serve(&mut self) -> Exit {
        // The first login finds a worker with the modules loaded.
        self.fork_worker(Instant::now());
        self.keep_metrics(Instant::now());
        self.watch_keeper();
        loop {
            let until = self.next_event(Instant::now());
            let happened = idle_wait::wait(until, |until| match self.events.wait(until) {
                Ok(happened) if happened.is_empty() => None,
                other => Some(other),
            });
            let turn = match happened.unwrap_or(Ok(Vec::new())) {
                Ok(happened) => self.turn(&happened, Instant::now),
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

    /// When there is something to do although nothing happens.
    fn next_event(&mut self, now: Instant) -> Option<Instant> {
        self.process_title.show(now, self.workers.running(), self.scheduler.waiting());
        self.slow_logins.note(now, self.any_waits_for_pam());
        let times = [
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
        times.into_iter().flatten().min()
    }

    fn turn(&mut self, happened: &[EventSource], clock: impl Fn() -> Instant) -> Result<(), Exit> {
        let now = clock();
        for source in happened {
            match *source {
                EventSource::Front => {
                    self.flush()?;
                    if !self.verdicts.are_unread() {
                        self.read_front(now)?;
                    }
                }
                EventSource::Keeper => self.hear_keeper(now)?,
                EventSource::ModuleOutput => self.output.read(),
                EventSource::Worker(worker) => self.hear(now, worker),
                EventSource::StatusSocket => self.admit_callers(now),
                EventSource::StatusCaller(place) => self.hear_caller(now, place),
                EventSource::Writer => self.hear_writer(now),
            }
        }
        self.keep_time(now);
        // Before the rest, which takes its time.
        self.deliver_due(clock())?;
        self.hand_out(now);
        self.deliver_due(clock())?;
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
