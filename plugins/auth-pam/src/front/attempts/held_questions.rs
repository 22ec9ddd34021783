//! Questions that are not put to their clients yet. A stack that checks the password and asks all the same, whatever came of
//! it, needs longer for a name that has an account: the time of the question must not tell.
//!
//! That costs nobody anything: clients look for a deferred verdict after a second.
//!
//! Until that time the attempt also counts as pending, although PAM is done with it: whether OpenVPN waits for the next
//! attempt depends on what is pending, and would tell when PAM has asked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ovpn_plugin::Decision;

use super::{AttemptDetails, Decided};
use crate::protocol::question::Question;
use crate::protocol::verdict::Verdict;

/// All of them, by their time.
pub struct HeldQuestions {
    time: Duration,
    questions: BTreeMap<(Instant, u64), (Decision, Box<Question>, AttemptDetails)>,
    last: u64,
    /// The last of these times, also of clients that were asked before PAM has: there is nothing to keep for them.
    pending_until: Option<Instant>,
}

impl HeldQuestions {
    /// None yet. `time`: from the arrival of an attempt to its question.
    pub fn new(time: Duration) -> Self {
        HeldQuestions { time, questions: BTreeMap::new(), last: 0, pending_until: None }
    }

    /// Whether any question has to wait.
    pub fn holds(&self) -> bool {
        !self.time.is_zero()
    }

    /// Keeps one until its time.
    pub fn keep(&mut self, decision: Decision, question: Box<Question>, details: AttemptDetails) {
        self.asked(details.tail.arrived);
        self.last += 1;
        self.questions.insert((details.tail.arrived + self.time, self.last), (decision, question, details));
    }

    /// PAM has asked an attempt that arrived then.
    pub fn asked(&mut self, arrived: Instant) {
        self.pending_until = self.pending_until.max(Some(arrived + self.time));
    }

    /// Whether an attempt that PAM has asked counts as pending all the same.
    pub fn are_pending(&self, now: Instant) -> bool {
        self.pending_until.is_some_and(|until| now < until)
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

#[cfg(test)]
mod tests {
    use ovpn_plugin::AuthUserPassVerify;
    use ovpn_plugin::testing::LoginFiles;

    use super::super::{Attempts, LineTail};
    use super::*;
    use crate::config::{Config, QUESTION_TIME};
    use crate::front::attempts::without_credentials;
    use crate::front::grace::AttemptKind;
    use crate::protocol::attempt_origin::tests::origin;
    use crate::protocol::question::QuestionId;
    use crate::protocol::{AttemptRequest, CredentialsKind};

    const ID: u64 = 7;

    fn attempts(words: &[&str]) -> Attempts {
        Attempts::new(&Config::parse(words.iter().map(|word| word.as_bytes())).unwrap())
    }

    fn details(arrived: Instant) -> AttemptDetails {
        let tail = LineTail { origin: origin("192.0.2.1", 1194), config: None, arrived };
        AttemptDetails { username: b"joe".to_vec(), tail, kind: AttemptKind::Password }
    }

    fn attempt() -> AttemptRequest {
        without_credentials(&AttemptRequest {
            id: ID,
            deferred: true,
            session: false,
            credentials_kind: CredentialsKind::Password,
            username: b"joe".to_vec(),
            sent_as: vec![],
            common_name: vec![],
            origin: origin("192.0.2.1", 1194),
            credentials: secret::Secret::copy_of(b""),
            client: vec![],
            kept: Duration::ZERO,
        })
    }

    /// PAM has asked: a moment after the attempt arrived, which is so for a name without an account.
    fn ask(attempts: &mut Attempts) {
        let id = QuestionId::from_bytes([1; 16]);
        let question = Question { id, echo: true, page: false, private: false, text: b"Code:".to_vec() };
        attempts.settle(ID, Decided { verdict: Verdict::Asked(Box::new(question)), told: Vec::new() });
    }

    /// Otherwise somebody sends one attempt for a name and a second one for another: whether OpenVPN waits for the second
    /// one tells whether PAM has asked the first already.
    #[test]
    fn an_attempt_that_pam_has_asked_counts_as_pending_until_its_question_may_be_known() {
        let in_advance = |attempts: &mut Attempts, decision, details| {
            attempts.ask(attempt(), None, decision, details);
        };
        let deferred = |attempts: &mut Attempts, decision, details| attempts.defer(ID, decision, details);
        for begin in [&in_advance as &dyn Fn(&mut Attempts, Decision, AttemptDetails), &deferred] {
            for (words, holds) in [(&["vpn"][..], true), (&["refusal-time=0", "vpn"], false)] {
                let files = LoginFiles::new().unwrap();
                let call = files.call();
                let event: AuthUserPassVerify<'_> = call.event();
                let (decision, _deferral) = event.defer().unwrap();
                let (mut attempts, arrived) = (attempts(words), Instant::now());
                begin(&mut attempts, decision, details(arrived));
                assert!(attempts.any_pending(arrived), "PAM is at work");
                ask(&mut attempts);
                assert_eq!(attempts.any_pending(arrived), holds, "{words:?}");
                assert_eq!(attempts.any_pending(arrived + QUESTION_TIME / 2), holds, "{words:?}");
                assert!(!attempts.any_pending(arrived + QUESTION_TIME), "{words:?}");
            }
        }
    }
}
