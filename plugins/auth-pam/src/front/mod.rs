//! The part inside OpenVPN. After `--user` it has no privileges. It alone writes OpenVPN's files, with the rights it has
//! and inside its chroot, and only for attempts that it answered *deferred*.

mod asker;
mod attempts;
mod challenge;
mod client;
mod connect;
mod credentials;
mod grace;
mod logins;
mod proof;
mod receiver;
mod rejection;
mod revoked;
mod sessions;
mod tail;
mod wait_budget;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log_lines::Said;
use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientCrResponse, Tasks, logging};
use privsep::ChannelError;
use privsep::confine::{Cores, Output};
use privsep::life::{NewWorker, OpenVpn, Plan, WorkersPlan};
use privsep::line_log::line_log;
use privsep::local_socket;
use secret::Secret;

use asker::Asker;
pub use asker::{Client, MAX_TEXT as MAX_PENDING_TEXT};
use attempts::{Attempts, Decided, RESTART, Supervisor, Taken, Whom};
use credentials::Refusal;
use grace::Kind;
use receiver::Shared;
use rejection::{challenge, refusal, rejection};
use tail::Tail;

#[cfg(test)]
pub use credentials::tests::every_refusal;

use crate::AuthPam;
use crate::config::Config;
use crate::metrics::place::{Held, MetricsFile};
use crate::metrics::writer;
use crate::protocol::origin::Origin;
use crate::protocol::proof::Proof;
use crate::protocol::reference::References;
use crate::protocol::verdict::Verdict;
use crate::protocol::{Check, MAX_CREDENTIAL, MAX_TEXT, Request, SOCKET_BYTES, Sent};
use crate::quoted::{MAX_SHOWN, shown};
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
    shared: Arc<Shared>,
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
        let shared = Arc::new(Shared::new(attempts).map_err(|errno| errno.desc())?);
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
        let config = &front.settings.config;
        let workers = config.max_workers.unwrap_or(front.settings.max_workers);
        let most = config.max_pending.saturating_add(workers);
        // Room in any case: a variable of one login may defer it. A line only where it is known that there will be such.
        if let Some(warning) = limits::make_room_in_openvpn(most).filter(|_| defers) {
            warning.log();
        }
        Ok(front)
    }

    /// Starts the supervisor with its keeper, which is the only process that this one ever forks: before the first login,
    /// so that no helper has the memory of one.
    fn start(&self, attempts: &mut Attempts, metrics: Option<&(MetricsFile, Held)>) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| lines::processes::not_started(error).to_string();
        let (sender, lines) = line_log().map_err(|errno| failed(&errno.desc()))?;
        self.shared.lines.add(lines).map_err(|errno| failed(&errno.desc()))?;
        let settings = &self.settings;
        let (name, command) = titles::KEEPER;
        let title = settings.title(name);
        let status = settings.config.status.as_deref();
        let hold: Vec<_> = metrics.iter().flat_map(|(_, held)| [held.directory(), held.lock()]).collect();
        let write = metrics.map(|(file, held)| {
            move |born_with: NewWorker<'_>| writer::live(settings, file, held, born_with)
        });
        let plan = Plan {
            name: "supervisor",
            title: &title,
            command,
            // Nothing is ever printed there: log lines go to the front.
            output: Output::Null,
            cores: Cores::Never,
            openvpn: if settings.daemon { OpenVpn::Introduced } else { OpenVpn::Parent },
            workers: Some(WorkersPlan {
                live: &|keepers| worker::live(worker::Birth { settings, keepers }),
                most: settings.most_processes(),
                clerk: write.as_ref().map(|write| write as &dyn Fn(NewWorker<'_>) -> Infallible),
                culprits: "PAM modules",
            }),
            hold: &hold,
            orderly_end: settings.orderly_end(),
            connect: settings.config.syslog.is_some().then_some(supervisor::connect_to_system_log),
            at_end: Some(&|| status.iter().for_each(|path| local_socket::remove_dead(path))),
            log: Said::log,
        };
        let started = {
            let _log_stands_still = logging::hold_for_fork();
            Supervisor::start(
                &plan,
                START,
                || supervisor::prepare(settings, sender),
                |birth| supervisor::run(settings, birth),
            )
        };
        let supervisor = started.map_err(|error| failed(&error))?;
        supervisor.set_buffer(SOCKET_BYTES);
        attempts.supervisor = Some(supervisor);
        Ok(())
    }

    /// OpenVPN has become a daemon if it was to become one: tells the keeper which process that is.
    pub fn introduce(&self) {
        self.shared.with(|attempts| attempts.supervisor.iter().for_each(Supervisor::introduce));
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

    /// One attempt.
    pub fn verify(&mut self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        self.start_threads();
        if !self.logs {
            self.shared.lines.write_batch();
        }
        let arrived = Instant::now();
        let origin = client::origin(event, self.references.draw());
        if let Some(mut client) = event.client::<AuthPam>() {
            client.tried = true;
            client.since.get_or_insert_with(Instant::now);
        }
        let before = self.name_before(event);
        let mut check = match credentials::from_event(&self.settings, event, &origin, before.as_deref()) {
            Ok(check) => check,
            Err(refusal) => return self.refuse(event, origin, &refusal, arrived),
        };
        let wanted = self.settings.config.defers(event.env().get("deferred_auth_pam").is_some());
        let deferred = wanted && self.receives && event.auth_control_file().is_some();
        self.last_id += 1;
        check.id = self.last_id;
        check.deferred = deferred;
        let session = self.wants_session(event);
        check.session = session && !matches!(check.sent, Sent::Proof { proof: Proof::Token, .. });
        let keeps = check.session;
        if let Sent::Proof { session, .. } = &mut check.sent {
            *session = Self::session_of(event);
        }
        let name = self.wants_names(event).then(|| check.username.clone());
        let shared = Arc::clone(&self.shared);
        let answer = shared.with(|attempts| {
            if check.session {
                attempts.kept.insert(check.id);
            }
            attempts.logins.extend(name.iter().map(|_| (self.last_id, logins::Heard::default())));
            self.ask(attempts, event, check, &origin)
        });
        let reply = answer.unwrap_or_else(|refusal| self.refuse(event, origin.clone(), &refusal, arrived));
        if keeps {
            self.keep_login(event, &reply);
        }
        if let Some(name) = name {
            self.keep_names(event, &reply, name, &origin);
        }
        reply
    }

    /// Sends an attempt, waits for its verdict as long as that is worth it, and else defers it.
    fn ask(
        &self,
        attempts: &mut Attempts,
        event: &AuthUserPassVerify<'_>,
        check: Check,
        origin: &Origin,
    ) -> Result<AuthReply, Refusal> {
        let deferred = check.deferred;
        let pending_asker = Asker::of(&self.settings, event, &check);
        let kind = match check.sent {
            Sent::Password => Kind::Password,
            Sent::Answer(_) => Kind::Answer,
            Sent::Proof { .. } => Kind::Account,
        };
        let username = check.username.clone();
        let request = Request::Check(check);
        if deferred {
            event.can_defer().map_err(Refusal::ControlFile)?;
        }
        // If attempts are deferred, the receiver reads: to deliver their verdicts takes longer than this one should.
        if !attempts.any_deferred() {
            attempts.read();
        }
        if let Request::Check(check) = &request {
            if attempts.revoked.refuses(event, check) {
                return Err(Refusal::Revoked { by_token: kind == Kind::Account });
            }
        }
        let pending = attempts.any_pending();
        let id = self.last_id;
        // Before it is sent: a supervisor that is lost meanwhile takes it along.
        attempts.await_verdict(id, kind);
        // Wiped as soon as it is sent.
        if let Err(error) = Self::send(attempts, request) {
            let _ = attempts.take_verdict(id);
            return Err(Refusal::Supervisor(error));
        }
        let now = Instant::now();
        if let Some((asker, text)) = pending_asker.as_ref().and_then(Asker::in_advance) {
            let _ = attempts.take_verdict(id);
            let whom = self.whom(&username, origin, kind, now);
            let asked = asker.ask(attempts, event, whom, text, None);
            return asked.map_err(|error| Self::cancelled(attempts, id, Refusal::ControlFile(error)));
        }
        let grace = if deferred { attempts.grace.for_next(now, pending, kind) } else { None };
        // A client that can be asked at once is worth a wait that others are not.
        let wait = pending_asker.as_ref().map(|_| self.settings.config.question_wait);
        let wait = wait.filter(|wait| !pending && !wait.is_zero());
        let grace = grace.into_iter().chain(wait).max();
        let grace = grace.filter(|grace| attempts.wait_budget.affords(now, *grace));
        if !deferred {
            let end = self.settings.time_limits.of(false).map(|limit| now + limit + MARGIN);
            attempts.wait_for(id, end, |_| true);
        } else if let Some(grace) = grace {
            // A refusal costs the whole grace: the time must not tell what PAM thought of the login, or when. A
            // temporary failure says nothing about it, and to wait on would let who has caused it stop the server.
            // A question costs the whole grace too: it tells how far PAM came, and when.
            attempts.wait_for(id, Some(now + grace), |verdict| {
                matches!(verdict, Verdict::Accepted { .. } | Verdict::Temporary { .. })
            });
        }
        let taken = attempts.take_verdict(id);
        let accepted = matches!(&taken, Taken::Decided(Decided { verdict: Verdict::Accepted { .. }, .. }));
        if grace.is_some() && !accepted {
            attempts.wait_budget.spent(now.elapsed());
        }
        match taken {
            Taken::Decided(Decided { verdict: Verdict::Accepted { .. }, .. }) => Ok(AuthReply::Accept),
            Taken::Decided(Decided { verdict: Verdict::Rejected, told }) if told.is_empty() => {
                Ok(AuthReply::Reject)
            }
            Taken::Decided(Decided { verdict: Verdict::Rejected, told }) => {
                Ok(AuthReply::RejectWith(refusal(&told, origin.reference)))
            }
            Taken::Decided(Decided { verdict: Verdict::Temporary { cause, backoff }, .. }) => {
                let advance = self.settings.config.advance;
                Ok(AuthReply::RejectWith(rejection(cause, backoff, advance, origin.reference)))
            }
            Taken::Decided(Decided { verdict: Verdict::Asked(question), .. }) => {
                if let Some((asker, text)) =
                    pending_asker.as_ref().and_then(|asker| asker.for_question(&question))
                {
                    let whom = self.whom(&username, origin, kind, now);
                    let asked = asker.ask(attempts, event, whom, text, Some(question.id));
                    return asked.map_err(|error| Self::cancelled(attempts, id, Refusal::ControlFile(error)));
                }
                if deferred && attempts.holds_questions() {
                    attempts.kept.remove(&id);
                    // Whether the question came within the grace must not tell either.
                    let (decision, deferral) = event.defer().map_err(Refusal::ControlFile)?;
                    attempts.hold(decision, question, self.whom(&username, origin, kind, now));
                    return Ok(AuthReply::Deferred(deferral));
                }
                let cannot = |why: &str| Refusal::Question(why.to_string());
                event.auth_failed_reason_file().ok_or_else(|| cannot("OpenVPN 2.6 or later is needed"))?;
                let username = event.username().unwrap_or_default();
                let rejection = challenge(&question, username).map_err(|error| cannot(&error.to_string()))?;
                Ok(AuthReply::RejectWith(rejection))
            }
            Taken::Pending if deferred => match event.defer() {
                Ok((decision, deferral)) => {
                    attempts.defer(id, decision, self.whom(&username, origin, kind, now));
                    Ok(AuthReply::Deferred(deferral))
                }
                Err(error) => Err(Self::cancelled(attempts, id, Refusal::ControlFile(error))),
            },
            Taken::Pending => Err(Self::cancelled(attempts, id, Refusal::Unanswered)),
            Taken::Lost => Err(Refusal::Unanswered),
        }
    }

    /// Nobody waits for this attempt any more, for this reason.
    fn cancelled(attempts: &mut Attempts, id: u64, why: Refusal) -> Refusal {
        attempts.cancel(id);
        why
    }

    fn whom(&self, username: &[u8], origin: &Origin, kind: Kind, arrived: Instant) -> Whom {
        let username = username.to_vec();
        Whom { username, tail: self.tail(origin, arrived), kind }
    }

    /// A client has answered the question that its pending attempt was asked; whether that is so.
    pub fn answered(&self, event: &ClientCrResponse<'_>, id: u64) -> bool {
        let answer = event
            .decoded_response()
            .map(Secret::new)
            .filter(|answer| answer.len() <= MAX_CREDENTIAL && !answer.expose().contains(&0));
        self.shared.with(|attempts| match answer {
            Some(answer) => attempts.answer(id, answer),
            None => {
                attempts.refuse_answer(id);
                false
            }
        })
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

    /// Refuses an attempt without PAM. The supervisor hears of it only for the audit line.
    fn refuse(
        &self,
        event: &AuthUserPassVerify<'_>,
        origin: Origin,
        refusal: &Refusal,
        arrived: Instant,
    ) -> AuthReply {
        let username = event.username().unwrap_or_default();
        let (user, tail) = (shown(username), self.tail(&origin, arrived));
        if refusal.is_routine() {
            // Not a failure, so the line must not look like one to a log watcher.
            lines::attempts::routine(&user, refusal, &tail).log();
        } else {
            lines::attempts::failed(&user, refusal, &tail).log();
        }
        let reply = refusal.told().map_or(AuthReply::Reject, |told| {
            AuthReply::RejectWith(rejection::refusal(told.as_bytes(), origin.reference))
        });
        let config = &self.settings.config;
        // For the audit line and for what is counted.
        if config.syslog.is_some() || config.status.is_some() || config.metrics.is_some() || refusal.counts()
        {
            let request = Request::Refused {
                username: first_bytes(username, MAX_SHOWN + 1),
                origin,
                at_fault: refusal.is_clients_fault(),
                reason: first_bytes(refusal.to_string().as_bytes(), MAX_TEXT),
                took: arrived.elapsed(),
                counts: refusal.counts(),
            };
            self.shared.with(|attempts| {
                if let Some(supervisor) = &mut attempts.supervisor {
                    let _ = supervisor.try_send(request);
                }
            });
        }
        reply
    }

    /// The end of a line of the log.
    fn tail(&self, origin: &Origin, arrived: Instant) -> Tail {
        Tail { origin: origin.clone(), config: self.settings.config_name.clone(), arrived }
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
    fn stop(&self, supervisor: Supervisor) {
        let keeper = supervisor.keeper();
        let stop = self.settings.orderly_end() + STOP;
        if !supervisor.stop(stop) {
            lines::processes::did_not_end(keeper, stop.as_secs()).log();
        }
    }
}

/// What the writer of metrics needs, which only the keeper goes on holding. Nobody is refused over metrics.
fn open_metrics(config: &mut Config) -> Option<(MetricsFile, Held)> {
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

fn first_bytes(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes[..bytes.len().min(most)].to_vec()
}
