//! The answer to a question, whichever way it came, and what is made of it.

use std::fmt;

use zeroize::Zeroizing;

use super::binding::Binding;
use crate::{
    AuthReply, AuthUserPassVerify, ClientCrResponseReply, Decision, DeferError, Deferral, Rejection, lines,
    logging, same_secret,
};

/// How a client was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
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
    pub(super) way: Way,
    /// The login that waits; nothing where the event itself is replied to.
    pub(super) decision: Option<Decision>,
}

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
    pub fn way(&self) -> Way {
        self.way
    }

    /// How many questions this login was asked, this one included. Whoever asks again after a wrong answer gives a guess
    /// away for each.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Lets the client in.
    pub fn accept(mut self) -> Verdict {
        match self.decision.take() {
            Some(login) => Verdict::told(login.accept()),
            None => Verdict(Said::Direct(AuthReply::Accept)),
        }
    }

    /// Rejects the login without telling the client why.
    pub fn reject(mut self) -> Verdict {
        match self.decision.take() {
            Some(login) => Verdict::told(login.reject()),
            None => Verdict(Said::Direct(AuthReply::Reject)),
        }
    }

    /// Rejects the login and tells the client why.
    pub fn reject_with(mut self, rejection: Rejection) -> Verdict {
        match self.decision.take() {
            Some(login) => Verdict::told(login.reject_with(&rejection)),
            None => Verdict(Said::Direct(AuthReply::RejectWith(rejection))),
        }
    }

    /// For a verdict that takes time: this may then go to another thread, and the login is replied to with
    /// [`AuthReply::Deferred`]. An answer of [`Way::Pending`] may go there as it is.
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
            .field("way", &self.way)
            .field("round", &self.round)
            .finish_non_exhaustive()
    }
}

/// What was made of an answer: the reply to the event that brought it, whichever it was.
#[derive(Debug)]
#[must_use = "it is the reply to the event"]
pub struct Verdict(Said);

#[derive(Debug)]
enum Said {
    /// The reply to the login says it.
    Direct(AuthReply),
    /// It stands in OpenVPN's files already.
    Told,
    /// It could not be written there. OpenVPN refuses the login when its own time is over.
    NotTold,
}

impl Verdict {
    fn told(written: std::io::Result<()>) -> Self {
        Self(match written {
            Ok(()) => Said::Told,
            Err(error) => {
                logging::say(lines::verdict_untold(error));
                Said::NotTold
            }
        })
    }
}

impl From<Verdict> for AuthReply {
    /// A verdict on an answer that did not come with this event rejects.
    fn from(verdict: Verdict) -> Self {
        match verdict.0 {
            Said::Direct(reply) => reply,
            Said::Told | Said::NotTold => {
                logging::say(lines::verdict_of_another_event());
                Self::Reject
            }
        }
    }
}

impl From<Verdict> for ClientCrResponseReply {
    fn from(verdict: Verdict) -> Self {
        match verdict.0 {
            Said::Told => Self::Done,
            Said::NotTold => Self::Fail,
            Said::Direct(_) => {
                logging::say(lines::verdict_of_a_login());
                Self::Fail
            }
        }
    }
}
