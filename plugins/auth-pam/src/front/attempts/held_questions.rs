//! Questions that are not put to their clients yet. A stack that checks the password and asks all the same, whatever came of
//! it, needs longer for a name that has an account: the time of the question must not tell.
//!
//! That costs nobody anything: clients look for a deferred verdict after a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ovpn_plugin::Decision;

use super::{AttemptDetails, Decided};
use crate::protocol::question::Question;
use crate::protocol::verdict::Verdict;

/// From the arrival of an attempt to its question. The slowest hash of a password in use takes a part of that.
const QUESTION_TIME: Duration = Duration::from_millis(250);

/// All of them, by their time.
pub struct HeldQuestions {
    time: Duration,
    questions: BTreeMap<(Instant, u64), (Decision, Box<Question>, AttemptDetails)>,
    last: u64,
}

impl HeldQuestions {
    /// None yet. `refusal_time`: if refusals may come sooner, so may questions.
    pub fn new(refusal_time: Duration) -> Self {
        HeldQuestions { time: QUESTION_TIME.min(refusal_time), questions: BTreeMap::new(), last: 0 }
    }

    /// Whether any question has to wait.
    pub fn holds(&self) -> bool {
        !self.time.is_zero()
    }

    /// Keeps one until its time.
    pub fn keep(&mut self, decision: Decision, question: Box<Question>, details: AttemptDetails) {
        self.last += 1;
        self.questions.insert((details.tail.arrived + self.time, self.last), (decision, question, details));
    }

    /// Those whose time has come and whose clients are still there.
    pub fn take_due(&mut self, now: Instant) -> Vec<(Decision, Decided, AttemptDetails)> {
        let mut due = Vec::new();
        while let Some(first) = self.questions.first_entry().filter(|first| first.key().0 <= now) {
            let (decision, question, details) = first.remove();
            if decision.is_wanted() {
                let asked = Decided { verdict: Verdict::Asked(question), told: Vec::new() };
                due.push((decision, asked, details));
            }
        }
        due
    }

    /// When [`HeldQuestions::take_due`] will have something to give.
    pub fn next(&self) -> Option<Instant> {
        self.questions.first_key_value().map(|((time, _), _)| *time)
    }

    /// All, whenever their time is.
    pub fn take_all(&mut self) -> Vec<(Decision, AttemptDetails)> {
        let all = std::mem::take(&mut self.questions).into_values();
        all.map(|(decision, _, details)| (decision, details)).collect()
    }
}
