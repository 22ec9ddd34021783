//! Under which names a client goes: the one it sent, the one that PAM was asked about (`username=`), the one that PAM has let
//! in, and the one that OpenVPN has got (`override-username=yes`), which it uses from then on, also when it asks this plugin
//! again.
//!
//! A client can try several names before it connects, over two connections from the same address. OpenVPN lets it in under
//! one, but `username` in the environment may be another one by then. So only a name that PAM has let in counts. If PAM has
//! let in several, OpenVPN may have refused any of them for a reason of its own or of another plugin's: then none counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientConnect};

use super::attempts::Attempts;
use super::verdict_receiver::SharedAttempts;
use super::{Front, PerClientState};
use crate::AuthPam;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::quoted::shown;

/// Logins that are kept of a client: the last ones.
pub(super) const MOST: usize = 4;

/// Why it is not known who connects, although this plugin was asked about the client.
pub enum UnknownClient {
    /// PAM has let in nobody.
    Nobody,
    /// PAM has let in several names.
    Several,
}

/// A login of a client that was not refused so far.
pub struct LoginNames {
    shared: Arc<SharedAttempts>,
    attempt: u64,
    /// As the client sent it.
    sent: Vec<u8>,
    /// As PAM was asked.
    asked: Vec<u8>,
    /// As OpenVPN has got it.
    told: Option<Vec<u8>>,
    /// Where it came from.
    origin: AttemptOrigin,
}

/// What PAM has said about a login.
#[derive(Debug, Default)]
pub struct LoginResult {
    /// It is accepted.
    pub accepted: bool,
    /// The name that PAM has checked, if it is another one than it was asked about; else empty.
    pub name: Vec<u8>,
}

/// Who connects.
pub struct ConnectingClient {
    /// The user that PAM has let in; for a client that OpenVPN has let in by a token: the user that PAM would be asked about.
    pub name: Vec<u8>,
    /// The name that OpenVPN has.
    pub known_as: Vec<u8>,
    /// Where it has logged in from; nothing for a client with a token.
    pub origin: Option<AttemptOrigin>,
    /// The attempt, likewise.
    pub attempt: Option<u64>,
}

impl Drop for LoginNames {
    fn drop(&mut self) {
        self.shared.with(|attempts| attempts.logins.remove(&self.attempt));
    }
}

impl PerClientState {
    /// The names that PAM has checked in this client's logins, as far as they are others than it was asked about.
    pub(super) fn checked<'a>(
        &'a self,
        results: &'a BTreeMap<u64, LoginResult>,
    ) -> impl Iterator<Item = &'a [u8]> {
        let of_last = self.logins.iter().filter_map(|login| Some(&results.get(&login.attempt)?.name[..]));
        of_last.chain(self.names.iter())
    }

    /// A login is the one that has let the client in. The others stay behind it if one of their names may be revoked: PAM may
    /// still let in one of them. Gives back those that are not kept any more.
    fn connects_with(&mut self, chosen: usize, revocable: bool) -> Vec<LoginNames> {
        let login = self.logins.remove(chosen);
        self.logins.insert(0, login);
        if revocable { Vec::new() } else { self.logins.split_off(1) }
    }

    /// Keeps a login; gives back the one that is not kept any more for it.
    fn keep(&mut self, login: LoginNames) -> Option<LoginNames> {
        // Not the one that has let the client in: OpenVPN may know the client by its name.
        let oldest = usize::from(self.has_connected);
        let oldest = (self.logins.len() == MOST).then(|| self.logins.remove(oldest));
        if let Some(oldest) = &oldest {
            self.lost_a_name |= oldest.sent != login.sent;
            login.shared.with(|attempts| self.names.add(attempts.logins.get(&oldest.attempt)));
        }
        self.logins.push(login);
        oldest
    }
}

impl Front {
    /// The name that a client which OpenVPN has renamed had sent.
    pub(super) fn name_before(&self, event: &AuthUserPassVerify<'_>) -> Option<Vec<u8>> {
        let client = event.client::<AuthPam>()?;
        let name = event.username()?;
        let login = client.logins.iter().find(|login| login.told.as_deref() == Some(name))?;
        Some(login.sent.clone())
    }

    /// Whether the names of this login are to be kept: for when its client connects, or because root may revoke one.
    pub(super) fn wants_names(&self, event: &AuthUserPassVerify<'_>) -> bool {
        let revocable = self.settings.config.status.is_some();
        let matter = |client: &PerClientState| revocable || self.minds_connects() && !client.has_connected;
        event.client::<AuthPam>().is_some_and(|client| matter(&client))
    }

    /// Keeps the names of a login, unless it was refused.
    pub(super) fn keep_names(
        &self,
        event: &AuthUserPassVerify<'_>,
        reply: &AuthReply,
        asked: Vec<u8>,
        origin: &AttemptOrigin,
    ) {
        let login = LoginNames {
            shared: Arc::clone(&self.shared),
            attempt: self.last_id,
            sent: event.username().unwrap_or_default().to_vec(),
            asked,
            told: None,
            origin: origin.clone(),
        };
        let refused = matches!(reply, AuthReply::Reject | AuthReply::RejectWith(_));
        // What is not kept is dropped when the client's state is free again.
        let _dropped = event.client::<AuthPam>().map(
            |mut client| {
                if refused { Some(login) } else { client.keep(login) }
            },
        );
    }

    /// Who connects.
    ///
    /// Errors: why that is not known.
    pub(super) fn who(
        &self,
        attempts: &Attempts,
        client: &mut PerClientState,
        event: &ClientConnect<'_>,
    ) -> Result<(ConnectingClient, Vec<LoginNames>), UnknownClient> {
        let accepted =
            |login: &LoginNames| attempts.logins.get(&login.attempt).is_some_and(|result| result.accepted);
        let chosen = client.logins.iter().rposition(accepted);
        let mut names = client.logins.iter().filter(|login| accepted(login)).map(|login| &login.sent);
        let is_one = names.next().is_none_or(|first| names.all(|other| other == first));
        if chosen.is_some() && (!is_one || client.lost_a_name) {
            return Err(UnknownClient::Several);
        }
        match chosen {
            Some(chosen) => {
                let others = client.connects_with(chosen, self.settings.config.status.is_some());
                let Some(login) = client.logins.first() else { return Err(UnknownClient::Nobody) };
                let pams = attempts.logins.get(&login.attempt).map(|result| result.name.clone());
                let name = pams.filter(|name| !name.is_empty()).unwrap_or_else(|| login.asked.clone());
                let (known_as, origin) = (login.sent.clone(), Some(login.origin.clone()));
                Ok((ConnectingClient { name, known_as, origin, attempt: Some(login.attempt) }, others))
            }
            None if client.tried => Err(UnknownClient::Nobody),
            None => {
                let known_as = event.username().unwrap_or_default().to_vec();
                let name = self.settings.config.name_rule.apply(&known_as);
                Ok((ConnectingClient { name, known_as, origin: None, attempt: None }, Vec::new()))
            }
        }
    }

    /// The name that OpenVPN is to be told, if that is another one than it has.
    pub(super) fn new_name(&self, who: &ConnectingClient, client: &mut PerClientState) -> Option<String> {
        // A client that has sent no name would send none again, and OpenVPN the new one with it.
        let has_none = who.known_as.is_empty();
        if !self.settings.override_username || has_none || who.known_as == who.name {
            return None;
        }
        // OpenVPN's tokens have the new name, and this plugin would take it for one that a client has sent.
        if self.settings.config.name_rule.apply(&who.name) != who.name {
            let (sent, name) = (shown(&who.known_as), shown(&who.name));
            lines::clients::keeps_its_name(&sent, &name).log();
            return None;
        }
        let told = String::from_utf8_lossy(&who.name).into_owned();
        if let Some(login) = client.logins.first_mut() {
            login.told = Some(told.clone().into_bytes());
        }
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::protocol::attempt_origin::tests::origin;

    /// A client, and what PAM says of its logins.
    struct Scene {
        shared: Arc<SharedAttempts>,
        client: PerClientState,
        last: u64,
    }

    impl Scene {
        fn new() -> Self {
            let config = Config::parse([&b"login"[..]]).unwrap();
            let shared = Arc::new(SharedAttempts::new(Attempts::new(&config)).unwrap());
            Scene { shared, client: PerClientState::default(), last: 0 }
        }

        /// PAM has let in a login as this user; empty: as the one it was asked about.
        fn logs_in(&mut self, name: &str) {
            self.last += 1;
            let (attempt, result) = (self.last, LoginResult { accepted: true, name: name.into() });
            self.shared.with(|attempts| attempts.logins.insert(attempt, result));
            let login = LoginNames {
                shared: Arc::clone(&self.shared),
                attempt,
                sent: b"alice".to_vec(),
                asked: b"alice".to_vec(),
                told: None,
                origin: origin("192.0.2.1", 0),
            };
            drop(self.client.keep(login));
        }

        fn is_known_as(&self, name: &[u8]) -> bool {
            self.shared.with(|attempts| self.client.checked(&attempts.logins).any(|known| known == name))
        }
    }

    #[test]
    fn a_connection_is_known_by_its_name_however_often_it_renegotiates() {
        for connects in [false, true] {
            let mut scene = Scene::new();
            scene.logs_in("mapped");
            scene.client.has_connected = connects;
            for renegotiation in 0..3 * MOST {
                assert!(scene.is_known_as(b"mapped"), "{connects}, {renegotiation}");
                // By token: nobody is authenticated.
                scene.logs_in("");
            }
            assert!(!scene.client.names.are_incomplete());
            // By password, and PAM maps the user to another one by now.
            scene.logs_in("other");
            (0..MOST).for_each(|_| scene.logs_in(""));
            assert!(scene.is_known_as(b"mapped") && scene.is_known_as(b"other"));
        }
    }

    #[test]
    fn a_client_that_may_be_revoked_is_known_by_all_its_logins() {
        for revocable in [false, true] {
            let mut scene = Scene::new();
            ["first", "second", "third"].iter().for_each(|name| scene.logs_in(name));
            drop(scene.client.connects_with(1, revocable));
            assert_eq!(scene.client.logins[0].attempt, 2);
            assert!(scene.is_known_as(b"second"));
            assert_eq!([b"first", b"third"].map(|name| scene.is_known_as(name)), [revocable; 2]);
        }
    }

    #[test]
    fn a_client_keeps_the_login_it_has_connected_with_and_few_others() {
        let mut scene = Scene::new();
        scene.logs_in("");
        scene.client.has_connected = true;
        (0..3 * MOST).for_each(|_| scene.logs_in(""));
        assert_eq!(scene.client.logins[0].attempt, 1);
        assert_eq!(scene.client.logins.len(), MOST);
        assert_eq!(scene.shared.with(|attempts| attempts.logins.len()), MOST);
    }
}
