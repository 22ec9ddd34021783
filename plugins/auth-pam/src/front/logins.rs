//! Under which names a client goes: the one it sent, the one that PAM was asked about (`username=`), the one that PAM has let
//! in, and the one that OpenVPN was told (`override-username=yes`), which it uses from then on, also when it asks this plugin
//! again.

use std::sync::Arc;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientConnect};

use super::attempts::Attempts;
use super::receiver::Shared;
use super::{Client, Front};
use crate::AuthPam;
use crate::origin::Origin;

/// The login that has let a client in.
pub struct Login {
    shared: Arc<Shared>,
    attempt: u64,
    /// As the client sent it.
    sent: Vec<u8>,
    /// As PAM was asked.
    asked: Vec<u8>,
    /// As OpenVPN was told.
    told: Option<Vec<u8>>,
    /// Where it came from.
    pub origin: Origin,
}

impl Drop for Login {
    fn drop(&mut self) {
        self.shared.with(|attempts| attempts.pam_names.remove(&self.attempt));
    }
}

impl Front {
    /// The name that a client which OpenVPN has renamed had sent.
    pub(super) fn name_before(&self, event: &AuthUserPassVerify<'_>) -> Option<Vec<u8>> {
        let client = event.client::<AuthPam>()?;
        let login = client.login.as_ref()?;
        (login.told.as_deref() == Some(event.username()?)).then(|| login.sent.clone())
    }

    /// Whether the names of this login are to be kept.
    pub(super) fn wants_names(&self, event: &AuthUserPassVerify<'_>) -> bool {
        self.minds_connects() && event.client::<AuthPam>().is_some_and(|client| !client.has_connected)
    }

    /// A login whose names are to be kept was not refused so far.
    pub(super) fn keep_names(
        &self,
        event: &AuthUserPassVerify<'_>,
        reply: &AuthReply,
        asked: Vec<u8>,
        origin: &Origin,
    ) {
        let refused = matches!(reply, AuthReply::Reject | AuthReply::RejectWith(_));
        let login = Login {
            shared: Arc::clone(&self.shared),
            attempt: self.last_id,
            sent: event.username().unwrap_or_default().to_vec(),
            asked,
            told: None,
            origin: origin.clone(),
        };
        // What is not kept is dropped when the client's state is free again.
        let kept = (!refused).then_some(login);
        let before =
            event.client::<AuthPam>().and_then(|mut client| std::mem::replace(&mut client.login, kept));
        drop(before);
        if refused {
            self.shared.with(|attempts| attempts.pam_names.remove(&self.last_id));
        }
    }

    /// Whom PAM has let in; for a client that OpenVPN has let in by a token: whom PAM would be asked about.
    pub(super) fn name_of(&self, attempts: &Attempts, client: &Client, event: &ClientConnect<'_>) -> Vec<u8> {
        match &client.login {
            Some(login) => {
                let pams = attempts.pam_names.get(&login.attempt).filter(|name| !name.is_empty());
                pams.unwrap_or(&login.asked).clone()
            }
            None => self.settings.config.name_rule.apply(event.username().unwrap_or_default()),
        }
    }

    /// The name that OpenVPN is to be told, if that is another one than it has.
    pub(super) fn new_name(
        &self,
        event: &ClientConnect<'_>,
        name: &[u8],
        client: &mut Client,
    ) -> Option<String> {
        let differs = self.settings.override_username && event.username()? != name;
        if !differs {
            return None;
        }
        let told = String::from_utf8_lossy(name).into_owned();
        if let Some(login) = &mut client.login {
            login.told = Some(told.clone().into_bytes());
        }
        Some(told)
    }
}
