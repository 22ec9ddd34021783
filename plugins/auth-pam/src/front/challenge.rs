//! What clients send in place of a password.
//!
//! The static challenge: with `static-challenge` in its configuration a client sends password and response together,
//! as `SCRV1:<base64 of the password>:<base64 of the response>` (OpenVPN, doc/management-notes.txt).
//!
//! The dynamic challenge: a client that was asked a question sends `CRV1::<id>::<answer>`.

use base64ct::{Base64, Encoding};
use ovpn_plugin::AuthUserPassVerify;
use secret::Secret;

use crate::question::QuestionId;

const PREFIX: &[u8] = b"SCRV1:";

/// Password and response of one login.
#[derive(Debug)]
pub struct Answers {
    /// The password itself.
    pub password: Secret,
    /// The response to the static challenge, possibly an empty one; nothing without one.
    pub response: Option<Secret>,
}

/// A password that begins like a static challenge's but is none. The text never tells what was in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        lines::refusals::malformed_static_challenge(self.0).fmt(f)
    }
}

impl std::error::Error for Malformed {}

/// What begins an answer to a question.
const ANSWER: &[u8] = b"CRV1::";

/// The answer to a question, if the client has sent one instead of a password, and the id before it if that is one.
pub fn answer(event: &AuthUserPassVerify<'_>) -> Option<(Option<QuestionId>, Secret)> {
    if !event.password()?.starts_with(ANSWER) {
        return None;
    }
    let parts = event.challenge_response();
    let id = parts.and_then(|parts| QuestionId::parse(parts.state_id.as_bytes()));
    Some((id, Secret::copy_of(parts.map_or(b"", |parts| parts.response))))
}

/// Splits what the client sent as password.
pub fn split(sent: &[u8]) -> Result<Answers, Malformed> {
    let Some(rest) = sent.strip_prefix(PREFIX) else {
        return Ok(Answers { password: Secret::copy_of(sent), response: None });
    };
    let colon = rest.iter().position(|byte| *byte == b':').ok_or(Malformed("the second colon is missing"))?;
    Ok(Answers { password: decode(&rest[..colon])?, response: Some(decode(&rest[colon + 1..])?) })
}

fn decode(encoded: &[u8]) -> Result<Secret, Malformed> {
    let mut bytes = vec![0; encoded.len()];
    let length = Base64::decode(encoded, &mut bytes).map(<[u8]>::len);
    let secret = Secret::new(bytes);
    let length = length.map_err(|_| Malformed("not base64"))?;
    let decoded = Secret::copy_of(&secret.expose()[..length]);
    if decoded.expose().contains(&0) {
        return Err(Malformed("a NUL byte in password or response"));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use ovpn_plugin::testing::CallData;

    use super::*;

    fn parts(sent: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), Malformed> {
        let bytes = |secret: &Secret| secret.expose().to_vec();
        split(sent.as_bytes()).map(|a| (bytes(&a.password), a.response.as_ref().map(bytes)))
    }

    #[test]
    fn an_ordinary_password_is_left_alone() {
        for password in ["secret", "", "scrv1:YQ==:Yg==", "xSCRV1:YQ==:Yg==", "SCRV1", "CRV1::a:b"] {
            assert_eq!(parts(password), Ok((password.as_bytes().to_vec(), None)), "{password}");
        }
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
        ] {
            assert_eq!(answered(bad).map(|(id, _)| id), Some(None), "{bad}");
        }
    }

    #[test]
    fn password_and_response_are_decoded() {
        assert_eq!(parts("SCRV1:c2VjcmV0:MTIzNDU2"), Ok((b"secret".to_vec(), Some(b"123456".to_vec()))));
        assert_eq!(parts("SCRV1::MTIz"), Ok((vec![], Some(b"123".to_vec()))));
        assert_eq!(parts("SCRV1:YQ==:"), Ok((b"a".to_vec(), Some(vec![]))));
        assert_eq!(
            parts("SCRV1:8J+Ygg==:w6k="),
            Ok(("😂".as_bytes().to_vec(), Some("é".as_bytes().to_vec())))
        );
    }

    #[test]
    fn rubbish_is_refused() {
        for (sent, why) in [
            ("SCRV1:", "the second colon is missing"),
            ("SCRV1:c2VjcmV0", "the second colon is missing"),
            ("SCRV1:c2VjcmV0:MTIz:NDU2", "not base64"),
            ("SCRV1:%%%%:MTIz", "not base64"),
            ("SCRV1:YQ==:MTIzN", "not base64"),
            ("SCRV1:YQ:Yg==", "not base64"),
            ("SCRV1:YQBi:Yg==", "a NUL byte in password or response"),
        ] {
            assert_eq!(parts(sent), Err(Malformed(why)), "{sent}");
        }
    }

    #[test]
    fn the_error_does_not_repeat_the_password() {
        let error = split(b"SCRV1:hunter2hunter2").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
