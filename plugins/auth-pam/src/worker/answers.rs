//! What PAM got of a login for its prompts. If it got no answer, that may be the fault of the plugin line: log watchers must
//! not ban a client for that.

use pam::ReturnCode;
use secret::Secret;

use super::prompts::{ClientInput, Unanswered, Visibility};
use crate::protocol::WhoseFault;

/// What modules answer with if a prompt has no answer and nothing has failed before: their first failure is the result.
const NO_ANSWER: [ReturnCode; 3] =
    [ReturnCode::CONV_ERR, ReturnCode::AUTHTOK_ERR, ReturnCode::AUTHTOK_RECOVERY_ERR];

/// The answers of one transaction.
#[derive(Debug, Default)]
pub struct Answers {
    /// PAM has something to judge the client by.
    secret: bool,
    /// The configuration has nothing to say to a prompt.
    lacking: bool,
    /// What the person at the client has typed at prompts with visible input.
    typed: Vec<Secret>,
}

impl Answers {
    /// A prompt got this, of what the client has sent.
    pub fn given(&mut self, visibility: Visibility, answer: &[u8], input: &ClientInput<'_>) {
        let is = |secret: &Secret| secret.expose() == answer;
        let names = [input.username, input.common_name];
        // A guess that the name is the password is a guess.
        let is_a_name = visibility == Visibility::Shown
            && names.contains(&answer)
            && !is(&input.credentials.password)
            && !input.credentials.response.as_ref().is_some_and(is);
        self.secret |= !is_a_name;
    }

    /// A prompt got this, of what the person at the client has typed.
    pub fn typed(&mut self, visibility: Visibility, answer: &Secret) {
        self.secret = true;
        if visibility == Visibility::Shown {
            self.typed.push(Secret::copy_of(answer.expose()));
        }
    }

    /// A prompt got nothing.
    pub fn missing(&mut self, why: &Unanswered) {
        // The client can send what it did not.
        self.lacking |= *why == Unanswered::NoMatch;
    }

    /// A prompt was to be asked, and OpenVPN cannot.
    pub fn cannot_ask(&mut self) {
        self.lacking = true;
    }

    /// Whose fault this failure of PAM's is.
    pub fn whose_fault(&self, code: ReturnCode) -> WhoseFault {
        match self {
            Answers { lacking: false, .. } => WhoseFault::Client,
            Answers { secret: false, .. } => WhoseFault::Configuration,
            _ if NO_ANSWER.contains(&code) => WhoseFault::Unclear,
            _ => WhoseFault::Client,
        }
    }

    /// Whose fault it is if PAM has checked another user than the one that asked.
    pub fn whose_fault_for_user(&self, checked: Option<&[u8]>) -> WhoseFault {
        let is_typed = |name| self.typed.iter().any(|typed| typed.expose() == name);
        if checked.is_some_and(is_typed) { WhoseFault::Client } else { WhoseFault::Configuration }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Credentials;

    fn credentials(password: &str) -> Credentials {
        Credentials { password: Secret::copy_of(password.as_bytes()), response: None }
    }

    /// Whose fault it is when the last prompt got nothing for this reason, after these answers.
    fn at_fault_after(answers: &[(Visibility, &str)], why: &Unanswered, code: ReturnCode) -> WhoseFault {
        let credentials = credentials("engine");
        let input = ClientInput { username: b"ada", common_name: b"Ada L.", credentials: &credentials };
        let mut all = Answers::default();
        answers.iter().for_each(|(visibility, answer)| all.given(*visibility, answer.as_bytes(), &input));
        all.missing(why);
        all.whose_fault(code)
    }

    #[test]
    fn the_configuration_is_to_blame_if_pam_got_nothing_to_judge_by() {
        let names = [(Visibility::Shown, "ada"), (Visibility::Shown, "Ada L.")];
        for code in [ReturnCode::CONV_ERR, ReturnCode::AUTHTOK_ERR, ReturnCode::AUTH_ERR] {
            for answers in [&[][..], &names] {
                assert_eq!(
                    at_fault_after(answers, &Unanswered::NoMatch, code),
                    WhoseFault::Configuration,
                    "{code:?}"
                );
            }
        }
    }

    /// Another module may have refused the password. The first failure of a stack is its result.
    #[test]
    fn it_is_unclear_who_is_to_blame_once_pam_has_a_secret() {
        for secret in
            [(Visibility::Hidden, "ada"), (Visibility::Shown, "engine"), (Visibility::Shown, "adam")]
        {
            for (code, expected) in [
                (ReturnCode::CONV_ERR, WhoseFault::Unclear),
                (ReturnCode::AUTHTOK_ERR, WhoseFault::Unclear),
                (ReturnCode::AUTH_ERR, WhoseFault::Client),
                (ReturnCode::USER_UNKNOWN, WhoseFault::Client),
            ] {
                assert_eq!(
                    at_fault_after(&[secret], &Unanswered::NoMatch, code),
                    expected,
                    "{secret:?} {code:?}"
                );
            }
        }
    }

    #[test]
    fn a_guess_that_the_name_is_the_password_is_one() {
        let credentials = credentials("ada");
        let input = ClientInput { username: b"ada", common_name: b"", credentials: &credentials };
        let mut answers = Answers::default();
        answers.given(Visibility::Shown, b"ada", &input);
        answers.missing(&Unanswered::NoMatch);
        assert_eq!(answers.whose_fault(ReturnCode::AUTH_ERR), WhoseFault::Client);
    }

    #[test]
    fn the_client_is_to_blame_for_what_it_did_not_send() {
        for why in [Unanswered::Unsent("OTP"), Unanswered::Empty("OTP")] {
            assert_eq!(at_fault_after(&[], &why, ReturnCode::CONV_ERR), WhoseFault::Client);
        }
        assert_eq!(Answers::default().whose_fault(ReturnCode::CONV_ERR), WhoseFault::Client);
    }

    #[test]
    fn a_user_whom_somebody_has_typed_is_no_mapping_of_the_configuration() {
        let mut answers = Answers::default();
        assert_eq!(answers.whose_fault_for_user(Some(b"root")), WhoseFault::Configuration);
        assert_eq!(answers.whose_fault_for_user(None), WhoseFault::Configuration);
        answers.typed(Visibility::Hidden, &Secret::copy_of(b"root"));
        assert_eq!(answers.whose_fault_for_user(Some(b"root")), WhoseFault::Configuration);
        answers.typed(Visibility::Shown, &Secret::copy_of(b"root"));
        assert_eq!(answers.whose_fault_for_user(Some(b"root")), WhoseFault::Client);
        assert_eq!(answers.whose_fault_for_user(Some(b"bob")), WhoseFault::Configuration);
    }
}
