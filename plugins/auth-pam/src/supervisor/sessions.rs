//! Sessions of PAM: a transaction that has let a client in stays in its worker. Its session is opened when the client
//! connects, and closed when that is gone, at the latest with OpenVPN.

mod closing_all;
pub mod session;
pub mod session_log;
pub mod table;

use std::time::{Duration, Instant};

use privsep::Ended;

use super::Supervisor;
use super::attempt::Attempt;
use super::events::WorkerId;
use super::outcome::Outcome;
use crate::protocol::session::{Assigned, CloseReason, Usage};
use crate::protocol::verdict::Verdict;
use crate::protocol::{Order, Request, StepResult, TransactionEnd};
use crate::startup::Replaces;
pub use closing_all::CLOSE_ALL;
use session::{Session, SessionStage};
use session_log::SessionEvent;
use table::{Full, NoRoom};

/// How much longer than OpenVPN gives it a client may take to connect.
const MARGIN: Duration = Duration::from_secs(10);

impl Supervisor {
    /// A transaction has let a client in and stays in its worker.
    pub(super) fn pam_keeps(
        &mut self,
        now: Instant,
        worker: WorkerId,
        attempt: Attempt,
        end: TransactionEnd,
    ) {
        // It was begun for a client without a session, and was answered by one that has one.
        if !attempt.session {
            self.workers.dismiss(now, worker);
            return self.pam_decided(now, attempt, end);
        }
        if self.revoked.covers(&attempt, &end.checked) {
            self.workers.dismiss(now, worker);
            return self.pam_decided(now, attempt, end);
        }
        let checked = if end.checked.is_empty() { &attempt.username } else { &end.checked };
        if self.can_not_connect(checked, &attempt.common_name) {
            self.workers.dismiss(now, worker);
            self.learn(now, &attempt, &end);
            return self.conclude(now, attempt, &Outcome::TooManyOfUser);
        }
        let session = Session {
            attempts: vec![attempt.id],
            worker,
            username: attempt.username.clone(),
            sent_as: attempt.sent_as.clone(),
            checked: checked.clone(),
            source: attempt.source,
            common_name: attempt.common_name.clone(),
            origin: attempt.origin.clone(),
            stage: SessionStage::LetIn { until: now + self.settings.time_to_connect + MARGIN },
            asked: None,
            check: None,
        };
        match self.sessions.let_in(session) {
            Ok(None) => {}
            Ok(Some(given_up)) => {
                self.workers.dismiss(now, given_up.worker);
                self.tell_of_client(&given_up.whose(), &lines::sessions::given_up().to_string());
            }
            Err(NoRoom) => {
                self.workers.dismiss(now, worker);
                self.learn(now, &attempt, &end);
                return self.conclude(now, attempt, &Outcome::TooManySessions);
            }
        }
        self.spare_is_wanted = true;
        let (id, gone) = (attempt.id, attempt.gone);
        self.pam_decided(now, attempt, end);
        // Others may have joined it.
        if gone {
            self.cancel_session(now, id);
        }
    }

    /// Whether it is sure that there is no place for another session of this user, also not that of a client that OpenVPN
    /// disconnects when this one connects. Then it is refused at once, since only now it can be told why.
    fn can_not_connect(&self, checked: &[u8], common_name: &[u8]) -> bool {
        let replaced = |session: &Session| match self.settings.replaces {
            Replaces::Nobody => false,
            Replaces::CommonName => session.common_name == common_name,
            Replaces::User => true,
        };
        self.sessions.user_has_all(checked, replaced)
    }

    /// What the front wants of a session.
    pub(super) fn asked_about_session(&mut self, now: Instant, request: Request) {
        match request {
            Request::Open { id, attempt, assigned } => self.open_session(now, id, attempt, assigned),
            Request::Close { attempt, usage } => {
                if let Some(worker) = self.sessions.of(attempt).map(|session| session.worker) {
                    self.close_session(now, worker, usage);
                }
            }
            Request::Attempt(_)
            | Request::Cancel { .. }
            | Request::Options { .. }
            | Request::Refused { .. } => {}
        }
    }

    fn open_session(&mut self, now: Instant, request: u64, attempt: u64, assigned: Assigned) {
        let until = self.settings.time_limits.of(true).map(|limit| now + limit);
        let Some(session) = self.sessions.of(attempt).filter(|session| !session.is_open()) else {
            self.answer_front(request, Verdict::Rejected);
            if self.line_limit.admits(now) {
                lines::sessions::over().log();
            }
            return;
        };
        let (worker, source, checked) = (session.worker, session.source, session.checked.clone());
        let reference = session.origin.reference;
        let full = self.sessions.full_for(source, &checked);
        if let Some(full) = full {
            let why = match full {
                Full::All => lines::sessions::too_many().to_string(),
                Full::User => lines::sessions::too_many_of_user().to_string(),
                Full::Closing => lines::sessions::too_many_closing().to_string(),
            };
            self.workers.dismiss(now, worker);
            return self.refuse_session(worker, request, &why);
        }
        let sent = self.workers.order(now, worker, |nonce| Order::Open { nonce, assigned, reference });
        self.sessions.change(worker, |session| {
            session.stage = SessionStage::Opening { request, assigned, since: now, until, gone: None };
            session.asked = Some(now);
        });
        if let Err(error) = sent {
            let why = lines::sessions::worker_unreachable(error).to_string();
            self.refuse_session(worker, request, &why);
        }
    }

    /// The client gets no session, so it is refused.
    fn refuse_session(&mut self, worker: WorkerId, request: u64, why: &str) {
        self.answer_front(request, Verdict::Rejected);
        if let Some(session) = self.sessions.remove(worker) {
            self.tell_of_session(&session.whose(), SessionEvent::Refused, why, false);
        }
    }

    /// A worker says that it has opened its session, or could not.
    pub(super) fn session_opened(&mut self, now: Instant, worker: WorkerId, done: &StepResult) {
        let Some(session) = self.sessions.in_worker(worker) else { return };
        let SessionStage::Opening { request, assigned, since, gone, .. } = session.stage.clone() else {
            return;
        };
        let text = String::from_utf8_lossy(&done.text).into_owned();
        if done.code != 0 {
            self.workers.dismiss(now, worker);
            return self.refuse_session(worker, request, &text);
        }
        let whose = session.whose();
        self.sessions.change(worker, |session| {
            session.stage = SessionStage::Open { since: now };
            session.asked = None;
        });
        let took = now.saturating_duration_since(since);
        self.answer_front(request, Verdict::Accepted { took });
        self.tell_of_session(&whose, SessionEvent::Opened(assigned), &text, true);
        if let Some(usage) = gone {
            self.close_session(now, worker, usage);
        }
    }

    /// A worker has something for the log.
    pub(super) fn session_note(&mut self, worker: WorkerId, text: &[u8]) {
        if let Some(whose) = self.sessions.in_worker(worker).map(|session| session.whose()) {
            self.tell_of_client(&whose, &String::from_utf8_lossy(text));
        }
    }

    /// The client in this worker is gone.
    fn close_session(&mut self, now: Instant, worker: WorkerId, usage: Usage) {
        let limit = self.settings.time_limits.of(true);
        let Some(session) = self.sessions.in_worker(worker) else { return };
        match session.stage {
            SessionStage::LetIn { .. } => {
                self.sessions.remove(worker);
                self.workers.dismiss(now, worker);
            }
            SessionStage::Opening { .. } => {
                self.sessions.change(worker, |session| {
                    if let SessionStage::Opening { gone, .. } = &mut session.stage {
                        *gone = Some(usage);
                    }
                });
            }
            SessionStage::Open { since } => {
                let until = limit.map(|limit| now + limit);
                self.sessions.change(worker, |session| {
                    session.stage = SessionStage::Closing { usage, since, until };
                    session.asked = Some(now);
                });
                if let Err(error) = self.workers.order(now, worker, |nonce| Order::Close { nonce, usage }) {
                    let why = lines::sessions::worker_unreachable(error).to_string();
                    self.session_lost(now, worker, &why);
                }
            }
            SessionStage::Closing { .. } => {}
        }
    }

    /// A worker says how the end of its session went.
    pub(super) fn session_closed(&mut self, now: Instant, worker: WorkerId, done: &StepResult) {
        let text = String::from_utf8_lossy(&done.text).into_owned();
        self.workers.dismiss(now, worker);
        let Some(session) = self.sessions.in_worker(worker) else { return };
        if let SessionStage::Closing { usage, since, .. } = session.stage {
            let (whose, event) =
                (session.whose(), SessionEvent::Closed(usage, now.saturating_duration_since(since)));
            let check = self.sessions.remove(worker).and_then(|session| session.check);
            self.check_elsewhere(now, check);
            self.tell_of_session(&whose, event, &text, done.code == 0);
        } else {
            self.session_lost(now, worker, &lines::sessions::closed_unasked().to_string());
        }
    }

    /// Nobody can close this session any more.
    pub(super) fn session_lost(&mut self, now: Instant, worker: WorkerId, why: &str) {
        let Some(mut session) = self.sessions.remove(worker) else { return };
        self.check_elsewhere(now, session.check.take());
        let (usage, since) = match session.stage {
            SessionStage::Closing { usage, since, .. } => (usage, since),
            // Its client is connected, and stays so.
            SessionStage::Open { since } => (Usage::unknown(CloseReason::StillConnected), since),
            SessionStage::Opening { request, since, .. } => {
                self.answer_front(request, Verdict::Rejected);
                (Usage::unknown(CloseReason::NotConnected), since)
            }
            SessionStage::LetIn { .. } => return,
        };
        let event = SessionEvent::Lost(usage, now.saturating_duration_since(since));
        self.tell_of_session(&session.whose(), event, why, false);
    }

    /// Those that are over their time.
    pub(super) fn end_late_sessions(&mut self, now: Instant) {
        for worker in self.sessions.late(now) {
            let Some(session) = self.sessions.in_worker(worker) else { continue };
            let seconds = self.settings.time_limits.of(true).unwrap_or_default().as_secs();
            match session.stage.clone() {
                SessionStage::LetIn { .. } => {
                    self.workers.dismiss(now, worker);
                    if let Some(session) = self.sessions.remove(worker) {
                        let text = lines::sessions::never_connected().to_string();
                        self.tell_of_client(&session.whose(), &text);
                    }
                }
                SessionStage::Opening { request, .. } => {
                    self.workers.kill(now, worker);
                    let why = lines::sessions::opening_too_long(seconds).to_string();
                    self.refuse_session(worker, request, &why);
                }
                SessionStage::Open { .. } => {}
                SessionStage::Closing { .. } => {
                    self.workers.kill(now, worker);
                    let why = lines::sessions::closing_too_long(seconds).to_string();
                    self.session_lost(now, worker, &why);
                }
            }
        }
    }

    /// The worker of a session has ended by itself or was killed by somebody else; false if it had none.
    pub(super) fn session_worker_ended(&mut self, now: Instant, worker: WorkerId, how: Ended) -> bool {
        let Some(session) = self.sessions.in_worker(worker) else { return false };
        match session.stage.clone() {
            SessionStage::LetIn { .. } => {
                if let Some(session) = self.sessions.remove(worker) {
                    let text = lines::sessions::waiting_worker_ended(how).to_string();
                    self.tell_of_client(&session.whose(), &text);
                }
            }
            SessionStage::Opening { request, .. } => {
                let why = lines::sessions::opening_worker_ended(how).to_string();
                self.refuse_session(worker, request, &why);
            }
            SessionStage::Open { .. } | SessionStage::Closing { .. } => {
                self.session_lost(now, worker, &lines::sessions::keeping_worker_ended(how).to_string());
            }
        }
        true
    }

    /// The client of this attempt, or of this request to open a session, is gone.
    pub(super) fn cancel_session(&mut self, now: Instant, id: u64) {
        if let Some(session) = self.sessions.cancel(id) {
            self.workers.dismiss(now, session.worker);
        } else if let Some(worker) = self.sessions.opened_by(id).map(|session| session.worker) {
            self.close_session(now, worker, Usage::unknown(CloseReason::NotConnected));
        }
    }
}
