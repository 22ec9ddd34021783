//! What the front asks for: which requests there are, and which attempts PAM is asked about.

use std::time::Instant;

use privsep::ChannelError;
use privsep::kept_helper::Numbered;

use super::attempt::Attempt;
use super::outcome::Outcome;
use super::{Exit, SHORTAGE, Supervisor, audit};
use crate::protocol::time_taken::TimeTaken;
use crate::protocol::{AttemptRequest, CredentialsKind, Request};

/// Messages taken from the front at once, before anything else is done: reading is quick, forking is not, and the
/// front must never find its socket full.
const FRONT_BATCH: usize = 512;
impl Supervisor {
    pub(super) fn read_front(&mut self, now: Instant) -> Result<(), Exit> {
        for _ in 0..FRONT_BATCH {
            if self.verdicts.are_unread() {
                return Ok(());
            }
            match self.front.try_receive() {
                Ok(None) => return Ok(()),
                Ok(Some(received)) if received.descriptors.is_empty() && !received.descriptors_missing => {
                    let Numbered { generation, message } = received.message;
                    // OpenVPN waits for the answer, so it has asked nothing else.
                    let waits = matches!(&message, Request::Attempt(attempt) if !attempt.deferred);
                    self.asked(now, generation, message);
                    if waits {
                        return Ok(());
                    }
                }
                Ok(Some(received)) => {
                    // Not closed here: closing a file of FUSE can block on its server.
                    std::mem::forget(received.descriptors);
                    lines::processes::passed_a_descriptor().log();
                    return Err(Exit::Mistrust);
                }
                Err(ChannelError::Closed) => return Err(Exit::FrontGone),
                Err(ChannelError::System(errno)) => {
                    if !self.read_failure_logged {
                        lines::processes::cannot_read(errno.desc()).log();
                        self.read_failure_logged = true;
                    }
                    // Out of memory, most likely, and no event tells when that is over.
                    std::thread::sleep(SHORTAGE);
                    return Ok(());
                }
                Err(error) => {
                    lines::processes::protocol_error(error).log();
                    return Err(Exit::Mistrust);
                }
            }
        }
        Ok(())
    }

    fn asked(&mut self, now: Instant, generation: u32, request: Request) {
        match request {
            // Of an earlier supervisor, with which the front has given it up.
            Request::Attempt(_)
            | Request::Cancel { .. }
            | Request::Open { .. }
            | Request::Close { .. }
            | Request::Options { .. }
                if generation != self.generation => {}
            Request::Attempt(attempt) => self.admit(now, attempt),
            Request::Open { .. } | Request::Close { .. } => self.asked_about_session(now, request),
            Request::Options { id, wanted, origin } => self.collect_options(now, id, wanted, origin),
            Request::Cancel { id } => {
                self.cancel_question(now, id);
                self.cancel_session(now, id);
                self.workers.client_gone(id);
                self.sessions.client_gone(id);
                // Not a failure, so the line must not look like one to a log watcher.
                let mut waiting = self.scheduler.cancel(id);
                let next = waiting.as_mut().and_then(|attempt| self.repeated.leave(attempt));
                if let Some(mut attempt) = waiting.or_else(|| self.repeated.cancel(id)) {
                    self.keep_place(&mut attempt);
                    self.probed(now, &attempt, None);
                    self.counters.totals.cancelled += u64::from(attempt.options.is_none());
                    if attempt.options.is_none() && self.line_limit.admits(now) {
                        let tail = self.line_tail_with_time(&attempt.origin, attempt.took(now));
                        lines::attempts::client_gone(&attempt.user(), &tail).log();
                    }
                }
                if let Some(attempt) = next {
                    self.submit(now, attempt);
                }
            }
            Request::Refused { username, origin, at_fault, reason, took, counts } => {
                let counters = &mut self.counters;
                *(if at_fault {
                    &mut counters.totals.refused_by_front
                } else {
                    &mut counters.totals.undecided_by_front
                }) += 1;
                if counts {
                    self.count_refusal(now, &origin, &username);
                }
                let line_limit = &mut self.line_limit;
                if let Some(audit) = self.audit.as_mut().filter(|_| line_limit.admits(now)) {
                    let result = audit::AuditResult::of_refusal(at_fault);
                    let took = TimeTaken::of(took);
                    audit.write(audit::Entry {
                        result,
                        user: &username,
                        origin: &origin,
                        reason: &reason,
                        took,
                    });
                }
            }
        }
    }

    /// Queues an attempt, unless it is clear already that PAM is not to be asked.
    fn admit(&mut self, now: Instant, request: AttemptRequest) {
        let config = &self.settings.config;
        let time_limit = self.settings.time_limits.of(request.deferred);
        let attempt = Attempt::new(now, request, time_limit, config.prefixes, &self.key);
        let Some(mut attempt) = self.answer(now, attempt) else { return };
        if let CredentialsKind::Passwordless { proof, session } = attempt.credentials_kind {
            return self.admit_passwordless(now, attempt, proof, session);
        }
        let config = &self.settings.config;
        if let Some(refusal) = self.penalties.admit(now, attempt.source, &attempt.username) {
            if let Some(penalty) = refusal.log {
                let source = attempt.source.display(config.prefixes);
                let seconds = penalty.length.as_secs();
                lines::attempts::source_penalty(source, penalty.failures, seconds).log();
            }
            return self.conclude(now, attempt, &Outcome::Penalty(refusal.backoff));
        }
        attempt.place = self.unanswered.take(now, attempt.source, &attempt.username);
        if attempt.place.is_none() {
            return self.conclude(now, attempt, &Outcome::TooManyUnanswered);
        }
        if attempt.session && (self.sessions.is_full() || !self.sessions.has_room_for(attempt.source)) {
            return self.conclude(now, attempt, &Outcome::TooManySessions);
        }
        let asked =
            self.repeated.question(&attempt).filter(|question| self.waiting_questions.waits(&question.id));
        if let Some(question) = asked.cloned() {
            self.waiting_questions.asked_too(&question.id, attempt.id);
            return self.conclude(now, attempt, &Outcome::AskedAgain(question));
        }
        // Unless PAM is asked the same already.
        let Some(mut attempt) = self.repeated.join(attempt) else { return };
        // Last: what is passed on while the backend is away has to find out whether it is back.
        if !self.breaker.admit(now, attempt.source, &attempt.username) {
            return self.conclude(now, attempt, &Outcome::Away);
        }
        attempt.probes = self.away.then_some(now);
        self.submit(now, attempt);
    }

    /// Has PAM asked about an attempt.
    pub(super) fn submit(&mut self, now: Instant, attempt: Attempt) {
        let possible = self.max_workers.saturating_sub(self.workers.processes());
        if let Some(refused) = self.scheduler.submit(attempt, self.workers.free() + possible) {
            self.conclude(now, refused, &Outcome::QueueFull);
        }
    }
}
