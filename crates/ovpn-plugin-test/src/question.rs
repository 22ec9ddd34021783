//! A question as a client's management interface shows it.

use ovpn_plugin_host::{DynamicChallenge, Question as Shown};

/// What a login is rejected with in which a dynamic challenge comes.
pub(crate) const REJECTION: &str = "AUTH_FAILED,CRV1:";

/// How a question reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionKind {
    /// The login is rejected with it, and the answer comes with another one.
    Dynamic,
    /// With the password, since the client's configuration has `static-challenge`.
    Static,
    /// While the login is pending.
    Pending,
    /// An address to be opened in a browser, while the login is pending. Nothing is typed.
    Url,
}

/// What a person was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// How it came.
    pub kind: QuestionKind,
    /// What is shown; an address to be opened.
    pub text: String,
    /// Whether what is typed may be seen.
    pub shown: bool,
    /// Whether anything is to be typed.
    pub wants_answer: bool,
    /// State id of a dynamic challenge.
    pub id: String,
    /// The name the answer is to come with, of a dynamic challenge.
    pub username: Vec<u8>,
}

/// How a client whose configuration has `static-challenge` asks for a login.
const STATIC: &str = ">PASSWORD:Need 'Auth' username/password SC:";

impl Question {
    /// What this line of the management interface asks, if it asks anything.
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(rest) = line.strip_prefix(STATIC) {
            // Bit 0 of the flags: what is typed may be seen.
            let (flags, text) = rest.split_once(',')?;
            let echo = flags.parse::<u8>().ok()? & 1 == 1;
            return Some(Self::new(
                QuestionKind::Static,
                Shown { text: text.to_owned(), echo, wants_answer: true },
            ));
        }
        if let Some(told) = line.strip_prefix(">INFOMSG:") {
            if let Some(shown) = Shown::in_text(told) {
                return Some(Self::new(QuestionKind::Pending, shown));
            }
            let page = told.strip_prefix("WEB_AUTH:").and_then(|rest| Some(rest.split_once(':')?.1));
            let text = page.or_else(|| told.strip_prefix("OPEN_URL:"))?.to_owned();
            return Some(Self::new(QuestionKind::Url, Shown { text, echo: false, wants_answer: false }));
        }
        let reason = line.strip_prefix(">PASSWORD:Verification Failed: 'Auth' ['")?.strip_suffix("']")?;
        let challenge = DynamicChallenge::in_reason(reason)?;
        let id = challenge.state_id().to_owned();
        Some(Self {
            id,
            username: challenge.username,
            ..Self::new(QuestionKind::Dynamic, challenge.question)
        })
    }

    fn new(kind: QuestionKind, shown: Shown) -> Self {
        let Shown { text, echo, wants_answer } = shown;
        Self { kind, text, shown: echo, wants_answer, id: String::new(), username: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_what_is_none() {
        let line =
            ">PASSWORD:Verification Failed: 'Auth' ['CRV1:R,E:0a1b:YWxpY2U=:It's 5: what's the code?']";
        let question = Question::parse(line).expect("a question");
        assert_eq!(
            (question.kind, question.shown, question.wants_answer),
            (QuestionKind::Dynamic, true, true)
        );
        assert_eq!((&question.id[..], &question.username[..]), ("0a1b", &b"alice"[..]));
        assert_eq!(question.text, "It's 5: what's the code?");
        let question = Question::parse(">INFOMSG:CR_TEXT:R:Code: ").expect("a question");
        assert_eq!(
            (question.kind, question.shown, &question.text[..]),
            (QuestionKind::Pending, false, "Code: ")
        );
        let question = Question::parse(">INFOMSG:WEB_AUTH::https://example.com/a:b").expect("a question");
        assert_eq!((question.kind, &question.text[..]), (QuestionKind::Url, "https://example.com/a:b"));
        for (flags, shown) in [("0", false), ("1", true), ("3", true)] {
            let question = Question::parse(&format!("{STATIC}{flags},Code, please")).expect("a question");
            assert_eq!(
                (question.kind, question.shown, question.wants_answer),
                (QuestionKind::Static, shown, true)
            );
            assert_eq!(question.text, "Code, please");
        }
        for line in [
            ">PASSWORD:Verification Failed: 'Auth'",
            ">PASSWORD:Verification Failed: 'Auth' ['wrong code']",
            ">PASSWORD:Need 'Auth' username/password",
            ">PASSWORD:Verification Failed: 'Auth' ['CRV1:R:id']",
        ] {
            assert_eq!(Question::parse(line), None, "{line}");
        }
    }
}
