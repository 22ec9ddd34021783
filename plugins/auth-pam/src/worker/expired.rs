//! A password that has expired: a user with the right one chooses a new one before the login goes on
//! (`change-expired=yes`).
//!
//! The prompts of that are questions to the person at the client. A module that rejects the new password asks again. If
//! nobody answers, the old password stays: the modules see an error of the conversation.

use lines::refusals;
use pam::{PamError, ReturnCode, Transaction};
use secret::Secret;

use super::conversation::PamConversation;
use super::transaction::other_user;
use crate::protocol::TransactionEnd;
use crate::settings::Settings;
use crate::worker::pam_progress::{self, PamProgress};

/// How often a new password may be tried. The questions of a transaction have a bound of their own.
const MAX_ROUNDS: usize = 5;
/// The codes after which another try makes sense: the new password was not good enough or not the same twice, or the
/// password file was locked.
const TRY_AGAIN: [ReturnCode; 3] =
    [ReturnCode::TRY_AGAIN, ReturnCode::AUTHTOK_ERR, ReturnCode::AUTHTOK_LOCK_BUSY];
/// What is said before the next question if no module has said anything.
const NOT_TAKEN: &str = "The new password was not accepted.";

/// OpenVPN's clients without PKCS#11 cut what is typed, without a word, so that it fits 127 bytes with the 40 of
/// `CRV1::<id>::` before it. Half a password must not become one.
const MAY_BE_CUT: usize = 127 - "CRV1::".len() - 32 - "::".len();
const TOO_LONG: &str = "That is too long for this client: take less than 87 bytes.";

/// What the person has typed, as far as it has to be known.
#[derive(Debug, Default)]
pub struct Choosing {
    /// The answers since the last try began.
    answers: Vec<Secret>,
}

impl Choosing {
    /// Notes an answer. What to say if it is to be asked for again.
    pub fn typed(&mut self, answer: &Secret) -> Option<&'static str> {
        if answer.len() == MAY_BE_CUT {
            return Some(TOO_LONG);
        }
        self.answers.push(Secret::copy_of(answer.expose()));
        None
    }

    /// Whether the last answer was the new password: then it was typed twice.
    pub fn last_is_new(&self) -> bool {
        match &self.answers[..] {
            [before @ .., last] => !last.is_empty() && before.iter().any(|one| one.expose() == last.expose()),
            [] => false,
        }
    }
}

/// The account phase. If the password has expired and may be changed, that is done, and the phase is run again.
pub fn acct_mgmt(
    transaction: &mut Transaction<PamConversation<'_>>,
    settings: &Settings,
    end: &mut TransactionEnd,
) -> Result<(), PamError> {
    let Err(expired) = transaction.acct_mgmt() else { return Ok(()) };
    if expired.code != ReturnCode::NEW_AUTHTOK_REQD {
        return Err(expired);
    }
    // The code stays: whatever the modules had against a new password, the old one has expired.
    let (code, pam) = (expired.code, &expired.text);
    let because = |text: String| PamError { code, text };
    if !settings.config.change_expired {
        return Err(because(refusals::expired(pam).to_string()));
    }
    if !settings.can_ask {
        return Err(because(refusals::expired_too_old(pam).to_string()));
    }
    // Nobody chooses another user's password.
    if !settings.config.allow_user_mapping {
        let checked = transaction.user().map(|user| user.to_bytes().to_vec());
        if !checked.as_deref().is_some_and(|checked| transaction.conversation().was_asked_for(checked)) {
            return Err(other_user(end, &transaction.conversation().answers, checked.as_deref()));
        }
    }
    let worker = transaction.conversation().reports.worker;
    pam_progress::enter(worker, PamProgress::NewPassword);
    change(transaction)
        .map_err(|error| because(refusals::expired_not_changed(pam, &error.text).to_string()))?;
    pam_progress::enter(worker, PamProgress::Account);
    transaction.conversation().note(|| refusals::changed_password().to_string());
    transaction.acct_mgmt().map_err(|again| {
        if again.code == code { because(refusals::expired_again(pam).to_string()) } else { again }
    })
}

/// Has the user choose, as often as that makes sense.
fn change(transaction: &mut Transaction<PamConversation<'_>>) -> Result<(), PamError> {
    let mut round = 1;
    loop {
        let conversation = transaction.conversation();
        conversation.choosing = Some(Choosing::default());
        let before = conversation.questions;
        let Err(error) = transaction.change_expired() else { return Ok(()) };
        let conversation = transaction.conversation();
        // Without a question in between it would end the same way again.
        let asked = conversation.questions > before;
        if conversation.given_up || !asked || !TRY_AGAIN.contains(&error.code) || round == MAX_ROUNDS {
            return Err(error);
        }
        if conversation.messages.is_empty() {
            conversation.keep(NOT_TAKEN.as_bytes());
        }
        round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choosing(answers: &[&str]) -> Choosing {
        let mut choosing = Choosing::default();
        for answer in answers {
            assert_eq!(choosing.typed(&Secret::copy_of(answer.as_bytes())), None);
        }
        choosing
    }

    #[test]
    fn what_was_typed_twice_is_the_new_password() {
        for (answers, is_new) in [
            (&[][..], false),
            (&["one"], false),
            (&["one", "one"], true),
            (&["current", "one", "one"], true),
            (&["one", "one", "pet"], false),
            (&["", ""], false),
        ] {
            assert_eq!(choosing(answers).last_is_new(), is_new, "{answers:?}");
        }
    }

    #[test]
    fn what_a_client_may_have_cut_is_asked_for_again() {
        let mut choosing = Choosing::default();
        for (length, good) in [(0, true), (86, true), (87, false), (88, true), (4000, true)] {
            let said = choosing.typed(&Secret::new(vec![b'x'; length]));
            assert_eq!(said, if good { None } else { Some(TOO_LONG) }, "{length}");
        }
        let id = crate::protocol::question::QuestionId::from_bytes([0; 16]);
        assert_eq!(format!("CRV1::{id}::").len() + MAY_BE_CUT, 127);
    }
}
