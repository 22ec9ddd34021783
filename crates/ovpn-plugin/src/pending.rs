//! A question to the client while its login is deferred (pending authentication, OpenVPN 2.6 and later).

use std::fmt;
use std::time::Duration;

use crate::challenges::forms;

/// The method of a question with a typed answer.
const QUESTION: &str = "crtext";

/// What a client is asked or told while its login is pending. Its answer, if it gives one, comes as
/// [`ClientCrResponse`](crate::ClientCrResponse).
///
/// ```
/// use std::time::Duration;
/// let pending = ovpn_plugin::Pending::text(Duration::from_secs(60), "Code from the text message:")?;
/// # Ok::<(), ovpn_plugin::PendingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub(crate) timeout: Duration,
    pub(crate) method: String,
    pub(crate) text: String,
}

/// Why a [`Pending`] cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PendingError {
    /// The time is under a second or over an hour.
    Timeout,
    /// The method is empty or holds a comma, a blank or a control character.
    Method,
    /// The text is empty or holds a control character.
    Text,
    /// A line is longer than [`Pending::MAX_BYTES`].
    TooLong {
        /// Length of the line in bytes.
        bytes: usize,
    },
}

impl fmt::Display for PendingError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => out.write_str("the time for an answer is not between a second and an hour"),
            Self::Method => out.write_str("the method is no name a client could announce"),
            Self::Text => out.write_str("the text for the client is empty or holds a control character"),
            Self::TooLong { bytes } => {
                write!(out, "the text for the client has {bytes} bytes, OpenVPN takes {}", Pending::MAX_BYTES)
            }
        }
    }
}

impl std::error::Error for PendingError {}

impl Pending {
    /// Longest text in bytes; OpenVPN sends 1024, its own words included.
    pub const MAX_BYTES: usize = 1000;

    /// A question with a typed answer that is shown (`crtext`), for `timeout`, whole seconds.
    ///
    /// # Errors
    /// If OpenVPN or the client would misread it.
    pub fn text(timeout: Duration, question: &str) -> Result<Self, PendingError> {
        Self::question_of(timeout, question, true)
    }

    /// The same for an answer that is not to be shown while it is typed.
    ///
    /// # Errors
    /// As [`Pending::text`].
    pub fn hidden(timeout: Duration, question: &str) -> Result<Self, PendingError> {
        Self::question_of(timeout, question, false)
    }

    fn question_of(timeout: Duration, question: &str, is_shown: bool) -> Result<Self, PendingError> {
        if question.is_empty() {
            return Err(PendingError::Text);
        }
        Self::new(timeout, QUESTION, &forms::pending_question(question, is_shown))
    }

    /// A web page for the client's user (`webauth`).
    ///
    /// # Errors
    /// As [`Pending::text`].
    pub fn web(timeout: Duration, url: &str) -> Result<Self, PendingError> {
        if url.is_empty() {
            return Err(PendingError::Text);
        }
        Self::new(timeout, "webauth", &format!("WEB_AUTH::{url}"))
    }

    /// The same in the older form (`openurl`).
    ///
    /// # Errors
    /// As [`Pending::text`].
    pub fn url(timeout: Duration, url: &str) -> Result<Self, PendingError> {
        if url.is_empty() {
            return Err(PendingError::Text);
        }
        Self::new(timeout, "openurl", &format!("OPEN_URL:{url}"))
    }

    /// Any other method (a word of the client's `IV_SSO`) with the text that belongs to it.
    ///
    /// # Errors
    /// As [`Pending::text`].
    pub fn new(timeout: Duration, method: &str, text: &str) -> Result<Self, PendingError> {
        if !(1..=3600).contains(&timeout.as_secs()) {
            return Err(PendingError::Timeout);
        }
        if method.is_empty() || method.chars().any(|c| c == ',' || c.is_whitespace() || c.is_control()) {
            return Err(PendingError::Method);
        }
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(PendingError::Text);
        }
        if let Some(bytes) = [method.len(), text.len()].into_iter().find(|bytes| *bytes > Self::MAX_BYTES) {
            return Err(PendingError::TooLong { bytes });
        }
        Ok(Self { timeout, method: method.to_owned(), text: text.to_owned() })
    }

    /// The method a client must have announced.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Reads the three lines of a pending file, as OpenVPN does.
    ///
    /// ```
    /// let pending = ovpn_plugin::Pending::parse("60\ncrtext\nCR_TEXT:R:PIN\n")?;
    /// assert_eq!((pending.method(), pending.question()), ("crtext", Some(("PIN", false))));
    /// # Ok::<(), ovpn_plugin::PendingError>(())
    /// ```
    ///
    /// # Errors
    /// If one is missing, or OpenVPN or clients would misread it.
    pub fn parse(file: &str) -> Result<Self, PendingError> {
        let mut lines = file.lines();
        let timeout = lines.next().and_then(|line| line.parse().ok()).ok_or(PendingError::Timeout)?;
        let method = lines.next().ok_or(PendingError::Method)?;
        let text = lines.next().ok_or(PendingError::Text)?;
        Self::new(Duration::from_secs(timeout), method, text)
    }

    /// What the client's user is asked to type, and whether that may be shown; `None` if nothing is to be typed.
    #[must_use]
    pub fn question(&self) -> Option<(&str, bool)> {
        forms::parse_pending_question(&self.text).filter(|_| self.method == QUESTION)
    }

    /// The three lines of the pending file.
    pub(crate) fn lines(&self) -> String {
        format!("{}\n{}\n{}\n", self.timeout.as_secs(), self.method, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn three_lines() {
        assert_eq!(Pending::text(MINUTE, "Code: 1?").unwrap().lines(), "60\ncrtext\nCR_TEXT:R,E:Code: 1?\n");
        assert_eq!(
            Pending::web(MINUTE, "https://x/").unwrap().lines(),
            "60\nwebauth\nWEB_AUTH::https://x/\n"
        );
    }

    #[test]
    fn what_is_made_is_read() {
        for pending in [
            Pending::text(MINUTE, "Code: 1?"),
            Pending::hidden(MINUTE, "\u{e9}"),
            Pending::web(MINUTE, "https://x/"),
            Pending::url(MINUTE, "https://x/"),
        ] {
            let pending = pending.unwrap();
            assert_eq!(Pending::parse(&pending.lines()), Ok(pending));
        }
        assert_eq!(Pending::hidden(MINUTE, "PIN").unwrap().question(), Some(("PIN", false)));
        assert_eq!(Pending::web(MINUTE, "https://x/").unwrap().question(), None);
        for (file, error) in [
            ("", PendingError::Timeout),
            ("-1\ncrtext\nx", PendingError::Timeout),
            ("60", PendingError::Method),
            ("60\ncrtext\n", PendingError::Text),
        ] {
            assert_eq!(Pending::parse(file), Err(error), "{file:?}");
        }
    }

    #[test]
    fn what_would_be_misread_is_refused() {
        assert_eq!(Pending::text(Duration::from_millis(999), "x"), Err(PendingError::Timeout));
        assert_eq!(Pending::text(MINUTE * 61, "x"), Err(PendingError::Timeout));
        assert_eq!(Pending::text(MINUTE, ""), Err(PendingError::Text));
        assert_eq!(Pending::text(MINUTE, "a\nb"), Err(PendingError::Text));
        assert_eq!(Pending::new(MINUTE, "a,b", "x"), Err(PendingError::Method));
        assert_eq!(Pending::new(MINUTE, "a", &"x".repeat(1001)), Err(PendingError::TooLong { bytes: 1001 }));
    }
}
