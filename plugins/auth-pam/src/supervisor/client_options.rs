//! Options of clients that connect: a worker puts them together, which takes a place in the queue, counts for the source and
//! has a time limit, as a login. The supervisor looks at nothing of it.

use std::time::Instant;

use super::Supervisor;
use super::attempt::Attempt;
use super::outcome::{Outcome, judge};
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::verdict::Verdict;
use crate::protocol::{MAX_TEXT, Reply, StepResult};

impl Supervisor {
    /// The front wants the options of a client.
    pub(super) fn collect_options(
        &mut self,
        now: Instant,
        id: u64,
        wanted: ClientOptionsRequest,
        origin: AttemptOrigin,
    ) {
        if self.settings.config.client_options.is_none() {
            return self.answer_front(id, Verdict::Rejected);
        }
        // That takes no longer than a login may.
        let time_limit = self.settings.time_limits.of(true);
        let attempt =
            Attempt::for_options(now, id, wanted, origin, time_limit, self.settings.config.prefixes);
        self.submit(now, attempt);
    }

    /// A worker has put them together, or cannot.
    pub(super) fn options_collected(&mut self, now: Instant, attempt: Attempt, done: &StepResult) {
        if done.code != 0 {
            return self.refuse_options(now, attempt, &String::from_utf8_lossy(&done.text));
        }
        let text = attempt.options.as_ref().map(|options| options.text.as_slice()).unwrap_or_default();
        for part in text.chunks(MAX_TEXT) {
            self.tell_front(Reply::Options { id: attempt.id, part: part.to_vec() });
        }
        self.counters.totals.options_given += 1;
        let took = now.saturating_duration_since(attempt.arrived);
        self.answer_front(attempt.id, Verdict::Accepted { took });
    }

    /// Nobody has, and nobody will.
    pub(super) fn options_failed(&mut self, now: Instant, attempt: Attempt, outcome: &Outcome) {
        let time_limit = self.settings.time_limits.of(true).unwrap_or_default();
        let reason = match outcome {
            Outcome::WorkerEnded(how) | Outcome::Distrusted(how) => {
                lines::clients::worker_ended(how).to_string()
            }
            Outcome::RanTooLong => lines::clients::name_service_too_slow(time_limit.as_secs()).to_string(),
            _ => judge(&attempt, now, outcome, time_limit).1,
        };
        if outcome.costs_nothing() && !self.line_limit.admits(now) {
            self.counters.totals.options_refused += 1;
            return self.answer_front(attempt.id, Verdict::Rejected);
        }
        self.refuse_options(now, attempt, &reason);
    }

    fn refuse_options(&mut self, now: Instant, attempt: Attempt, why: &str) {
        self.counters.totals.options_refused += 1;
        self.answer_front(attempt.id, Verdict::Rejected);
        let tail = self.line_tail_with_time(&attempt.origin, attempt.took(now));
        lines::clients::no_options_in_background(&attempt.user(), why, &tail).log();
    }
}
