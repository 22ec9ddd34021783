//! Logins: username and password, and answers to challenges.

use std::path::Path;

use super::peer::{untrusted_peer, verified_peer};
use crate::{ChallengeResponse, StaticChallenge};

super::events! {
    /// A client's username and password are to be judged.
    AuthUserPassVerify;
    /// A client answered a challenge sent through the pending file of its login (OpenVPN 2.6 and later).
    ClientCrResponse;
}

/// What OpenVPN found about the token of a client, with `auth-gen-token ... external-auth`. In all these states the
/// password is the token and not the user's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The client sent no token: username and password are to be checked.
    Initial,
    /// The token is good.
    Authenticated,
    /// The token was good but is too old.
    Expired,
    /// The token is not genuine.
    Invalid,
    /// The token is good for the name it was made for; the client now sent an empty name.
    AuthenticatedEmptyUser,
    /// As `AuthenticatedEmptyUser`, but too old.
    ExpiredEmptyUser,
    /// Something newer than this crate.
    Unknown,
}

untrusted_peer! { AuthUserPassVerify ClientCrResponse }
verified_peer! { AuthUserPassVerify ClientCrResponse }

impl<'a> AuthUserPassVerify<'a> {
    /// The username. OpenVPN replaced non-printable bytes by `_`; at most 4096 bytes, or 128 if OpenVPN is built without
    /// PKCS#11.
    #[must_use]
    pub fn username(&self) -> Option<&'a [u8]> {
        self.env().get("username")
    }

    /// The password, of the same lengths; with a static challenge `SCRV1:<base64 password>:<base64 response>`, which
    /// [`AuthUserPassVerify::static_challenge`] takes apart.
    #[must_use]
    pub fn password(&self) -> Option<&'a [u8]> {
        self.env().get("password")
    }

    /// The answer to a challenge, if the password is one. [`ChallengeResponse::parse`] tells other passwords from answers
    /// without an id.
    #[must_use]
    pub fn challenge_response(&self) -> Option<ChallengeResponse<'a>> {
        ChallengeResponse::parse(self.password()?).ok()?
    }

    /// Password and response to a static challenge, if the password is made of them. [`StaticChallenge::parse`] also says
    /// what is wrong with one that only looks so.
    #[must_use]
    pub fn static_challenge(&self) -> Option<StaticChallenge> {
        StaticChallenge::parse(self.password()?).ok()?
    }

    /// Where the verdict of a deferred login goes: `1` or `0` as first byte. The file exists. With `chroot` the path
    /// is inside it.
    #[must_use]
    pub fn auth_control_file(&self) -> Option<&'a Path> {
        self.context.path("auth_control_file")
    }

    /// Where the reason of a rejection goes, before the verdict (OpenVPN 2.6 and later). The file exists.
    #[must_use]
    pub fn auth_failed_reason_file(&self) -> Option<&'a Path> {
        self.context.path("auth_failed_reason_file")
    }

    /// Where a question to the client goes, before the reply `Deferred` (OpenVPN 2.6 and later). The file exists.
    #[must_use]
    pub fn auth_pending_file(&self) -> Option<&'a Path> {
        self.context.path("auth_pending_file")
    }

    /// What OpenVPN found about the client's token; `None` without `auth-gen-token ... external-auth` (OpenVPN 2.5 and
    /// later).
    #[must_use]
    pub fn session_state(&self) -> Option<SessionState> {
        Some(match self.env().get("session_state")? {
            b"Initial" => SessionState::Initial,
            b"Authenticated" => SessionState::Authenticated,
            b"Expired" => SessionState::Expired,
            b"Invalid" => SessionState::Invalid,
            b"AuthenticatedEmptyUser" => SessionState::AuthenticatedEmptyUser,
            b"ExpiredEmptyUser" => SessionState::ExpiredEmptyUser,
            _ => SessionState::Unknown,
        })
    }

    /// The id of the client's session; `None` without `auth-gen-token` (OpenVPN 2.5 and later).
    #[must_use]
    pub fn session_id(&self) -> Option<&'a str> {
        self.env().get_str("session_id")
    }

    /// The same question as [`PeerInfo::supports`](crate::PeerInfo::supports).
    #[must_use]
    pub fn client_supports(&self, method: &str) -> bool {
        self.peer_info().supports(method)
    }
}

impl<'a> ClientCrResponse<'a> {
    /// The answer, in base64 as the client sent it.
    #[must_use]
    pub fn response(&self) -> Option<&'a [u8]> {
        self.env().get("crresponse")
    }

    /// The answer as the user typed it; `None` if there is none or it is not base64.
    #[must_use]
    pub fn decoded_response(&self) -> Option<Vec<u8>> {
        crate::base64::decode(self.response()?).ok()
    }

    /// The username of the login the answer belongs to.
    #[must_use]
    pub fn username(&self) -> Option<&'a [u8]> {
        self.env().get("username")
    }

    /// Where the verdict goes: `1` or `0` as first byte. The file exists.
    #[must_use]
    pub fn auth_control_file(&self) -> Option<&'a Path> {
        self.context.path("auth_control_file")
    }

    /// Where the reason of a rejection goes, before the verdict. The file exists.
    #[must_use]
    pub fn auth_failed_reason_file(&self) -> Option<&'a Path> {
        self.context.path("auth_failed_reason_file")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn reads_a_login() {
        let call = CallData::new()
            .env("untrusted_ip", "192.0.2.1")
            .env("untrusted_ip6", "2001:db8::1")
            .env("untrusted_port", "70000")
            .env("session_state", "Expired")
            .env("auth_control_file", "/tmp/acf")
            .env("IV_SSO", "openurl,crtext");
        let event: AuthUserPassVerify<'_> = call.event();
        assert_eq!(event.untrusted_ip(), Some("2001:db8::1"));
        assert_eq!(event.untrusted_port(), None);
        assert_eq!(event.session_state(), Some(SessionState::Expired));
        assert_eq!(event.auth_control_file(), Some(Path::new("/tmp/acf")));
        assert_eq!(event.auth_pending_file(), None);
        assert_eq!(event.username(), None);
        assert!(event.client_supports("crtext"));
        assert!(!event.client_supports("open"));
    }

    #[test]
    fn answers_to_challenges_are_read() {
        let answer = |password: &str| {
            let call = CallData::new().env("password", password);
            let event: AuthUserPassVerify<'_> = call.event();
            event.challenge_response().map(|answer| (answer.state_id.to_owned(), answer.response.to_vec()))
        };
        assert_eq!(answer("CRV1::id-1::a::b"), Some(("id-1".to_owned(), b"a::b".to_vec())));
        assert_eq!(answer("CRV1::id-1::"), Some(("id-1".to_owned(), Vec::new())));
        for other in ["", "CRV1", "CRV1::", "CRV1::x", "CRV1:R:x::y", "crv1::x::y"] {
            assert_eq!(answer(other), None, "{other}");
        }
    }

    #[test]
    fn static_challenges_are_taken_apart() {
        let parts = |password: &str| {
            let call = CallData::new().env("password", password);
            let event: AuthUserPassVerify<'_> = call.event();
            event.static_challenge().map(|both| (both.password.clone(), both.response.clone()))
        };
        assert_eq!(parts("SCRV1:c2VjcmV0:MTIzNDU2"), Some((b"secret".to_vec(), b"123456".to_vec())));
        assert_eq!(parts("SCRV1:c2VjcmV0:"), Some((b"secret".to_vec(), Vec::new())));
        for other in [
            "secret",
            "SCRV1:",
            "SCRV1:c2VjcmV0",
            "SCRV1:c2VjcmV0:!",
            "SCRV1:x:MTIz",
            "SCRV1:c2VjcmV0:MTIz:MTIz",
        ] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn reads_an_answer() {
        let call = CallData::new()
            .env("crresponse", "MTIzNDU2")
            .env("username", "joe")
            .env("common_name", "joe's")
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "1194")
            .env("auth_control_file", "/tmp/acf")
            .env("auth_failed_reason_file", "/tmp/afr");
        let event: ClientCrResponse<'_> = call.event();
        assert_eq!(
            (event.response(), event.decoded_response()),
            (Some(&b"MTIzNDU2"[..]), Some(b"123456".to_vec()))
        );
        assert_eq!((event.username(), event.common_name()), (Some(&b"joe"[..]), Some(&b"joe's"[..])));
        assert_eq!(event.untrusted_address(), Some(([192, 0, 2, 7], 1194).into()));
        assert_eq!(event.auth_control_file(), Some(Path::new("/tmp/acf")));
        assert_eq!(event.auth_failed_reason_file(), Some(Path::new("/tmp/afr")));
        let broken = CallData::new().env("crresponse", "not base64");
        assert_eq!(broken.event::<ClientCrResponse<'_>>().decoded_response(), None);
    }

    #[test]
    fn a_new_session_state_is_not_mistaken_for_none() {
        let call = CallData::new().env("session_state", "Whatever");
        assert_eq!(call.event::<AuthUserPassVerify<'_>>().session_state(), Some(SessionState::Unknown));
    }

    #[test]
    fn debug_text_holds_no_password() {
        let call = CallData::new().env("password", "hunter2");
        assert!(!format!("{:?} {call:?}", call.event::<AuthUserPassVerify<'_>>()).contains("hunter2"));
    }
}
