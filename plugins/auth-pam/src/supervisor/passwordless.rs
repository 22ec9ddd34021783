//! Attempts without a password: PAM runs only its account phase. If the connection has a session, that is done in the
//! worker which keeps it, with what the modules have noted there; else in any worker, like a login.
//!
//! They pass the penalties, since nobody can guess a token or a certificate: a guesser behind the same address, or of the
//! same username, must not end the connections of others. So they also wait under names of their own, and ahead of the
//! passwords of their source. They wait for no breaker, which knows what authenticates only. They join nothing, and
//! nothing joins them: the credentials are the same for all.

use std::hash::BuildHasher;
use std::time::Instant;

use super::Supervisor;
use super::attempt::Attempt;
use super::events::WorkerId;
use super::outcome::Outcome;
use super::sessions::session::{AccountCheck, Session, SessionStage};
use super::source::Source;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::{Order, TransactionEnd};

impl Supervisor {
    /// Has the account of an attempt looked at that brings no password.
    pub(super) fn admit_passwordless(
        &mut self,
        now: Instant,
        mut attempt: Attempt,
        proof: PasswordlessProof,
        of: Option<u64>,
    ) {
        // A client with a token was logged in before, and is no new session.
        attempt.session &= proof == PasswordlessProof::Certificate;
        if attempt.session && self.sessions.is_full() {
            return self.conclude(now, attempt, &Outcome::TooManySessions);
        }
        let free = |session: &&Session| {
            // The name may be another one where the client was renamed meanwhile.
            matches!(session.stage, SessionStage::Open { .. })
                && session.check.is_none()
                && session.username == attempt.username
        };
        let Some(session) = of.and_then(|of| self.sessions.of(of)).filter(free) else {
            return self.submit(now, attempt);
        };
        let worker = session.worker;
        attempt.begun = Some(now);
        let check = AccountCheck { attempt: Some(Box::new(attempt)) };
        self.sessions.change(worker, |session| session.check = Some(check));
        if let Err(error) = self.workers.order(now, worker, |nonce| Order::CheckAccount { nonce, proof }) {
            let why = lines::sessions::worker_unreachable(error).to_string();
            self.session_lost(now, worker, &why);
        }
    }

    /// The worker of a session has looked at the account.
    pub(super) fn session_checked(&mut self, now: Instant, worker: WorkerId, end: TransactionEnd) {
        match self.sessions.change(worker, |session| session.check.take()).flatten() {
            Some(AccountCheck { attempt: Some(attempt) }) => self.pam_decided(now, *attempt, end),
            // It was late.
            Some(AccountCheck { attempt: None }) => {}
            None => {
                self.workers.kill(now, worker);
                self.session_lost(now, worker, &lines::sessions::unasked().to_string());
            }
        }
    }

    /// Refuses those that are over their time. The session stays: OpenVPN ends the connection, and then it is closed if the
    /// module has come back by then.
    pub(super) fn end_late_checks(&mut self, now: Instant) {
        for attempt in self.sessions.late_checks(now) {
            self.conclude(now, attempt, &Outcome::RanTooLong);
        }
    }

    /// The front has refused a token that is not genuine: a failure, once for each username, since a client that has one
    /// from before a restart sends it once and then logs in.
    pub(super) fn count_refusal(&mut self, now: Instant, origin: &AttemptOrigin, username: &[u8]) {
        let source = Source::of(&origin.address, self.settings.config.prefixes);
        let fingerprint = self.key.hash_one((username, "token"));
        let failed = self.penalties.failure(source, username, fingerprint);
        self.count_failure(now, failed);
    }

    /// The session is gone, and with it the worker: the account is looked at in another one, if somebody still wants to know.
    pub(super) fn check_elsewhere(&mut self, now: Instant, check: Option<AccountCheck>) {
        let Some(mut attempt) = check.and_then(|check| check.attempt) else { return };
        if !attempt.gone {
            attempt.begun = None;
            self.submit(now, *attempt);
        } else if self.line_limit.admits(now) {
            // No attempt ends without a line. This one has no verdict, and nobody has failed.
            let tail = self.line_tail_with_time(&attempt.origin, attempt.took(now));
            lines::sessions::check_dropped(&attempt.user(), &tail).log();
        }
    }
}
