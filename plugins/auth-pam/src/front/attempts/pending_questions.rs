//! Questions that are put to the client while its login is pending (crtext): OpenVPN was answered *deferred*, and the
//! answer comes as an event of its own. The attempt stays in the table under its number, which the answer has too.

use std::fmt::Display;
use std::time::{Duration, Instant};

use ovpn_plugin::Decision;
use secret::Secret;

use super::{Attempt, AttemptDetails, Attempts, Decided};
use crate::front::grace::AttemptKind;
use crate::protocol::question::QuestionId;
use crate::protocol::verdict::Verdict;
use crate::protocol::{AttemptRequest, Credentials, CredentialsKind, Request};
use crate::quoted::shown;

/// What is known of the question and its answer.
#[derive(Debug)]
pub struct PendingQuestion {
    /// The attempt, without credentials: the answer is sent as it was.
    attempt: AttemptRequest,
    stage: QuestionStage,
}

#[derive(Debug)]
enum QuestionStage {
    /// The client was asked before PAM has.
    InAdvance,
    /// And has answered before PAM has asked: what, and when.
    Answered(Secret, Instant),
    /// PAM waits for the answer.
    Asked(QuestionId),
}

impl PendingQuestion {
    /// Whether PAM waits for the person. Nothing else needs to wait for that.
    pub fn waits(&self) -> bool {
        matches!(self.stage, QuestionStage::Asked(_))
    }
}

/// The attempt without what is secret of it.
pub fn without_credentials(attempt: &AttemptRequest) -> AttemptRequest {
    AttemptRequest {
        id: attempt.id,
        deferred: true,
        session: attempt.session,
        credentials_kind: CredentialsKind::Password,
        username: attempt.username.clone(),
        sent_as: attempt.sent_as.clone(),
        common_name: attempt.common_name.clone(),
        origin: attempt.origin.clone(),
        credentials: Secret::copy_of(b""),
        client: attempt.client.clone(),
        kept: Duration::ZERO,
    }
}

impl Attempts {
    /// This attempt is answered *deferred*, and its client is asked. `question`: that of PAM, if it has asked already.
    pub fn ask(
        &mut self,
        attempt: AttemptRequest,
        question: Option<QuestionId>,
        decision: Decision,
        details: AttemptDetails,
    ) {
        let stage = question.map_or(QuestionStage::InAdvance, QuestionStage::Asked);
        self.insert_deferred(
            attempt.id,
            Attempt::Asked(decision, details, Box::new(PendingQuestion { attempt, stage })),
        );
    }

    /// PAM has decided, or asks, an attempt whose client was asked while it is pending.
    pub(super) fn settle_asked(
        &mut self,
        decision: Decision,
        details: AttemptDetails,
        question: PendingQuestion,
        decided: Decided,
    ) {
        let PendingQuestion { attempt, stage } = question;
        let id = attempt.id;
        match (stage, decided) {
            (QuestionStage::InAdvance, Decided { verdict: Verdict::Asked(question), .. })
                if !question.private =>
            {
                self.held_questions.asked(details.tail.arrived);
                self.ask(attempt, Some(question.id), decision, details)
            }
            (QuestionStage::Answered(answer, at), Decided { verdict: Verdict::Asked(question), .. })
                if !question.private =>
            {
                self.send_answer(attempt, question.id, (&answer, at), decision, details);
            }
            // Also a question that must not be asked in this way: the client comes again with the answer.
            (_, decided) => self.decide(id, decision, decided, details),
        }
    }

    /// The client of this attempt has answered; false if it was not asked.
    pub fn answer(&mut self, id: u64, answer: Secret) -> bool {
        match self.remove_deferred(id) {
            Some(Attempt::Asked(decision, details, question)) => {
                let PendingQuestion { attempt, stage } = *question;
                let now = Instant::now();
                match stage {
                    QuestionStage::Asked(question) => {
                        self.send_answer(attempt, question, (&answer, now), decision, details)
                    }
                    QuestionStage::InAdvance | QuestionStage::Answered(..) => {
                        let stage = QuestionStage::Answered(answer, now);
                        let question = Box::new(PendingQuestion { attempt, stage });
                        self.insert_deferred(id, Attempt::Asked(decision, details, question));
                    }
                }
                true
            }
            Some(other) => {
                self.insert_deferred(id, other);
                false
            }
            None => false,
        }
    }

    /// The answer of this attempt's client cannot be one.
    pub fn refuse_answer(&mut self, id: u64) {
        if let Some(Attempt::Asked(decision, details, _)) = self.remove_deferred(id) {
            self.refuse(decision, details, lines::questions::malformed_answer());
            self.cancel(id);
        }
    }

    /// From now on the attempt is like any other that is deferred: a further question makes the client come again. Refusal and
    /// question have their time from when the client has answered, which is not when PAM has asked.
    fn send_answer(
        &mut self,
        attempt: AttemptRequest,
        question: QuestionId,
        (answer, arrived): (&Secret, Instant),
        decision: Decision,
        mut details: AttemptDetails,
    ) {
        let id = attempt.id;
        details.tail.arrived = arrived;
        let answer = Credentials { password: Secret::copy_of(answer.expose()), response: None };
        let sent = match (answer.seal(), &mut self.supervisor) {
            (Ok(credentials), Some(supervisor)) => {
                let attempt = AttemptRequest {
                    credentials_kind: CredentialsKind::Answer(Some(question)),
                    credentials,
                    kept: arrived.elapsed(),
                    ..attempt
                };
                supervisor.try_send(Request::Attempt(attempt)).map_err(|error| error.to_string())
            }
            (Err(error), _) => Err(error.to_string()),
            (_, None) => Err("it is gone".into()),
        };
        match sent {
            Ok(()) => {
                let details = AttemptDetails { kind: AttemptKind::Answer, ..details };
                self.insert_deferred(id, Attempt::Deferred(decision, details));
            }
            Err(why) => self.refuse(decision, details, lines::refusals::supervisor_unreachable(why)),
        }
    }

    fn refuse(&mut self, decision: Decision, details: AttemptDetails, why: impl Display) {
        let line = lines::attempts::failed(&shown(&details.username), why, &details.tail).unlogged();
        self.after_unlock.lines.push(line);
        self.after_unlock.decided.push((decision, Decided::rejected(), details));
    }
}
