//! What a client would be asked, taken apart as a client does it.

use std::time::Duration;

use crate::base64;

/// A question to the person at the client; see [`LoginFiles::question`](super::LoginFiles::question).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    text: String,
    flags: String,
    asked_by: AskedBy,
}

/// How it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum AskedBy {
    /// While the login is pending; its answer is an event of its own.
    Pending { method: String, timeout: Duration },
    /// By a rejection; the client comes again with the answer.
    Rejection { state_id: String, username: Vec<u8> },
}

impl Question {
    /// The question in a pending file; `None` if it holds none that OpenVPN would pass on.
    pub(super) fn in_pending(pending: &str) -> Option<Self> {
        let mut lines = pending.lines();
        let (timeout, method, rest) = (lines.next()?.parse().ok()?, lines.next()?, lines.next()?);
        let (name, rest) = rest.split_once(':')?;
        let (flags, text) = rest.split_once(':')?;
        let known = [("crtext", "CR_TEXT"), ("webauth", "WEB_AUTH")];
        if known.iter().any(|(word, wanted)| *word == method && *wanted != name) {
            return None;
        }
        let asked_by = AskedBy::Pending { method: method.to_owned(), timeout: Duration::from_secs(timeout) };
        Some(Self { text: text.to_owned(), flags: flags.to_owned(), asked_by })
    }

    /// The question in a reason file; `None` if it holds something else.
    pub(super) fn in_reason(reason: &str) -> Option<Self> {
        let mut parts = reason.lines().next()?.strip_prefix("CRV1:")?.splitn(4, ':');
        let (flags, state_id, username, text) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let username = base64::decode(username.as_bytes()).ok()?;
        let asked_by = AskedBy::Rejection { state_id: state_id.to_owned(), username };
        Some(Self { text: text.to_owned(), flags: flags.to_owned(), asked_by })
    }

    /// The text that is shown, or the address of the web page that is opened.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an answer is wanted; else the text is only to be read.
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        self.has("R")
    }

    /// Whether the answer is shown while it is typed.
    #[must_use]
    pub fn echo(&self) -> bool {
        self.has("E")
    }

    fn has(&self, wanted: &str) -> bool {
        self.flags.split(',').any(|flag| flag == wanted)
    }

    /// If the question comes while the login is pending: the method, which the client must have announced in `IV_SSO`
    /// (`crtext`, `webauth`).
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        match &self.asked_by {
            AskedBy::Pending { method, .. } => Some(method),
            AskedBy::Rejection { .. } => None,
        }
    }

    /// If the question comes while the login is pending: how long it waits for its answer.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        match &self.asked_by {
            AskedBy::Pending { timeout, .. } => Some(*timeout),
            AskedBy::Rejection { .. } => None,
        }
    }

    /// If the question is a rejection (`CRV1`): the name with which the client comes again.
    #[must_use]
    pub fn username(&self) -> Option<&[u8]> {
        match &self.asked_by {
            AskedBy::Pending { .. } => None,
            AskedBy::Rejection { username, .. } => Some(username),
        }
    }

    /// If the question is a rejection (`CRV1`): the password with which the client comes again, for this answer.
    #[must_use]
    pub fn password(&self, answer: &str) -> Option<String> {
        match &self.asked_by {
            AskedBy::Pending { .. } => None,
            AskedBy::Rejection { state_id, .. } => Some(format!("CRV1::{state_id}::{answer}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Challenge, Pending};

    #[test]
    fn what_the_sdk_asks_is_understood() {
        let challenge = Challenge::hidden("a-1", b"joe", "Code: now").unwrap();
        let rejection = crate::Rejection::challenge(&challenge);
        let question = Question::in_reason(rejection.text(false)).unwrap();
        assert_eq!((question.text(), question.echo(), question.wants_answer()), ("Code: now", false, true));
        assert_eq!((question.username(), question.method()), (Some(&b"joe"[..]), None));
        assert_eq!(question.password("1:2").unwrap().as_str(), "CRV1::a-1::1:2");
        let minute = Duration::from_secs(60);
        let pending = Question::in_pending(&Pending::text(minute, "PIN: ").unwrap().lines()).unwrap();
        assert_eq!((pending.text(), pending.echo(), pending.wants_answer()), ("PIN: ", true, true));
        assert_eq!((pending.method(), pending.timeout()), (Some("crtext"), Some(minute)));
        assert_eq!((pending.password("1"), pending.username()), (None, None));
        let page = Question::in_pending(&Pending::web(minute, "https://x/a:b").unwrap().lines()).unwrap();
        assert_eq!((page.text(), page.method()), ("https://x/a:b", Some("webauth")));
    }

    #[test]
    fn what_a_client_would_not_understand_is_no_question() {
        for reason in ["", "no", "CRV1:R:a:am9l", "CRV1:R:a:am9:x", " CRV1:R:a:am9l:x"] {
            assert_eq!(Question::in_reason(reason), None, "{reason}");
        }
        for pending in ["", "60\ncrtext\n", "x\ncrtext\nCR_TEXT:R:x", "60\ncrtext\nWEB_AUTH::x", "60\na\nb"] {
            assert_eq!(Question::in_pending(pending), None, "{pending}");
        }
    }
}
