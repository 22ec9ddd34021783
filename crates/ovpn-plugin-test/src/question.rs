//! A question as a client's management interface shows it.

/// What a login is rejected with in which a dynamic challenge comes.
pub(crate) const REJECTION: &str = "AUTH_FAILED,CRV1:";

/// How a question reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The login is rejected with it, and the answer comes with another one.
    Dynamic,
    /// While the login is pending.
    Pending,
    /// An address to be opened in a browser, while the login is pending. Nothing is typed.
    Url,
}

/// What a person was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// How it came.
    pub way: Way,
    /// What is shown; an address to be opened.
    pub text: String,
    /// Whether what is typed may be seen.
    pub shown: bool,
    /// Whether anything is to be typed.
    pub wants_answer: bool,
    /// State id of a dynamic challenge.
    pub id: String,
    /// The name the answer is to come with, in base64, of a dynamic challenge.
    pub user: String,
}

impl Question {
    /// What this line of the management interface asks, if it asks anything.
    pub fn parse(line: &str) -> Option<Self> {
        let pending = |way, flags: &str, text: &str| Self {
            way,
            text: text.to_string(),
            shown: has(flags, "E"),
            wants_answer: has(flags, "R"),
            id: String::new(),
            user: String::new(),
        };
        if let Some(rest) = line.strip_prefix(">INFOMSG:CR_TEXT:") {
            let (flags, text) = rest.split_once(':')?;
            return Some(pending(Way::Pending, flags, text));
        }
        if let Some(rest) = line.strip_prefix(">INFOMSG:WEB_AUTH:") {
            let (flags, url) = rest.split_once(':')?;
            return Some(pending(Way::Url, flags, url));
        }
        if let Some(url) = line.strip_prefix(">INFOMSG:OPEN_URL:") {
            return Some(pending(Way::Url, "", url));
        }
        let rest = line.strip_prefix(">PASSWORD:Verification Failed: 'Auth' ['CRV1:")?.strip_suffix("']")?;
        let mut parts = rest.splitn(4, ':').map(str::to_string);
        let (flags, id, user, text) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self { id, user, ..pending(Way::Dynamic, &flags, &text) })
    }
}

fn has(flags: &str, flag: &str) -> bool {
    flags.split(',').any(|one| one == flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_what_is_none() {
        let line =
            ">PASSWORD:Verification Failed: 'Auth' ['CRV1:R,E:0a1b:YWxpY2U=:It's 5: what's the code?']";
        let question = Question::parse(line).expect("a question");
        assert_eq!((question.way, question.shown, question.wants_answer), (Way::Dynamic, true, true));
        assert_eq!((&question.id[..], &question.user[..]), ("0a1b", "YWxpY2U="));
        assert_eq!(question.text, "It's 5: what's the code?");
        let question = Question::parse(">INFOMSG:CR_TEXT:R:Code: ").expect("a question");
        assert_eq!((question.way, question.shown, &question.text[..]), (Way::Pending, false, "Code: "));
        let question = Question::parse(">INFOMSG:WEB_AUTH::https://example.com/a:b").expect("a question");
        assert_eq!((question.way, &question.text[..]), (Way::Url, "https://example.com/a:b"));
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
