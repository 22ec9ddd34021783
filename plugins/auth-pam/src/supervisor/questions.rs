//! Questions of PAM modules: the attempt that led to one is answered with it, the transaction waits in its worker, and the
//! attempt that brings the answer goes on with it.

use std::io::Read;
use std::time::Instant;

use super::Supervisor;
use super::attempt::Attempt;
use super::outcome::Outcome;
use super::waiting_questions::WaitingQuestion;
use super::workers::{NewQuestion, NotBegun};
use crate::protocol::question::{Question, QuestionId};
use crate::protocol::time_taken::TimeTaken;
use crate::protocol::verdict::Verdict;
use crate::protocol::{CredentialsKind, Reply};
use crate::quoted::shown;

/// Refusals of answers that belong to no question, when so many wait for their time that no more are taken.
pub const MAX_HELD: usize = 2048;

impl Supervisor {
    /// A worker has a question instead of a verdict.
    pub(super) fn pam_asks(
        &mut self,
        now: Instant,
        worker: super::WorkerId,
        attempt: Attempt,
        asks: NewQuestion,
    ) {
        // The answer would come after that, and be let in.
        if self.revoked.covers(&attempt, &[]) {
            self.workers.dismiss(now, worker);
            return self.conclude(now, attempt, &Outcome::Revoked);
        }
        let NewQuestion { echo, page, private, text } = asks;
        let mut bytes = [0; 16];
        if let Err(error) = self.random.read_exact(&mut bytes) {
            // Without an id nobody could answer.
            self.workers.dismiss(now, worker);
            let errno = nix::Error::from_raw(error.raw_os_error().unwrap_or(0));
            return self.conclude(now, attempt, &Outcome::Shortage(errno));
        }
        let id = QuestionId::from_bytes(bytes);
        let counts_from = attempt.due_after(self.least_refusal_time());
        let waiting = WaitingQuestion {
            id,
            attempts: vec![attempt.id],
            worker,
            username: attempt.username.clone(),
            sent_as: attempt.sent_as.clone(),
            common_name: attempt.common_name.clone(),
            source: attempt.source,
            origin: attempt.origin.clone(),
            page,
            since: attempt.since,
            asked: now,
            counts_from,
            counts: false,
            until: counts_from.max(now) + self.settings.config.challenge_timeout,
        };
        self.waiting_questions.add(waiting);
        self.conclude(now, attempt, &Outcome::Asked(Question { id, echo, page, private, text }));
        self.spare_is_wanted = true;
    }

    /// A worker that waits for an answer is missing for the next attempt: another one is started before that comes, so that
    /// a question makes nobody wait for a fork.
    pub(super) fn start_spare(&mut self, now: Instant) {
        let wanted = std::mem::take(&mut self.spare_is_wanted);
        if wanted && self.workers.free() == 0 && self.workers.processes() < self.max_workers {
            self.fork_worker(now);
        }
    }

    /// An attempt that is an answer: the transaction goes on, without waiting for a worker, since it has one, and takes none
    /// from others. Gives back one that begins a transaction, be it with a password that was an answer once.
    pub(super) fn answer(&mut self, now: Instant, mut attempt: Attempt) -> Option<Attempt> {
        let id = match attempt.credentials_kind {
            CredentialsKind::Password | CredentialsKind::Passwordless { .. } => return Some(attempt),
            CredentialsKind::Answer(id) => id,
        };
        let (username, common_name) = (&attempt.username, &attempt.common_name);
        if id.is_some_and(|id| self.new_passwords.has(&id, username, common_name)) {
            attempt.credentials_kind = CredentialsKind::Password;
            return Some(attempt);
        }
        let Some(one) = id.and_then(|id| self.waiting_questions.take(now, &id, username, common_name)) else {
            // Refused like a wrong password, and as late; so there may be only so many.
            attempt.place = self.unanswered.take(now, attempt.source, &attempt.username);
            let outcome = match attempt.place {
                None => Outcome::TooManyUnanswered,
                Some(_) if self.verdicts.answers() >= MAX_HELD => Outcome::QueueFull,
                Some(_) => Outcome::NoQuestion,
            };
            self.conclude(now, attempt, &outcome);
            return None;
        };
        // The module now looks again and again whether the person is done with the page. That may take as long as an answer.
        if one.page && attempt.deferred {
            attempt.deadline =
                attempt.deadline.map(|end| end.max(now + self.settings.config.challenge_timeout));
            attempt.at_page = true;
        }
        attempt.since = one.since;
        let (source, username) = (attempt.source, attempt.username.clone());
        match self.workers.resume(now, one.worker, attempt) {
            Ok(()) => {
                self.counters.totals.questions_answered += 1;
                self.scheduler.resumed(source, &username);
            }
            Err(NotBegun::WorkerGone(attempt)) => self.conclude(now, *attempt, &Outcome::NoQuestion),
            Err(NotBegun::Shortage(attempt, errno)) => {
                self.conclude(now, *attempt, &Outcome::Shortage(errno))
            }
        }
        None
    }

    /// Nobody has answered in time, or there are too many.
    pub(super) fn give_up_late_ones(&mut self, now: Instant) {
        for one in self.waiting_questions.given_up(now) {
            let seconds = self.settings.config.challenge_timeout.as_secs();
            let why = if one.until > now {
                lines::questions::too_many_wait().to_string()
            } else {
                lines::questions::no_answer_within(seconds).to_string()
            };
            self.give_up(now, &one, &why);
        }
    }

    /// The client of this attempt is gone, and with it the person who was asked.
    pub(super) fn cancel_question(&mut self, now: Instant, attempt: u64) {
        if let Some(one) = self.waiting_questions.cancel(attempt) {
            self.give_up(now, &one, &lines::questions::its_client_is_gone().to_string());
        }
    }

    /// Makes room for a worker, if a question can be given up for it.
    pub(super) fn give_up_one(&mut self, now: Instant) -> bool {
        let one = self.waiting_questions.give_up_one();
        if let Some(one) = &one {
            self.give_up(now, one, &lines::questions::worker_is_needed().to_string());
        }
        one.is_some()
    }

    /// Nobody can answer any more. What the front has still pending of the attempts that were asked is refused; the other
    /// numbers it has forgotten.
    pub(super) fn refuse_pending(&mut self, now: Instant, one: &WaitingQuestion) {
        // First it learns of the question.
        let _ = self.deliver_due(now);
        let before = self.verdicts.interest();
        for id in &one.attempts {
            let refused = Reply::Verdict { id: *id, verdict: Verdict::Rejected, told: Vec::new() };
            // That the front is gone is noticed elsewhere.
            let _ = self.verdicts.send(&mut self.front, refused);
        }
        self.watch_front(before);
    }

    /// The worker ends the transaction and leaves. Not a failure, so the line must not look like one to a log watcher.
    pub(super) fn give_up(&mut self, now: Instant, one: &WaitingQuestion, why: &str) {
        self.counters.totals.questions_given_up += 1;
        self.workers.dismiss(now, one.worker);
        self.refuse_pending(now, one);
        let took = TimeTaken::until(now, one.asked, None);
        let (user, tail) = (shown(&one.username), self.line_tail_with_time(&one.origin, took));
        lines::questions::given_up(&user, why, &tail).log();
    }
}
