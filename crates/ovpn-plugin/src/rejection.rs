//! Why a login is rejected, as the client learns it, in the forms OpenVPN's clients understand.

use std::fmt;
use std::time::Duration;

use crate::Challenge;

/// What a rejected client learns (OpenVPN 2.6 and later; older servers just reject).
///
/// ```
/// use std::time::Duration;
/// use ovpn_plugin::{AuthReply, Challenge, Rejection, Retry};
///
/// let expired = AuthReply::RejectWith(Rejection::because("your account has expired"));
/// let busy = AuthReply::RejectWith(Rejection::temporary("busy", Duration::from_secs(30), Retry::SameServer));
/// let code = Challenge::new("session-7", b"joe", "Code from the text message:")?;
/// let ask = AuthReply::RejectWith(Rejection::challenge(&code));
/// # Ok::<(), ovpn_plugin::ChallengeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    text: String,
    /// What a client gets that does not understand temporary failures.
    plain: Option<String>,
}

impl fmt::Display for Rejection {
    /// The reason, or the question, in the form that goes to the client.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.plain.as_deref().unwrap_or(&self.text))
    }
}

/// A login whose method returns it as an error is rejected with it.
impl std::error::Error for Rejection {}

/// Where a client goes after a temporary failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// To the same address again.
    SameServer,
    /// To the next address of the same `remote`.
    NextAddress,
    /// To the next `remote`.
    NextRemote,
}

impl Rejection {
    /// Longest text in bytes; OpenVPN sends 1024, its own words included.
    pub const MAX_BYTES: usize = 1000;

    /// A rejection with a reason for the person at the client. Control characters become blanks, and what is over
    /// [`Rejection::MAX_BYTES`] is cut. The text is never taken for one of the other forms.
    #[must_use]
    pub fn because(reason: &str) -> Self {
        let text = printable(reason);
        let special = text.starts_with("TEMP") || text.starts_with("CRV1:");
        let text = if special { format!(" {text}") } else { text };
        Self { text: cut(text), plain: None }
    }

    /// A rejection that is not the client's fault: it is to come again after `backoff`, whole seconds, at least one; to
    /// another address or server at once if `backoff` is zero. The text is treated as that of [`Rejection::because`].
    /// Clients before OpenVPN 2.6 see the text and give up.
    #[must_use]
    pub fn temporary(reason: &str, backoff: Duration, retry: Retry) -> Self {
        let advance = match retry {
            Retry::SameServer => "no",
            Retry::NextAddress => "addr",
            Retry::NextRemote => "remote",
        };
        let wait = if backoff.is_zero() && retry != Retry::SameServer {
            String::new()
        } else {
            format!("backoff {},", backoff.as_secs().max(1))
        };
        let text = format!("TEMP[{wait}advance {advance}]: {}", printable(reason));
        Self { text: cut(text), plain: Some(Self::because(reason).text) }
    }

    /// A question (dynamic challenge): the client asks its user and connects again, with the answer that
    /// [`AuthUserPassVerify::challenge_response`](crate::AuthUserPassVerify::challenge_response) reads.
    #[must_use]
    pub fn challenge(challenge: &Challenge) -> Self {
        Self { text: challenge.to_string(), plain: None }
    }

    /// Whether it is a question and decides nothing.
    pub(crate) fn is_question(&self) -> bool {
        self.text.starts_with("CRV1:")
    }

    /// What goes into the reason file.
    pub(crate) fn text(&self, client_takes_temporary: bool) -> &str {
        match &self.plain {
            Some(plain) if !client_takes_temporary => plain,
            _ => &self.text,
        }
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(mut text: String) -> String {
    let limit = text.len().min(Rejection::MAX_BYTES);
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.truncate(end);
    text
}

/// Why a [`Challenge`] cannot be sent, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The state id is empty or holds something else than letters, digits, `-` and `_`.
    StateId,
    /// The question holds a control character.
    ControlCharacter,
    /// It is no text that a client would take for a question with an answer.
    Form,
    /// Question, state id and username together are longer than OpenVPN passes on.
    TooLong {
        /// Length of all in bytes.
        bytes: usize,
    },
}

impl fmt::Display for ChallengeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateId => out.write_str("the state id of a challenge is made of letters, digits, - and _"),
            Self::ControlCharacter => out.write_str("the question of a challenge holds a control character"),
            Self::Form => out
                .write_str("a challenge is CRV1:, flags with R, state id, username in base64, and question"),
            Self::TooLong { bytes } => {
                write!(out, "a challenge has {bytes} bytes, OpenVPN passes {} on", Rejection::MAX_BYTES)
            }
        }
    }
}

impl std::error::Error for ChallengeError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms() {
        assert_eq!(Rejection::because("no\nway").text(true), "no way");
        let busy = Rejection::temporary("busy", Duration::from_secs(42), Retry::NextRemote);
        assert_eq!(busy.text(true), "TEMP[backoff 42,advance remote]: busy");
        assert_eq!(busy.text(false), "busy");
        let challenge = Challenge::new("a-1", b"joe", "Code: now").unwrap();
        assert_eq!(Rejection::challenge(&challenge).text(false), "CRV1:R,E:a-1:am9l:Code: now");
    }

    proptest! {
        #[test]
        fn a_reason_is_one_short_line_and_nothing_else(reason in "(TEMP|CRV1:|)(?s:.{0,600})") {
            let rejection = Rejection::because(&reason);
            let text = rejection.text(true);
            prop_assert!(text.len() <= Rejection::MAX_BYTES);
            prop_assert!(!text.starts_with("TEMP") && !text.starts_with("CRV1:"));
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
