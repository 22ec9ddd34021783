//! What OpenVPN hands over for an attempt, taken apart. What does not fit is refused, never cut: a password of which
//! only the beginning counts is another password.

use std::fmt;
use std::time::Duration;

use lines::{questions, refusals};
use ovpn_plugin::{AnswerError, AuthUserPassVerify, DeferError};
use privsep::{Message, Writer};
use secret::Secret;

use super::{challenge, passwordless};
use crate::config::Config;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::{AttemptRequest, Credentials, CredentialsKind, MAX_CHECKED, MAX_CREDENTIAL};
use crate::quoted::shown;
use crate::settings::Settings;

/// Why an attempt is refused without PAM.
#[derive(Debug)]
pub enum Refusal {
    /// OpenVPN passed no such variable.
    Absent(&'static str),
    /// The username is empty.
    EmptyUsername,
    /// The common name of the certificate is not the username.
    CommonName(String),
    /// The password is empty, or stands for none.
    EmptyPassword,
    /// The client's auth-token was good once.
    TokenExpired,
    /// The auth-token was never good, or not with the key of now.
    TokenForged,
    /// Its user was revoked since it has logged in.
    Revoked {
        /// It shows a good token, so it may know.
        by_token: bool,
    },
    /// The auth-token is that of a client that has sent no name, and this one has.
    TokenOfNobody,
    /// A client that sends no name has shown no certificate that has one.
    NoCertificate,
    /// A credential is longer than any this plugin takes.
    TooLong(&'static str, usize),
    /// The password looks like a static challenge's, but is none.
    Challenge(AnswerError),
    /// The question cannot be put to the client.
    Question(String),
    /// The attempt cannot be deferred.
    ControlFile(DeferError),
    /// The supervisor cannot be asked.
    Supervisor(String),
    /// The supervisor did not answer.
    Unanswered,
}

impl Refusal {
    /// Whether what the client sent is the reason, and not the state of this machine.
    pub fn is_clients_fault(&self) -> bool {
        match self {
            Refusal::Absent(_)
            | Refusal::EmptyUsername
            | Refusal::CommonName(_)
            | Refusal::EmptyPassword
            | Refusal::TokenForged
            | Refusal::TokenOfNobody
            | Refusal::NoCertificate
            | Refusal::TooLong(..)
            | Refusal::Challenge(_) => true,
            Refusal::TokenExpired
            | Refusal::Revoked { .. }
            | Refusal::Question(_)
            | Refusal::ControlFile(_)
            | Refusal::Supervisor(_)
            | Refusal::Unanswered => false,
        }
    }

    /// Whether a limit of this machine is the reason, so that the client had better come again.
    pub fn is_shortage(&self) -> bool {
        matches!(self, Refusal::ControlFile(DeferError::TooManyFiles { .. }))
    }

    /// Whether it happens to everybody now and then.
    pub fn is_routine(&self) -> bool {
        matches!(self, Refusal::TokenExpired | Refusal::Revoked { .. })
    }

    /// Whether it counts like a password that PAM has refused.
    pub fn counts(&self) -> bool {
        matches!(self, Refusal::TokenForged | Refusal::TokenOfNobody)
    }

    /// What the client gets: with this word before it, clients drop their token and log in anew.
    pub fn told(&self) -> Option<&'static str> {
        match self {
            Refusal::TokenExpired => Some("SESSION: the token has expired"),
            Refusal::Revoked { by_token: true } => Some("SESSION: log in again"),
            Refusal::TokenForged | Refusal::TokenOfNobody => Some("SESSION: the token is not valid"),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Absent(what) => refusals::absent(what).fmt(f),
            Refusal::EmptyUsername => refusals::empty_username().fmt(f),
            Refusal::CommonName(name) if name.is_empty() => refusals::no_common_name().fmt(f),
            Refusal::CommonName(name) => refusals::other_common_name(name).fmt(f),
            Refusal::EmptyPassword => refusals::empty_password().fmt(f),
            Refusal::TokenExpired => lines::passwordless::token_expired().fmt(f),
            Refusal::Revoked { .. } => lines::passwordless::revoked().fmt(f),
            Refusal::TokenForged => lines::passwordless::token_forged().fmt(f),
            Refusal::TokenOfNobody => lines::passwordless::token_of_nobody().fmt(f),
            Refusal::NoCertificate => lines::passwordless::no_certificate().fmt(f),
            Refusal::TooLong(what, length) => refusals::too_long(what, *length, MAX_CREDENTIAL).fmt(f),
            Refusal::Challenge(why) => refusals::malformed_static_challenge(&why.to_string()).fmt(f),
            Refusal::Question(why) => questions::client_cannot_be_asked(why).fmt(f),
            Refusal::ControlFile(error) => refusals::control_file(error).fmt(f),
            Refusal::Supervisor(error) => f.write_str(error),
            Refusal::Unanswered => refusals::supervisor_unanswering().fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

/// Reads the attempt from OpenVPN's variables. `before`: what the client has sent, if OpenVPN has renamed it. Its number and how it is answered are for the caller to fill in.
pub fn from_event(
    settings: &Settings,
    event: &AuthUserPassVerify<'_>,
    origin: &AttemptOrigin,
    before: Option<&[u8]>,
) -> Result<AttemptRequest, Refusal> {
    let config = &settings.config;
    let proof = passwordless::of(config, event)?;
    let common_name = bounded("common name", event.common_name().unwrap_or_default())?;
    let sent = bounded("username", event.username().ok_or(Refusal::Absent("username"))?)?;
    let (name, rule) = match proof {
        Some(PasswordlessProof::Certificate) => (common_name, config.name_rule.of_certificates()),
        _ => (before.unwrap_or(sent), config.name_rule),
    };
    let username = &*rule.apply(name);
    if username.is_empty() {
        return Err(Refusal::EmptyUsername);
    }
    let password = bounded("password", event.password().ok_or(Refusal::Absent("password"))?)?;
    if !config.require_cn.admits(common_name, username) {
        return Err(Refusal::CommonName(shown(common_name)));
    }
    let nothing = || Credentials { password: Secret::copy_of(b""), response: None };
    // Where nobody is asked, a password may begin like an answer.
    let answer = challenge::answer(event).filter(|_| settings.can_ask && proof.is_none());
    let (kind, credentials) = match (proof, answer) {
        // The token itself is OpenVPN's, and goes no further.
        (Some(proof), _) => (CredentialsKind::Passwordless { proof, session: None }, nothing()),
        (None, Some((id, answer))) => {
            (CredentialsKind::Answer(id), Credentials { password: answer, response: None })
        }
        (None, None) => (CredentialsKind::Password, password_and_response(config, password)?),
    };
    // Both are within their bounds.
    let credentials = credentials.seal().map_err(|_| Refusal::TooLong("password", password.len()))?;
    let mut client = Writer::default();
    // Its values are within their bounds.
    let _ = super::client::from_event(event).encode(&mut client);
    Ok(AttemptRequest {
        id: 0,
        deferred: false,
        session: false,
        credentials_kind: kind,
        username: username.to_vec(),
        sent_as: if username == name { Vec::new() } else { name[..name.len().min(MAX_CHECKED)].to_vec() },
        common_name: common_name.to_vec(),
        origin: origin.clone(),
        credentials,
        client: client.bytes().to_vec(),
        kept: Duration::ZERO,
    })
}

fn password_and_response(config: &Config, password: &[u8]) -> Result<Credentials, Refusal> {
    let mut answers = challenge::split(password).map_err(Refusal::Challenge)?;
    if answers.password.expose() == ovpn_plugin::Credentials::BLANK {
        answers.password = Secret::copy_of(b"");
    }
    if answers.password.is_empty() && !config.empty_passwords {
        return Err(Refusal::EmptyPassword);
    }
    Ok(Credentials { password: answers.password, response: answers.response })
}

fn bounded<'a>(what: &'static str, value: &'a [u8]) -> Result<&'a [u8], Refusal> {
    if value.len() > MAX_CREDENTIAL { Err(Refusal::TooLong(what, value.len())) } else { Ok(value) }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
pub mod tests;
