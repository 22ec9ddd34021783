//! The forms in which second factors travel between OpenVPN's server and clients. All of them are made and read here:
//!
//! | form | made by | stands in |
//! |---|---|---|
//! | `CRV1:<flags>:<state id>:<base64 of the username>:<question>` | server | the reason of a rejection |
//! | `CRV1::<state id>::<answer>` | client | the password of its next login |
//! | `SCRV1:<base64 of the password>:<base64 of the response>` | client | the password of its first login |
//! | `CR_TEXT:<flags>:<question>` | server | the pending file, third line |
//!
//! The flags are `R` (an answer is wanted) and `E` (it may be shown while it is typed), with a comma between. What comes
//! from a client may be anything. Nothing is copied before its form is known, and nothing is cut.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::{ChallengeError, Rejection, base64};

const DYNAMIC: &str = "CRV1:";
const ANSWER: &[u8] = b"CRV1::";
const STATIC: &[u8] = b"SCRV1:";
const PENDING: &str = "CR_TEXT:";

/// Why a password that begins like an answer is none. The text holds nothing of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerError {
    /// `CRV1::` is not followed by a state id and two colons.
    StateId,
    /// The colon between password and response is missing.
    SecondColon,
    /// Password or response is not base64.
    Base64,
    /// Password or response holds a NUL byte, at which C ends a text.
    Nul,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::StateId => "no state id between two pairs of colons",
            Self::SecondColon => "the second colon is missing",
            Self::Base64 => "not base64",
            Self::Nul => "a NUL byte in password or response",
        })
    }
}

impl std::error::Error for AnswerError {}

/// The answer to a [`Challenge`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChallengeResponse<'a> {
    /// The state id the challenge was sent with.
    pub state_id: &'a str,
    /// What the user typed.
    pub response: &'a [u8],
}

impl<'a> ChallengeResponse<'a> {
    /// Reads `CRV1::<state id>::<answer>`; `None` if the password does not begin with `CRV1::`. Any client can send such
    /// a text: what the state id is worth is for the reader to know.
    ///
    /// ```
    /// use ovpn_plugin::ChallengeResponse;
    ///
    /// let answer = ChallengeResponse::parse(b"CRV1::a7::123456")?.ok_or("no answer")?;
    /// assert_eq!((answer.state_id, answer.response), ("a7", &b"123456"[..]));
    /// assert_eq!(ChallengeResponse::parse(b"hunter2")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is no state id after `CRV1::`.
    pub fn parse(password: &'a [u8]) -> Result<Option<Self>, AnswerError> {
        let Some(rest) = password.strip_prefix(ANSWER) else { return Ok(None) };
        let end = rest.windows(2).position(|two| two == b"::").ok_or(AnswerError::StateId)?;
        let (state_id, response) = (&rest[..end], &rest[end + 2..]);
        let state_id = std::str::from_utf8(state_id).ok().filter(|id| is_state_id(id));
        Ok(Some(Self { state_id: state_id.ok_or(AnswerError::StateId)?, response }))
    }
}

impl fmt::Debug for ChallengeResponse<'_> {
    /// Shows no contents: the answer is a secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ChallengeResponse").finish_non_exhaustive()
    }
}

/// A password and the response to a static challenge (`static-challenge` at the client); wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticChallenge {
    /// The password.
    pub password: Vec<u8>,
    /// What the user answered.
    pub response: Vec<u8>,
}

impl StaticChallenge {
    /// Reads `SCRV1:<base64>:<base64>`; `None` if the password does not begin with `SCRV1:`.
    ///
    /// ```
    /// let both = ovpn_plugin::StaticChallenge::parse(b"SCRV1:c2VjcmV0:MTIzNDU2")?.ok_or("no static challenge")?;
    /// assert_eq!((&both.password[..], &both.response[..]), (&b"secret"[..], &b"123456"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it begins so and is none. It is not to be taken for an ordinary password then: some of it may be one.
    pub fn parse(password: &[u8]) -> Result<Option<Self>, AnswerError> {
        let Some(rest) = password.strip_prefix(STATIC) else { return Ok(None) };
        let colon = rest.iter().position(|byte| *byte == b':').ok_or(AnswerError::SecondColon)?;
        let mut password = decoded(&rest[..colon])?;
        let mut response = decoded(&rest[colon + 1..])?;
        Ok(Some(Self { password: std::mem::take(&mut password), response: std::mem::take(&mut response) }))
    }
}

fn decoded(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
    let bytes = base64::decode(text).map(Zeroizing::new).map_err(|_| AnswerError::Base64)?;
    if bytes.contains(&0) { Err(AnswerError::Nul) } else { Ok(bytes) }
}

impl Drop for StaticChallenge {
    fn drop(&mut self) {
        self.password.zeroize();
        self.response.zeroize();
    }
}

impl fmt::Debug for StaticChallenge {
    /// Shows no contents: both are secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StaticChallenge").finish_non_exhaustive()
    }
}

/// A question to be asked through a rejection (`CRV1`, OpenVPN 2.6 and later at the server). Works with all clients that
/// can ask their user; OpenVPN's own client needs `auth-retry interact`, and a terminal or its management interface.
///
/// [`Challenges`](crate::Challenges) makes and keeps these by itself.
///
/// ```
/// use ovpn_plugin::Challenge;
///
/// let question = Challenge::new("a7", b"joe", "Code: now")?;
/// assert_eq!(question.to_string(), "CRV1:R,E:a7:am9l:Code: now");
/// assert_eq!(Challenge::parse("CRV1:R,E:a7:am9l:Code: now"), Ok(Some(question)));
/// # Ok::<(), ovpn_plugin::ChallengeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    state_id: String,
    username: Vec<u8>,
    question: String,
    is_shown: bool,
}

impl Challenge {
    /// A question whose answer is shown while it is typed. `state_id` comes back with the answer. Anybody who knows it can
    /// answer, so it must not be guessable. `username` is that of the login.
    ///
    /// # Errors
    /// If clients would misread it.
    pub fn new(state_id: &str, username: &[u8], question: &str) -> Result<Self, ChallengeError> {
        Self::checked(state_id, username.to_vec(), question, true)
    }

    /// The same for an answer that is not to be shown.
    ///
    /// # Errors
    /// As [`Challenge::new`].
    pub fn hidden(state_id: &str, username: &[u8], question: &str) -> Result<Self, ChallengeError> {
        Self::checked(state_id, username.to_vec(), question, false)
    }

    /// Reads the reason of a rejection, as a client does; `None` if that is no question.
    ///
    /// # Errors
    /// If it begins like one that clients would misread.
    pub fn parse(reason: &str) -> Result<Option<Self>, ChallengeError> {
        let Some(rest) = reason.strip_prefix(DYNAMIC) else { return Ok(None) };
        let mut parts = rest.splitn(4, ':');
        let [Some(flags), Some(id), Some(username), Some(question)] = [(); 4].map(|()| parts.next()) else {
            return Err(ChallengeError::Form);
        };
        let username = base64::decode(username.as_bytes()).map_err(|_| ChallengeError::Form)?;
        let is_shown = is_shown(flags).ok_or(ChallengeError::Form)?;
        Self::checked(id, username, question, is_shown).map(Some)
    }

    fn checked(id: &str, username: Vec<u8>, question: &str, is_shown: bool) -> Result<Self, ChallengeError> {
        if !is_state_id(id) {
            return Err(ChallengeError::StateId);
        }
        if question.chars().any(char::is_control) {
            return Err(ChallengeError::ControlCharacter);
        }
        let bytes = DYNAMIC.len()
            + flags(is_shown).len()
            + id.len()
            + username.len().div_ceil(3) * 4
            + question.len()
            + ":::".len();
        if bytes > Rejection::MAX_BYTES {
            return Err(ChallengeError::TooLong { bytes });
        }
        Ok(Self { state_id: id.to_owned(), username, question: question.to_owned(), is_shown })
    }

    /// What comes back with the answer.
    #[must_use]
    pub fn state_id(&self) -> &str {
        &self.state_id
    }

    /// The username with which the client is to come again.
    #[must_use]
    pub fn username(&self) -> &[u8] {
        &self.username
    }

    /// What is asked.
    #[must_use]
    pub fn question(&self) -> &str {
        &self.question
    }

    /// Whether the answer may be shown while it is typed.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// The password with which a client answers, for tests; a secret.
    #[must_use]
    pub fn password(&self, answer: &[u8]) -> Vec<u8> {
        [ANSWER, self.state_id.as_bytes(), b"::", answer].concat()
    }
}

/// As it stands in the reason of a rejection.
impl fmt::Display for Challenge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flags, username) = (flags(self.is_shown), base64::encode(&self.username));
        write!(out, "{DYNAMIC}{flags}:{}:{username}:{}", self.state_id, self.question)
    }
}

/// The line in the pending file that asks for a typed answer.
pub(crate) fn pending_question(question: &str, is_shown: bool) -> String {
    format!("{PENDING}{}:{question}", flags(is_shown))
}

/// Takes it apart: the question, and whether the answer may be shown.
pub(crate) fn parse_pending_question(text: &str) -> Option<(&str, bool)> {
    let (flags, question) = text.strip_prefix(PENDING)?.split_once(':')?;
    Some((question, is_shown(flags)?))
}

fn flags(is_shown: bool) -> &'static str {
    if is_shown { "R,E" } else { "R" }
}

/// `None` where no answer is wanted.
fn is_shown(flags: &str) -> Option<bool> {
    let has = |wanted| flags.split(',').any(|flag| flag == wanted);
    has("R").then(|| has("E"))
}

/// What clients and OpenVPN pass on as it is.
fn is_state_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
#[path = "forms_tests.rs"]
mod tests;
