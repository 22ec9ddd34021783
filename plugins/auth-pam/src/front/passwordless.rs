//! Logins without a password: what OpenVPN says of a client's auth-token (`auth-gen-token ... external-auth`), and of a
//! client that has sent nothing but its certificate (`certificate-login`).
//!
//! OpenVPN sets `session_state` anew for each login. No client can: what it sends has names that begin with `IV_` or
//! `UV_`, and what stands in its certificate those that begin with `X509_` or `tls_`. Only the server's own `setenv` could,
//! which is refused at the start.

use ovpn_plugin::{AuthUserPassVerify, SessionState, TlsVerify, TlsVerifyReply};

use super::Front;
use super::credentials::Refusal;
use crate::AuthPam;
use crate::config::Config;
use crate::protocol::passwordless_proof::PasswordlessProof;

/// What the client shows instead of a password; nothing: a password is to be checked.
///
/// # Errors
/// A token that is not good.
pub fn of(config: &Config, event: &AuthUserPassVerify<'_>) -> Result<Option<PasswordlessProof>, Refusal> {
    // Whatever comes of this login: the next negotiation has to bring its own.
    let certificate =
        event.client::<AuthPam>().is_some_and(|mut client| std::mem::take(&mut client.certificate));
    let sent_name = event.username().is_some_and(|name| !name.is_empty());
    let sent_password = event.password().is_some_and(|password| !password.is_empty());
    let by_certificate = config.certificate_login.is_some() && !sent_name;
    match event.session_state() {
        None | Some(SessionState::Initial) if by_certificate && !sent_password => {
            by_its_certificate(event, certificate)
        }
        None | Some(SessionState::Initial) => Ok(None),
        Some(SessionState::Authenticated) if sent_name => Ok(Some(PasswordlessProof::Token)),
        // The token of somebody who has logged in by certificate. It says nothing of whose certificate that was.
        Some(SessionState::Authenticated) if by_certificate => by_its_certificate(event, certificate),
        Some(SessionState::Authenticated) => Err(Refusal::EmptyUsername),
        Some(SessionState::Expired) => Err(Refusal::TokenExpired),
        // Of the empty username, but the client has sent another one, which OpenVPN does not pass on.
        Some(SessionState::AuthenticatedEmptyUser | SessionState::ExpiredEmptyUser) => {
            Err(Refusal::TokenOfNobody)
        }
        Some(_) => Err(Refusal::TokenForged),
    }
}

/// The common name must be that of a certificate which this client has shown in this very negotiation: OpenVPN keeps the
/// last one, also where the client is free to show none, and with `username-as-common-name` a username.
fn by_its_certificate(
    event: &AuthUserPassVerify<'_>,
    shown: bool,
) -> Result<Option<PasswordlessProof>, Refusal> {
    let named = event.common_name().is_some_and(|name| !name.is_empty());
    if shown && named { Ok(Some(PasswordlessProof::Certificate)) } else { Err(Refusal::NoCertificate) }
}

impl Front {
    /// OpenVPN has verified a certificate, and goes on to the next one, or to the login.
    pub fn saw_certificate(&self, event: &TlsVerify<'_>) -> TlsVerifyReply {
        if let (Some(0), Some(mut client)) = (event.depth(), event.client::<AuthPam>()) {
            client.certificate = true;
        }
        TlsVerifyReply::Accept
    }

    /// Whether certificates let anybody in.
    pub fn takes_certificates(&self) -> bool {
        self.settings.config.certificate_login.is_some()
    }
}
