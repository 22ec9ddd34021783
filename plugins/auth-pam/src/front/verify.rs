//! One attempt, from OpenVPN's call to the answer that OpenVPN gets: a verdict within the grace, *deferred*, or a refusal.

use std::sync::Arc;
use std::time::Instant;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientCrResponse};
use secret::Secret;

use super::attempts::{AttemptDetails, Attempts, Decided, WaitResult};
use super::credentials::{self, Refusal};
use super::grace::AttemptKind;
use super::pending_authentication::PendingAuthentication;
use super::rejection::{self, challenge, refusal, rejection};
use super::{Front, MARGIN, client, client_names};
use crate::AuthPam;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::verdict::{BACKOFF, TemporaryCause, Verdict};
use crate::protocol::{AttemptRequest, CredentialsKind, MAX_CREDENTIAL, MAX_TEXT, Request};
use crate::quoted::{MAX_SHOWN, shown};

impl Front {
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
        let mut attempt = match credentials::from_event(&self.settings, event, &origin, before.as_deref()) {
            Ok(attempt) => attempt,
            Err(refusal) => return self.refuse(event, origin, &refusal, arrived),
        };
        let wanted = self.settings.config.defers(event.env().get("deferred_auth_pam").is_some());
        let deferred = wanted && self.receives && event.auth_control_file().is_some();
        self.last_id += 1;
        attempt.id = self.last_id;
        attempt.deferred = deferred;
        let session = self.wants_session(event);
        attempt.session = session
            && !matches!(
                attempt.credentials_kind,
                CredentialsKind::Passwordless { proof: PasswordlessProof::Token, .. }
            );
        let keeps = attempt.session;
        if let CredentialsKind::Passwordless { session, .. } = &mut attempt.credentials_kind {
            *session = Self::session_of(event);
        }
        let name = self.wants_names(event).then(|| attempt.username.clone());
        let shared = Arc::clone(&self.shared);
        let answer = shared.with(|attempts| {
            if attempt.session {
                attempts.kept.insert(attempt.id);
            }
            attempts.logins.extend(name.iter().map(|_| (self.last_id, client_names::LoginResult::default())));
            self.ask(attempts, event, attempt, &origin)
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
        attempt: AttemptRequest,
        origin: &AttemptOrigin,
    ) -> Result<AuthReply, Refusal> {
        let deferred = attempt.deferred;
        let pending_authentication = PendingAuthentication::of(&self.settings, event, &attempt);
        let kind = match attempt.credentials_kind {
            CredentialsKind::Password => AttemptKind::Password,
            CredentialsKind::Answer(_) => AttemptKind::Answer,
            CredentialsKind::Passwordless { .. } => AttemptKind::Account,
        };
        let username = attempt.username.clone();
        let request = Request::Attempt(attempt);
        if deferred {
            event.can_defer().map_err(Refusal::ControlFile)?;
        }
        // If attempts are deferred, the receiver reads: to deliver their verdicts takes longer than this one should.
        if !attempts.any_deferred() {
            attempts.read();
        }
        if let Request::Attempt(attempt) = &request {
            if attempts.revoked.refuses(event, attempt, &attempts.logins) {
                return Err(Refusal::Revoked { by_token: kind == AttemptKind::Account });
            }
        }
        let pending = attempts.any_pending(Instant::now());
        let id = self.last_id;
        // Before it is sent: a supervisor that is lost meanwhile takes it along.
        attempts.await_verdict(id, kind);
        // Wiped as soon as it is sent.
        if let Err(error) = Self::send(attempts, request) {
            let _ = attempts.take_verdict(id);
            return Err(Refusal::Supervisor(error));
        }
        let now = Instant::now();
        if let Some((pending, text)) =
            pending_authentication.as_ref().and_then(PendingAuthentication::in_advance)
        {
            let _ = attempts.take_verdict(id);
            let details = self.details(&username, origin, kind, now);
            let asked = pending.ask(attempts, event, details, text, None);
            return asked.map_err(|error| Self::cancelled(attempts, id, Refusal::ControlFile(error)));
        }
        let grace = if deferred { attempts.grace.for_next(now, pending, kind) } else { None };
        // A client that can be asked at once is worth a wait that others are not.
        let wait = pending_authentication.as_ref().map(|_| self.settings.config.question_wait);
        let wait = wait.filter(|wait| !pending && !wait.is_zero());
        let grace = grace.into_iter().chain(wait).max();
        let grace = grace.filter(|grace| attempts.wait_budget.affords(now, *grace));
        if !deferred {
            let end = self.settings.time_limits.of(false).map(|limit| now + limit + MARGIN);
            attempts.wait_for(id, end, |_| true);
        } else if let Some(grace) = grace {
            // A refusal costs the whole grace: the time must not tell what PAM thought of the login, or when. A
            // temporary failure says nothing about it, and to wait on would let a client that has caused it stop the server.
            // A question costs the whole grace too: it tells how far PAM came, and when.
            attempts.wait_for(id, Some(now + grace), |verdict| {
                matches!(verdict, Verdict::Accepted { .. } | Verdict::Temporary { .. })
            });
        }
        let waited = attempts.take_verdict(id);
        if grace.is_some() {
            attempts.wait_budget.spent(now.elapsed());
        }
        match waited {
            WaitResult::Decided(Decided { verdict: Verdict::Accepted { .. }, .. }) => Ok(AuthReply::Accept),
            WaitResult::Decided(Decided { verdict: Verdict::Rejected, told }) if told.is_empty() => {
                Ok(AuthReply::Reject)
            }
            WaitResult::Decided(Decided { verdict: Verdict::Rejected, told }) => {
                Ok(AuthReply::RejectWith(refusal(&told, origin.reference)))
            }
            WaitResult::Decided(Decided { verdict: Verdict::Temporary { cause, backoff }, .. }) => {
                let advance = self.settings.config.advance;
                Ok(AuthReply::RejectWith(rejection(cause, backoff, advance, origin.reference)))
            }
            WaitResult::Decided(Decided { verdict: Verdict::Asked(question), .. }) => {
                if let Some((pending, text)) =
                    pending_authentication.as_ref().and_then(|pending| pending.for_question(&question))
                {
                    let details = self.details(&username, origin, kind, now);
                    let asked = pending.ask(attempts, event, details, text, Some(question.id));
                    return asked.map_err(|error| Self::cancelled(attempts, id, Refusal::ControlFile(error)));
                }
                if deferred && attempts.holds_questions() {
                    attempts.kept.remove(&id);
                    // Whether the question came within the grace must not tell either.
                    let (decision, deferral) = event.defer().map_err(Refusal::ControlFile)?;
                    attempts.hold_question(decision, question, self.details(&username, origin, kind, now));
                    return Ok(AuthReply::Deferred(deferral));
                }
                let cannot = |why: &str| Refusal::Question(why.to_string());
                event.auth_failed_reason_file().ok_or_else(|| cannot("OpenVPN 2.6 or later is needed"))?;
                let username = event.username().unwrap_or_default();
                let rejection = challenge(&question, username).map_err(|error| cannot(&error.to_string()))?;
                Ok(AuthReply::RejectWith(rejection))
            }
            WaitResult::Pending if deferred => match event.defer() {
                Ok((decision, deferral)) => {
                    attempts.defer(id, decision, self.details(&username, origin, kind, now));
                    Ok(AuthReply::Deferred(deferral))
                }
                Err(error) => Err(Self::cancelled(attempts, id, Refusal::ControlFile(error))),
            },
            WaitResult::Pending => Err(Self::cancelled(attempts, id, Refusal::Unanswered)),
            WaitResult::Lost => Err(Refusal::Unanswered),
        }
    }

    /// Nobody waits for this attempt any more, for this reason.
    fn cancelled(attempts: &mut Attempts, id: u64, why: Refusal) -> Refusal {
        attempts.cancel(id);
        why
    }

    fn details(
        &self,
        username: &[u8],
        origin: &AttemptOrigin,
        kind: AttemptKind,
        arrived: Instant,
    ) -> AttemptDetails {
        let username = username.to_vec();
        AttemptDetails { username, tail: self.line_tail(origin, arrived), kind }
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

    /// Refuses an attempt without PAM. The supervisor hears of it only for the audit line.
    fn refuse(
        &self,
        event: &AuthUserPassVerify<'_>,
        origin: AttemptOrigin,
        refusal: &Refusal,
        arrived: Instant,
    ) -> AuthReply {
        let username = event.username().unwrap_or_default();
        let (user, tail) = (shown(username), self.line_tail(&origin, arrived));
        if refusal.is_routine() {
            // Not a failure, so the line must not look like one to a log watcher.
            lines::attempts::routine(&user, refusal, &tail).log();
        } else {
            lines::attempts::failed(&user, refusal, &tail).log();
        }
        let config = &self.settings.config;
        let reply = if refusal.is_shortage() {
            let (cause, reference) = (TemporaryCause::Busy, origin.reference);
            AuthReply::RejectWith(rejection(cause, BACKOFF, config.advance, reference))
        } else {
            refusal.told().map_or(AuthReply::Reject, |told| {
                AuthReply::RejectWith(rejection::refusal(told.as_bytes(), origin.reference))
            })
        };
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
}

fn first_bytes(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes[..bytes.len().min(most)].to_vec()
}
