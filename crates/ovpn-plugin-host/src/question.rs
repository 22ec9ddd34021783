//! What a plugin asks the person at the client. There are two ways: a rejection that holds the question, after which the
//! client comes again with the answer (`CRV1`), and a question while the login is pending (`crtext`).

use zeroize::Zeroizing;

use crate::base64;

/// A question as the client shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The text.
    pub text: String,
    /// The answer may be shown while it is typed (flag `E`).
    pub echo: bool,
    /// An answer is wanted (flag `R`), else the text is only to be read.
    pub wants_answer: bool,
}

impl Question {
    fn new(flags: &str, text: &str) -> Self {
        let has = |wanted| flags.split(',').any(|flag| flag == wanted);
        Self { text: text.to_owned(), echo: has("E"), wants_answer: has("R") }
    }

    /// The question in a pending file; `None` if it asks in another way, or is cut short.
    #[must_use]
    pub fn in_pending(pending: &str) -> Option<Self> {
        let mut lines = pending.lines().skip(1);
        if lines.next()? != "crtext" {
            return None;
        }
        Self::in_text(lines.next()?)
    }

    /// The question as a client with `crtext` gets it: `CR_TEXT:<flags>:<text>`.
    #[must_use]
    pub fn in_text(text: &str) -> Option<Self> {
        let (flags, text) = text.strip_prefix("CR_TEXT:")?.split_once(':')?;
        Some(Self::new(flags, text))
    }
}

/// A rejection that asks something: `CRV1:<flags>:<state id>:<base64 of the username>:<text>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicChallenge {
    /// What is asked.
    pub question: Question,
    /// The username with which the client comes again.
    pub username: Vec<u8>,
    state_id: String,
}

impl DynamicChallenge {
    /// The challenge in a reason file; `None` if there is none, or one that clients do not understand.
    #[must_use]
    pub fn in_reason(reason: &str) -> Option<Self> {
        let line = reason.lines().next()?;
        let mut parts = line.strip_prefix("CRV1:")?.splitn(4, ':');
        let (flags, state_id, username, text) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let username = base64::decode(username.as_bytes())?;
        Some(Self { question: Question::new(flags, text), username, state_id: state_id.to_owned() })
    }

    /// What comes back with the answer.
    #[must_use]
    pub fn state_id(&self) -> &str {
        &self.state_id
    }

    /// The password with which the client comes again.
    #[must_use]
    pub fn password(&self, answer: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([b"CRV1::", self.state_id.as_bytes(), b"::", answer].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_taken_apart() {
        let found = DynamicChallenge::in_reason("CRV1:R,E:a-1:am9l:Code: now\n").unwrap();
        let question = Question { text: "Code: now".into(), echo: true, wants_answer: true };
        assert_eq!((&found.question, &found.username[..]), (&question, &b"joe"[..]));
        assert_eq!((found.state_id(), &found.password(b"12:34")[..]), ("a-1", &b"CRV1::a-1::12:34"[..]));
        let told = DynamicChallenge::in_reason("CRV1::a::x").unwrap().question;
        assert_eq!((told.echo, told.wants_answer), (false, false));
    }

    #[test]
    fn what_is_none_is_not_taken_for_one() {
        for reason in
            ["", "no", "CRV1:R:a:am9l", "CRV1:R:a:am9:x", " CRV1:R:a:am9l:x", "TEMP[x]: CRV1:R:a::x"]
        {
            assert_eq!(DynamicChallenge::in_reason(reason), None, "{reason}");
        }
    }

    #[test]
    fn a_pending_file_is_taken_apart() {
        let found = Question::in_pending("60\ncrtext\nCR_TEXT:R:PIN: \n").unwrap();
        assert_eq!(found, Question { text: "PIN: ".into(), echo: false, wants_answer: true });
        for pending in ["", "60\ncrtext\n", "60\nwebauth\nWEB_AUTH::https://x\n", "60\ncrtext\nCR_TEXT\n"] {
            assert_eq!(Question::in_pending(pending), None, "{pending}");
        }
    }
}
