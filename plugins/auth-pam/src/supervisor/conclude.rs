//! An attempt ends: what follows from its outcome for it, for those that have joined it and for others, and when the front
//! may know.

use std::io::Read;
use std::time::{Duration, Instant};

use super::attempt::Attempt;
use super::circuit_breaker::BreakerChange;
use super::held_verdicts::{DecidedAttempt, Judged};
use super::outcome::{Outcome, judge, reached, unavailable};
use super::penalties::FailedAttempt;
use super::source::Source;
use super::{Supervisor, reasons};
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::verdict::Verdict;
use crate::protocol::{CredentialsKind, TransactionEnd, WhoseFault};

impl Supervisor {
    /// PAM has decided an attempt.
    pub(super) fn pam_decided(&mut self, now: Instant, attempt: Attempt, end: TransactionEnd) {
        self.learn(now, &attempt, &end);
        let away = self.away && unavailable(&end);
        let outcome = self.unless_revoked(&attempt, Outcome::Pam(end, away));
        self.conclude(now, attempt, &outcome);
    }

    /// What follows for others from what PAM has decided.
    pub(super) fn learn(&mut self, now: Instant, attempt: &Attempt, end: &TransactionEnd) {
        // Without a password nobody has asked what authenticates.
        let is_login = attempt.proof().is_none();
        let reached = reached(end).filter(|_| is_login);
        match self.breaker.concluded(now, &attempt.username, reached) {
            Some(BreakerChange::Opened) => {
                self.away = true;
                self.counters.totals.breaker_opened += 1;
                lines::attempts::backend_away().log();
            }
            Some(BreakerChange::Closed) => {
                self.away = false;
                lines::attempts::backend_back().log();
            }
            None => {}
        }
        if end.code == 0 {
            if let (true, CredentialsKind::Answer(Some(id))) = (end.new_password, attempt.credentials_kind) {
                self.new_passwords.add(id, &attempt.username, &attempt.common_name);
            }
            self.penalties.accepted(now, attempt.source);
            if is_login {
                self.breaker.accepted(&attempt.username);
            }
        }
    }

    /// An attempt ends. If it was to find out whether the backend is back and has not, the next one is to. Not before a refusal
    /// could come, or others would tell by that when PAM has asked.
    pub(super) fn probed(&mut self, now: Instant, attempt: &Attempt, reached: Option<bool>) {
        if let (Some(passed_on), None) = (attempt.probes, reached) {
            self.breaker.unknown(passed_on, now.max(attempt.due_after(self.least_refusal_time())));
        }
    }

    /// What counts for the penalties of its source when the verdict of this attempt is delivered.
    fn failure(&self, attempt: &Attempt, outcome: &Outcome) -> Option<FailedAttempt> {
        let Outcome::Pam(end, _) = outcome else { return None };
        let counts = end.code != 0 && !self.away && end.fault != WhoseFault::Configuration;
        counts.then(|| self.penalties.failure(attempt.source, &attempt.username, attempt.fingerprint))
    }

    /// The client learns that PAM has refused its attempt.
    pub(super) fn count_failure(&mut self, now: Instant, failed: FailedAttempt) {
        let closed = self.penalties.refused(now, failed);
        self.put_off(now, failed.source(), closed);
    }

    /// If a source was closed for some time, what waits of it is not passed on either, unless nobody can guess it.
    pub(super) fn put_off(&mut self, now: Instant, source: Source, closed: Option<Duration>) {
        let Some(length) = closed else { return };
        self.counters.totals.penalties += 1;
        for waiting in self.scheduler.take_source(source, Attempt::may_be_a_guess) {
            self.conclude(now, waiting, &Outcome::Penalty(length));
        }
    }

    /// Decides an attempt, and those that have joined its transaction.
    pub(super) fn conclude(&mut self, now: Instant, attempt: Attempt, outcome: &Outcome) {
        if attempt.options.is_some() {
            return self.options_failed(now, attempt, outcome);
        }
        // What modules have printed belongs before the line of the attempt.
        self.output.flush();
        let time_limit = self.settings.time_limits.of(attempt.deferred).unwrap_or_default();
        let (verdict, reason) = judge(&attempt, now, outcome, time_limit);
        if let Outcome::Asked(question) = outcome {
            let waiting_questions = &self.waiting_questions;
            self.repeated.asks(&attempt, question, |id| waiting_questions.waits(id));
        }
        let joined = self.repeated.end(&attempt);
        self.probed(now, &attempt, outcome.reached());
        if let Outcome::Asked(question) = outcome {
            joined.iter().for_each(|other| self.waiting_questions.asked_too(&question.id, other.id));
        }
        joined.iter().for_each(|other| self.sessions.add_attempt(attempt.id, other.id));
        let reference = attempt.origin.reference;
        let judged = Judged {
            told: reasons::for_client(outcome, &verdict, self.settings.config.reasons()),
            verdict,
            reason,
            said: outcome.module_messages(),
            checked: format!(
                "{}{}",
                attempt.proof().map_or("", PasswordlessProof::for_log),
                outcome.checked()
            ),
            name: outcome.name(),
        };
        let failed = self.failure(&attempt, outcome);
        self.hold_until_due(now, attempt, outcome, judged.clone(), failed);
        for attempt in joined {
            let whose = format!("{}; one transaction with reference {reference}", judged.checked);
            self.hold_until_due(now, attempt, outcome, Judged { checked: whose, ..judged.clone() }, None);
        }
    }

    /// What PAM refuses is not delivered before its time, so that the time tells nothing.
    fn hold_until_due(
        &mut self,
        now: Instant,
        mut attempt: Attempt,
        outcome: &Outcome,
        judged: Judged,
        failed: Option<FailedAttempt>,
    ) {
        let took = now.saturating_duration_since(attempt.arrived);
        self.counters.concluded(&judged.verdict, outcome, took);
        attempt.credentials = None;
        let mut due = now;
        if matches!(judged.verdict, Verdict::Asked(_)) && attempt.deferred {
            self.keep_place(&mut attempt);
        }
        if judged.verdict == Verdict::Rejected {
            self.longest_delay = self.longest_delay.max(outcome.delay());
            due = self.refusal_due(&attempt, outcome.delay());
        }
        let (result, costs_nothing) = (outcome.result(), outcome.costs_nothing());
        let took = attempt.took(now);
        let decided = DecidedAttempt { attempt, judged, took, result, costs_nothing, failed };
        self.verdicts.hold(due.max(now), decided);
    }

    /// The attempt counts as long as if it were refused, however far it has come.
    pub(super) fn keep_place(&mut self, attempt: &mut Attempt) {
        let until = self.refusal_due(attempt, Duration::ZERO);
        attempt.place.iter_mut().for_each(|place| place.keep_until(until));
    }

    /// When a refusal may be known, at the latest when the attempt is over its time. `delay`: what PAM asks for, which is all
    /// that counts where OpenVPN stands still.
    fn refusal_due(&mut self, attempt: &Attempt, delay: Duration) -> Instant {
        attempt.due_after(if attempt.deferred { self.refusal_time() } else { delay })
    }

    /// The least and up to a quarter more.
    fn refusal_time(&mut self) -> Duration {
        let least = self.least_refusal_time();
        let mut random = [0; 2];
        // Without it the time is still the same for all.
        let _ = self.random.read_exact(&mut random);
        least + (least / 4).mul_f64(f64::from(u16::from_ne_bytes(random)) / f64::from(u16::MAX))
    }

    /// `refusal-time`, and also the longest delay that the service has asked for so far: a stack that asks for none in some
    /// cases would tell them from others.
    pub(super) fn least_refusal_time(&self) -> Duration {
        self.settings.config.refusal_time.max(self.longest_delay)
    }
}
