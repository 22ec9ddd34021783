//! The part inside OpenVPN. After `--user` it has no privileges. It alone writes OpenVPN's files, with the rights it has
//! and inside its chroot, and only for attempts that it answered *deferred*.

mod attempts;
mod challenge;
mod client;
mod credentials;
mod grace;
mod receiver;
mod rejection;

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenError, Tasks, logging};
use privsep::ChannelError;
use privsep::line_log::line_log;

use attempts::{Attempts, Supervisor};
use credentials::Refusal;
use receiver::Shared;
use rejection::rejection;

use crate::limits;
use crate::protocol::{MAX_ADDRESS, MAX_TEXT, Reply, Request, SOCKET_BYTES};
use crate::quoted::{MAX_SHOWN, shown};
use crate::settings::Settings;
use crate::supervisor;
use crate::verdict::Verdict;

/// How long the supervisor may take to come up.
const START: Duration = Duration::from_secs(10);
/// How long it may take to pick up a request. It only reads, so this is never reached unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much longer than the time limit of an attempt its verdict may take.
const MARGIN: Duration = Duration::from_secs(5);
/// How long the supervisor may take to leave.
const STOP: Duration = Duration::from_secs(5);

/// The front.
pub struct Front {
    settings: Settings,
    shared: Arc<Shared>,
    tasks: Tasks,
    /// The thread that logs runs.
    logs: bool,
    /// The receiver runs.
    receives: bool,
    identity: Identity,
    last_id: u64,
}

/// Who and where the process was when the supervisor was started: another one may be started only if that is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    user: nix::unistd::Uid,
    root: Option<(u64, u64)>,
}

impl Identity {
    fn now() -> Self {
        let root = std::fs::metadata("/").map(|root| (root.dev(), root.ino())).ok();
        Identity { user: nix::unistd::geteuid(), root }
    }
}

impl Front {
    /// Starts the supervisor.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let attempts = Attempts::new(settings.config.grace, settings.config.advance);
        let shared = Arc::new(Shared::new(attempts).map_err(|errno| errno.desc())?);
        let identity = Identity::now();
        let front = Front {
            settings,
            shared,
            tasks: Tasks::new(2),
            logs: false,
            receives: false,
            identity,
            last_id: 0,
        };
        let started = front.shared.with(|attempts| front.start(attempts));
        // What the supervisor had to say at its start; nobody else reads it yet.
        while front.shared.log_lines() {}
        started.map_err(OpenError::from)?;
        // After the fork: workers keep the limit as it was.
        let config = &front.settings.config;
        let workers = config.max_workers.unwrap_or(front.settings.max_workers);
        if let Some(warning) = limits::make_room_in_openvpn(config.max_pending.saturating_add(workers)) {
            log::warn!("{warning}");
        }
        Ok(front)
    }

    fn start(&self, attempts: &mut Attempts) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| format!("the supervisor cannot be started: {error}");
        let (sender, lines) = line_log().map_err(|errno| failed(&errno.desc()))?;
        let settings = &self.settings;
        let supervisor = {
            let _log_stands_still = logging::hold_for_fork();
            Supervisor::start(|channel| supervisor::run(settings, channel, sender))
        };
        let mut supervisor = supervisor.map_err(|error| failed(&error))?;
        self.shared.read_lines_of(lines).map_err(|errno| failed(&errno.desc()))?;
        supervisor.channel.set_buffer(SOCKET_BYTES);
        let reason = match supervisor.channel.receive(Some(START)) {
            Ok(Some(received)) if received.message == Reply::Ready => {
                attempts.supervisor = Some(supervisor);
                return Ok(());
            }
            Ok(None) => format!("the supervisor did not come up within {} s", START.as_secs()),
            Ok(Some(_)) | Err(_) => "the supervisor ended while it was starting".into(),
        };
        supervisor.stop(Duration::ZERO);
        Err(reason)
    }

    /// Starts both threads unless they run. Not when the plugin is opened: threads do not survive a fork by which OpenVPN
    /// becomes a daemon.
    pub fn start_threads(&mut self) {
        if self.receives {
            return;
        }
        let (receiver, logger) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let started = if self.logs { Ok(()) } else { self.tasks.spawn("log", move |_| logger.write_log()) };
        self.logs = started.is_ok();
        match started.and_then(|()| self.tasks.spawn("verdicts", move |_| receiver.receive())) {
            Ok(()) => self.receives = true,
            Err(error) => log::warn!(
                "no thread can be started, so OpenVPN waits for each login itself: {error} (limit on processes?)"
            ),
        }
    }

    /// One attempt.
    pub fn verify(&mut self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        self.start_threads();
        if !self.logs {
            self.shared.log_lines();
        }
        let mut check = match credentials::from_event(&self.settings.config, event) {
            Ok(check) => check,
            Err(refusal) => return self.refuse(event, &refusal),
        };
        let wanted = self.settings.config.defers(event.env().get("deferred_auth_pam").is_some());
        let deferred = wanted && self.receives && event.auth_control_file().is_some();
        self.last_id += 1;
        check.id = self.last_id;
        check.deferred = deferred;
        let shared = Arc::clone(&self.shared);
        let answer = shared.with(|attempts| self.ask(attempts, event, Request::Check(check), deferred));
        answer.unwrap_or_else(|refusal| self.refuse(event, &refusal))
    }

    /// Sends an attempt, waits for its verdict as long as that is worth it, and else defers it.
    fn ask(
        &self,
        attempts: &mut Attempts,
        event: &AuthUserPassVerify<'_>,
        request: Request,
        deferred: bool,
    ) -> Result<AuthReply, Refusal> {
        if deferred {
            event.can_defer().map_err(Refusal::ControlFile)?;
        }
        // If attempts are deferred, the receiver reads: to deliver their verdicts takes longer than this one should.
        if !attempts.any_deferred() {
            attempts.read();
        }
        let pending = attempts.any_pending();
        self.send(attempts, &request).map_err(Refusal::Supervisor)?;
        // Wiped as soon as it is sent.
        drop(request);
        let (id, now) = (self.last_id, Instant::now());
        let grace = if deferred { attempts.grace.for_next(now, pending) } else { None };
        if !deferred {
            let end = self.settings.time_limits.of(false).map(|limit| now + limit + MARGIN);
            attempts.await_verdict(id);
            attempts.wait_for(id, end, |_| true);
        } else if let Some(grace) = grace {
            attempts.await_verdict(id);
            // A refusal costs the whole grace: the time must not tell what PAM thought of the login, or when. A
            // temporary failure says nothing about it, and to wait on would let who has caused it stop the server.
            attempts.wait_for(id, Some(now + grace), |verdict| verdict != Verdict::Rejected);
        }
        match attempts.take_verdict(id) {
            Some(Verdict::Accepted { .. }) => Ok(AuthReply::Accept),
            Some(Verdict::Rejected) => Ok(AuthReply::Reject),
            Some(Verdict::Temporary { cause, backoff }) => {
                Ok(AuthReply::RejectWith(rejection(cause, backoff, self.settings.config.advance)))
            }
            None if !deferred || attempts.supervisor.is_none() => {
                attempts.cancel(id);
                Err(Refusal::Unanswered)
            }
            None => match event.defer() {
                Ok(decision) => {
                    attempts.defer(id, decision, shown(event.username().unwrap_or_default()));
                    Ok(AuthReply::Deferred)
                }
                Err(error) => {
                    attempts.cancel(id);
                    Err(Refusal::ControlFile(error))
                }
            },
        }
    }

    /// Sends a request, to a new supervisor if the old one is gone and one may be started.
    fn send(&self, attempts: &mut Attempts, request: &Request) -> Result<(), String> {
        for fresh in [false, true] {
            if attempts.supervisor.is_none() {
                if self.identity != Identity::now() {
                    return Err("the supervisor is gone, and OpenVPN has no privileges any more to start another one; restart OpenVPN".into());
                }
                self.start(attempts)?;
            }
            let Some(supervisor) = &mut attempts.supervisor else { break };
            match supervisor.channel.send(request, &[], PATIENCE) {
                Ok(()) => return Ok(()),
                Err(error @ ChannelError::Closed) if !fresh => attempts.lose_supervisor(&error),
                Err(error) => return Err(format!("the supervisor cannot be reached: {error}")),
            }
        }
        Err("the supervisor ended at once".into())
    }

    /// Refuses an attempt without PAM. The supervisor is told for the audit line only.
    fn refuse(&self, event: &AuthUserPassVerify<'_>, refusal: &Refusal) -> AuthReply {
        let username = event.username().unwrap_or_default();
        log::error!("user '{}' failed to authenticate: {refusal}", shown(username));
        if self.settings.config.syslog.is_some() {
            let address = event.untrusted_ip().unwrap_or_default().as_bytes();
            let request = Request::Refused {
                username: first_bytes(username, MAX_SHOWN + 1),
                address: first_bytes(address, MAX_ADDRESS),
                reason: first_bytes(refusal.to_string().as_bytes(), MAX_TEXT),
            };
            self.shared.with(|attempts| {
                if let Some(supervisor) = &mut attempts.supervisor {
                    let _ = supervisor.channel.try_send(&request, &[]);
                }
            });
        }
        AuthReply::Reject
    }

    /// OpenVPN is about to die: the supervisor sees the end of its channel by itself, and is not waited for.
    pub fn abort(&mut self) {
        self.shared.with(|attempts| {
            if let Some(supervisor) = &attempts.supervisor {
                supervisor.channel.finish();
            }
        });
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.stop();
        // Waits for the end of both.
        self.tasks = Tasks::new(0);
        let Some(supervisor) = self.shared.with(|attempts| attempts.supervisor.take()) else { return };
        let pid = supervisor.pid();
        if !supervisor.stop(STOP) {
            log::warn!("the supervisor, process {pid}, did not end within {} s", STOP.as_secs());
        }
        // Those of the supervisor end with it; those of the front itself are all there.
        for mut lines in self.shared.take_line_receivers() {
            while let Ok(Some(line)) = lines.next_line() {
                receiver::write_line(&line);
            }
        }
    }
}

fn first_bytes(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes[..bytes.len().min(most)].to_vec()
}
