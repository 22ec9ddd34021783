//! What clients send in place of a password, as the SDK reads it: password and response of a static challenge, or the
//! answer to a question.

use ovpn_plugin::{AnswerError, AuthUserPassVerify, ChallengeResponse, StaticChallenge};
use secret::Secret;

use crate::protocol::question::QuestionId;

/// Password and response of one login.
#[derive(Debug)]
pub struct PasswordAndResponse {
    /// The password itself.
    pub password: Secret,
    /// The response to the static challenge, possibly an empty one; nothing without one.
    pub response: Option<Secret>,
}

/// The answer to a question, if the client has sent one instead of a password, and the id before it if that is one.
pub fn answer(event: &AuthUserPassVerify<'_>) -> Option<(Option<QuestionId>, Secret)> {
    match ChallengeResponse::parse(event.password()?) {
        Ok(parts) => {
            let parts = parts?;
            Some((QuestionId::parse(parts.state_id.as_bytes()), Secret::copy_of(parts.response)))
        }
        Err(_) => Some((None, Secret::copy_of(b""))),
    }
}

/// Splits what the client sent as password.
///
/// # Errors
/// If it begins like that of a static challenge and is none. The error never tells what was in it.
pub fn split(sent: &[u8]) -> Result<PasswordAndResponse, AnswerError> {
    Ok(match StaticChallenge::parse(sent)? {
        Some(mut both) => PasswordAndResponse {
            password: Secret::new(std::mem::take(&mut both.password)),
            response: Some(Secret::new(std::mem::take(&mut both.response))),
        },
        None => PasswordAndResponse { password: Secret::copy_of(sent), response: None },
    })
}

#[cfg(test)]
mod tests {
    use ovpn_plugin::testing::CallData;

    use super::*;

    #[test]
    fn an_ordinary_password_is_left_alone() {
        for password in ["secret", "", "scrv1:YQ==:Yg==", "xSCRV1:YQ==:Yg==", "SCRV1", "CRV1::a:b"] {
            let answers = split(password.as_bytes()).unwrap();
            assert_eq!(answers.password.expose(), password.as_bytes());
            assert!(answers.response.is_none(), "{password}");
        }
        let answers = split(b"SCRV1:YQ==:").unwrap();
        assert_eq!((answers.password.expose(), answers.response.unwrap().expose()), (&b"a"[..], &b""[..]));
    }

    #[test]
    fn an_answer_has_an_id_or_belongs_to_no_question() {
        let id = "0123456789abcdef0123456789abcdef";
        let answered = |password: &str| {
            let call = CallData::new().env("password", password);
            let found = answer(&call.event());
            found.map(|(id, answer)| (id.map(|id| id.to_string()), answer.expose().to_vec()))
        };
        for (text, bytes) in [("123456", "123456"), ("", ""), ("a::b", "a::b"), ("\u{e9}", "\u{e9}")] {
            let expected = Some((Some(id.to_string()), bytes.as_bytes().to_vec()));
            assert_eq!(answered(&format!("CRV1::{id}::{text}")), expected);
        }
        for none in
            ["", "secret", "crv1::x::y", "CRV1", "CRV1:", &format!("CRV1:R:{id}::x"), "SCRV1:YQ==:Yg=="]
        {
            assert_eq!(answered(none), None, "{none}");
        }
        for bad in [
            "CRV1::",
            &format!("CRV1::{id}"),
            &format!("CRV1::{id}:x"),
            "CRV1::::x",
            "CRV1::../../etc/passwd::x",
            "CRV1::0::x",
        ] {
            assert_eq!(answered(bad).map(|(id, _)| id), Some(None), "{bad}");
        }
    }
}
