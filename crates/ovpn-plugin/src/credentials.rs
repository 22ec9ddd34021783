//! Username and password of a login as values of one's own, for threads that outlive the call.

use std::fmt;

use zeroize::Zeroizing;

use crate::{AnswerError, AuthUserPassVerify, StaticChallenge, same_secret};

/// What a client has sent to log in: username, password, and the response to a static challenge if it was asked one.
///
/// The values are copies, which may go to another thread, and are wiped when this is dropped. `Debug` shows none of them.
///
/// ```
/// use ovpn_plugin::AuthUserPassVerify;
/// use ovpn_plugin::testing::CallData;
///
/// let call = CallData::new().env("username", "joe").env("password", "SCRV1:c2VjcmV0:MTIzNDU2");
/// let login = call.event::<AuthUserPassVerify<'_>>().credentials()?;
/// std::thread::spawn(move || {
///     assert_eq!(login.username(), b"joe");
///     assert!(login.password_is(b"secret"));
///     assert_eq!(login.response(), Some(&b"123456"[..]));
///     assert_eq!(format!("{login:?}"), "Credentials { .. }");
/// });
/// # Ok::<(), ovpn_plugin::CredentialsError>(())
/// ```
pub struct Credentials {
    username: Zeroizing<Vec<u8>>,
    password: Option<Zeroizing<Vec<u8>>>,
    response: Option<Zeroizing<Vec<u8>>>,
}

/// Why there are no [`Credentials`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The variable for the username or the password is missing: OpenVPN sets both for every login.
    Missing(&'static str),
    /// The username is empty.
    NoUsername,
    /// The password begins as that of a static challenge does, and is none.
    StaticChallenge(AnswerError),
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(out, "OpenVPN has passed no {what}"),
            Self::NoUsername => out.write_str("the username is empty"),
            Self::StaticChallenge(why) => {
                write!(out, "malformed static challenge password (SCRV1): {why}")
            }
        }
    }
}

impl std::error::Error for CredentialsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::StaticChallenge(why) => Some(why),
            Self::Missing(_) | Self::NoUsername => None,
        }
    }
}

impl Credentials {
    /// What a client with `auth-user-pass username-only` sends as its password (OpenVPN 2.7).
    pub const BLANK: &[u8] = b"[[BLANK]]";

    /// The username, which is not empty.
    #[must_use]
    pub fn username(&self) -> &[u8] {
        &self.username
    }

    /// The password. `None` if the client has sent none: an empty one, or with `auth-user-pass username-only`
    /// (OpenVPN 2.7), which sends `[[BLANK]]` in its place. A service that takes an empty password for a request without
    /// one, as LDAP does, lets everybody in.
    #[must_use]
    pub fn password(&self) -> Option<&[u8]> {
        self.password.as_deref().map(Vec::as_slice)
    }

    /// The response to a static challenge; perhaps an empty one. `None` if the client was asked none.
    #[must_use]
    pub fn response(&self) -> Option<&[u8]> {
        self.response.as_deref().map(Vec::as_slice)
    }

    /// Takes the response out.
    pub(crate) fn take_response(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.response.take()
    }

    /// Whether this is the password; never without one. The time it takes tells nothing of where they differ.
    #[must_use]
    pub fn password_is(&self, known: &[u8]) -> bool {
        self.password().is_some_and(|password| same_secret(password, known))
    }

    /// Whether this is the response to the static challenge, in the same way.
    #[must_use]
    pub fn response_is(&self, known: &[u8]) -> bool {
        self.response().is_some_and(|response| same_secret(response, known))
    }
}

/// Shows nothing.
impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl AuthUserPassVerify<'_> {
    /// What the client has sent, as a value that may go to another thread.
    ///
    /// The answer to a [`Challenge`](crate::Challenge) is no password: where questions are asked,
    /// [`Challenges::login`](crate::Challenges::login) tells one from the other. The same goes for the token of
    /// `auth-gen-token ... external-auth`.
    ///
    /// # Errors
    /// If username or password are missing, or not what they look like.
    pub fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let username = self.username().ok_or(CredentialsError::Missing("username"))?;
        if username.is_empty() {
            return Err(CredentialsError::NoUsername);
        }
        let sent = self.password().ok_or(CredentialsError::Missing("password"))?;
        let both = StaticChallenge::parse(sent).map_err(CredentialsError::StaticChallenge)?;
        let (password, response) = match both {
            Some(mut both) => (std::mem::take(&mut both.password), Some(std::mem::take(&mut both.response))),
            None => (sent.to_vec(), None),
        };
        let password = Zeroizing::new(password);
        Ok(Credentials {
            username: Zeroizing::new(username.to_vec()),
            password: Some(password).filter(|password| !is_none(password)),
            response: response.map(Zeroizing::new),
        })
    }
}

/// Whether a password stands for none.
fn is_none(password: &[u8]) -> bool {
    password.is_empty() || password == Credentials::BLANK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    fn read(username: &str, password: &str) -> Result<Credentials, CredentialsError> {
        let call = CallData::new().env("username", username).env("password", password);
        call.event::<AuthUserPassVerify<'_>>().credentials()
    }

    #[test]
    fn a_password_that_stands_for_none_is_none() {
        for none in ["", "[[BLANK]]", "SCRV1::MTIz", "SCRV1:W1tCTEFOS11d:MTIz"] {
            let login = read("joe", none).unwrap();
            assert_eq!(login.password(), None, "{none}");
            assert!(!login.password_is(b"") && !login.password_is(b"[[BLANK]]"), "{none}");
        }
        assert_eq!(read("joe", "[[BLANK]] ").unwrap().password(), Some(&b"[[BLANK]] "[..]));
        assert!(read("joe", "SCRV1::MTIz").unwrap().response_is(b"123"));
    }

    #[test]
    fn an_empty_response_is_not_none() {
        assert_eq!(read("joe", "secret").unwrap().response(), None);
        let login = read("joe", "SCRV1:c2VjcmV0:").unwrap();
        assert_eq!((login.password(), login.response()), (Some(&b"secret"[..]), Some(&b""[..])));
        assert!(login.response_is(b"") && !login.response_is(b"1") && login.password_is(b"secret"));
    }

    #[test]
    fn what_is_malformed_is_said_without_the_secret() {
        assert_eq!(read("", "x").unwrap_err(), CredentialsError::NoUsername);
        let missing = CallData::new().env("username", "joe");
        let error = missing.event::<AuthUserPassVerify<'_>>().credentials().unwrap_err();
        assert_eq!(error.to_string(), "OpenVPN has passed no password");
        let error = read("joe", "SCRV1:hunter2").unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed static challenge password (SCRV1): the second colon is missing"
        );
    }

    #[test]
    fn debug_text_holds_nothing() {
        let login = read("joe", "SCRV1:c2VjcmV0:MTIz").unwrap();
        assert_eq!(format!("{login:?} {login:#?}"), "Credentials { .. } Credentials { .. }");
    }

    #[test]
    fn goes_to_other_threads() {
        fn is_send<T: Send + Sync + 'static>() {}
        is_send::<Credentials>();
    }
}
