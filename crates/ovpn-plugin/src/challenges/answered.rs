//! The answer to a question, whichever way it came, and what is made of it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::binding::Binding;
use crate::answer_in::{LOGIN, about_the_same, busy, login_not_begun};
use crate::undecided_slot::UndecidedSlot;
use crate::{
    AuthReply, AuthUserPassVerify, ClientCrResponseReply, Decision, DeferError, Deferral, JobRunner,
    Rejection, Result, Stop, lines, logging, same_secret,
};

/// How a client was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuestionKind {
    /// While its login was pending (`crtext`).
    Pending,
    /// By a rejection, after which it came again (`CRV1`).
    Dynamic,
    /// Before it logged in, by its own configuration (`static-challenge`, `SCRV1`).
    Static,
}

/// A client's answer. [`Challenges`](super::Challenges) gives it out once, to whom was asked, in time.
///
/// Whether it is right is for the plugin to say: [`Answered::accept`] and the other methods make a [`Verdict`], which is
/// the reply to either event. Until then a login that waits stays undecided; dropped, it is rejected. The answer is wiped
/// when this is dropped.
#[must_use = "dropping it rejects a login that waits"]
pub struct Answered<T = ()> {
    pub(super) value: T,
    pub(super) answer: Zeroizing<Vec<u8>>,
    pub(super) binding: Binding,
    pub(super) round: u32,
    pub(super) question_kind: QuestionKind,
    /// The login that waits; nothing where the event itself is replied to.
    pub(super) decision: Option<Decision>,
}

type AnyError = Box<dyn Error + Send + Sync>;

impl<T> Answered<T> {
    /// What was kept when the question was asked.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What the user typed; a secret.
    #[must_use]
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    /// Whether the answer is this one. The time it takes tells nothing of where they differ.
    #[must_use]
    pub fn is(&self, expected: &[u8]) -> bool {
        same_secret(&self.answer, expected)
    }

    /// Who was asked.
    #[must_use]
    pub fn username(&self) -> &[u8] {
        &self.binding.username
    }

    /// How the client was asked.
    #[must_use]
    pub fn question_kind(&self) -> QuestionKind {
        self.question_kind
    }

    /// How many questions this login was asked, this one included. A plugin that asks again after each wrong answer
    /// lets the client guess as often.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Lets the client in.
    pub fn accept(mut self) -> Verdict {
        match self.decision.take() {
            Some(login) => Verdict::written(login.accept()),
            None => Verdict(Delivery::InReply(AuthReply::Accept)),
        }
    }

    /// Rejects the login without telling the client why.
    pub fn reject(mut self) -> Verdict {
        match self.decision.take() {
            Some(login) => Verdict::written(login.reject()),
            None => Verdict(Delivery::InReply(AuthReply::Reject)),
        }
    }

    /// Rejects the login and tells the client why.
    pub fn reject_with(mut self, rejection: Rejection) -> Verdict {
        match self.decision.take() {
            Some(login) => Verdict::written(login.reject_with(&rejection)),
            None => Verdict(Delivery::InReply(AuthReply::RejectWith(rejection))),
        }
    }

    /// Has this answer to a login ([`QuestionKind::Dynamic`] or [`QuestionKind::Static`]) judged by a job in another thread, as
    /// [`AuthUserPassVerify::answer_in`] does: `Ok(())` lets the client in, an error rejects it. If there is no room for the
    /// job, the client is rejected for now and has to log in again, with its password.
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`].
    pub fn answer_in<E: Into<AnyError>>(
        self,
        runner: impl JobRunner,
        event: &AuthUserPassVerify<'_>,
        judge: impl FnOnce(&Self, &Stop) -> Result<(), E> + Send + 'static,
    ) -> Result<AuthReply>
    where
        T: Send + 'static,
    {
        let deferred = event.defer()?;
        Ok(self.judge_in(runner, event, deferred, judge))
    }

    /// The same where the event is deferred already.
    pub(super) fn judge_in<E: Into<AnyError>>(
        mut self,
        runner: impl JobRunner,
        event: &AuthUserPassVerify<'_>,
        (decision, deferral): (Decision, Deferral),
        judge: impl FnOnce(&Self, &Stop) -> Result<(), E> + Send + 'static,
    ) -> AuthReply
    where
        T: Send + 'static,
    {
        self.decision = Some(decision);
        match self.run_in(runner, judge).0 {
            Ok(()) => AuthReply::Deferred(deferral),
            Err(error) => login_not_begun(&event.taken, &error),
        }
    }

    /// The same for an answer to a login that is pending ([`QuestionKind::Pending`]), which [`ClientCrResponse`] brings.
    ///
    /// [`ClientCrResponse`]: crate::ClientCrResponse
    pub fn respond_in<E: Into<AnyError>>(
        self,
        runner: impl JobRunner,
        judge: impl FnOnce(&Self, &Stop) -> Result<(), E> + Send + 'static,
    ) -> ClientCrResponseReply
    where
        T: Send + 'static,
    {
        if self.decision.is_none() {
            logging::say(lines::verdict_of_a_login());
            return ClientCrResponseReply::Fail;
        }
        if let (Err(error), left) = self.run_in(runner, judge) {
            logging::say(lines::job_not_started(error));
            if let Some(decision) = left.and_then(|mut left| left.decision.take()) {
                decision.reject_in_silence(&busy());
            }
        }
        ClientCrResponseReply::Done
    }

    /// If the job is not begun, the answer comes back.
    fn run_in<E: Into<AnyError>>(
        self,
        runner: impl JobRunner,
        judge: impl FnOnce(&Self, &Stop) -> Result<(), E> + Send + 'static,
    ) -> (std::io::Result<()>, Option<Self>)
    where
        T: Send + 'static,
    {
        let slot = UndecidedSlot::new(self);
        let is_wanted = |slot: &Arc<UndecidedSlot<Self>>| {
            slot.look(|it| it.decision.as_ref().is_some_and(Decision::is_wanted)).unwrap_or(false)
        };
        let job = about_the_same(LOGIN, Arc::clone(&slot), is_wanted, move |slot, stop| {
            if let Some(answered) = slot.take() {
                let result = judge(&answered, stop);
                answered.settle(result);
            }
        });
        match runner.run(LOGIN, job) {
            Ok(()) => (Ok(()), None),
            Err(error) => (Err(error), slot.take()),
        }
    }

    /// Decides a login that waits.
    pub(super) fn settle<E: Into<AnyError>>(mut self, result: Result<(), E>) {
        if let Some(decision) = self.decision.take() {
            decision.answer(result);
        }
    }

    /// Rejects a login that waits.
    pub(super) fn give_up(mut self) {
        if let Some(decision) = self.decision.take() {
            decision.give_up();
        }
    }

    /// For a verdict that comes from elsewhere; where a job makes it, [`Answered::answer_in`] does all of this. The login is
    /// replied to with [`AuthReply::Deferred`], and this may go to another thread. An answer of [`QuestionKind::Pending`] may go there
    /// as it is.
    ///
    /// In the thread [`Answered::accept`] and the others take effect at once: `let _ =` what they return, which is a reply
    /// only where there is an event. If no thread can take it, call [`Answered::reject_with`] and reply
    /// [`AuthReply::Deferred`] all the same.
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`].
    pub fn defer(mut self, event: &AuthUserPassVerify<'_>) -> Result<(Self, Deferral), DeferError> {
        let (decision, deferral) = event.defer()?;
        self.decision = Some(decision);
        Ok((self, deferral))
    }
}

/// Shows nothing: the answer is a secret, and so may be what was kept.
impl<T> fmt::Debug for Answered<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Answered")
            .field("question_kind", &self.question_kind)
            .field("round", &self.round)
            .finish_non_exhaustive()
    }
}

/// What was made of an answer: the reply to the event that brought it, whichever it was.
#[derive(Debug)]
#[must_use = "it is the reply to the event; `let _ =` it in a thread, where it has taken effect"]
pub struct Verdict(Delivery);

#[derive(Debug)]
enum Delivery {
    /// The reply to the login says it.
    InReply(AuthReply),
    /// It stands in OpenVPN's files already.
    Written,
    /// It could not be written there. OpenVPN refuses the login when its own time is over.
    NotWritten,
}

impl Verdict {
    fn written(result: std::io::Result<()>) -> Self {
        Self(match result {
            Ok(()) => Delivery::Written,
            Err(error) => {
                logging::say(lines::verdict_untold(error));
                Delivery::NotWritten
            }
        })
    }
}

impl From<Verdict> for AuthReply {
    /// A verdict on an answer that did not come with this event rejects.
    fn from(verdict: Verdict) -> Self {
        match verdict.0 {
            Delivery::InReply(reply) => reply,
            Delivery::Written | Delivery::NotWritten => {
                logging::say(lines::verdict_of_another_event());
                Self::Reject
            }
        }
    }
}

impl From<Verdict> for ClientCrResponseReply {
    fn from(verdict: Verdict) -> Self {
        match verdict.0 {
            Delivery::Written => Self::Done,
            Delivery::NotWritten => Self::Fail,
            Delivery::InReply(_) => {
                logging::say(lines::verdict_of_a_login());
                Self::Fail
            }
        }
    }
}
