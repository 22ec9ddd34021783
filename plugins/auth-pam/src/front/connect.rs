//! A client connects: its session is opened, its options are put together, and its name becomes the one that PAM has let in.
//! OpenVPN waits for that as long as it is worth it, and else defers the client.

use std::sync::Arc;
use std::time::Instant;

use ovpn_plugin::{ClientConfig, ClientConnect, ClientConnectReply};

use super::attempts::{AttemptDetails, Attempts, Connecting, Decided, Step, WaitResult};
use super::client_names::UnknownClient;
use super::grace::AttemptKind;
use super::{Front, MARGIN};
use crate::AuthPam;
use crate::client_options::openvpn_word;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::session::Assigned;
use crate::protocol::{MAX_ADDRESS, MAX_CREDENTIAL, Request};
use crate::quoted::shown;

/// The reply, and what the log is to say: what could not be done, and why.
type ConnectAnswer = (ClientConnectReply, Option<(AttemptKind, String)>);

impl Front {
    /// Whether it matters to this plugin that a client connects.
    pub fn minds_connects(&self) -> bool {
        let config = &self.settings.config;
        config.session || config.client_options.is_some() || self.settings.override_username
    }

    /// A client connects.
    pub fn client_connect(&mut self, event: &ClientConnect<'_>) -> ClientConnectReply {
        let arrived = Instant::now();
        let user = shown(event.username().unwrap_or_default());
        let Some(mut client) = event.client::<AuthPam>() else {
            lines::sessions::no_state(&user).log();
            return ClientConnectReply::Reject;
        };
        client.has_connected = true;
        let shared = Arc::clone(&self.shared);
        let (who, _others) = match shared.with(|attempts| self.who(attempts, &mut client, event)) {
            Ok(who) => who,
            Err(UnknownClient::Nobody) => {
                lines::clients::nobody_let_in(&user).log();
                return ClientConnectReply::Reject;
            }
            Err(UnknownClient::Several) => {
                lines::clients::several_names(&user).log();
                return ClientConnectReply::Reject;
            }
        };
        let _other_sessions = Self::choose_session(&mut client, who.attempt);
        let origin = who.origin.clone().unwrap_or_else(|| self.origin_of_connect(event));
        let tail = self.line_tail(&origin, arrived);
        let mut connecting = Connecting::new(tail.clone());
        if let Some(name) = self.new_name(&who, &mut client) {
            let line = format!("override-username {}", openvpn_word(&name));
            if let Err(error) = connecting.config.option(&line) {
                lines::clients::impossible_name(&user, error, &tail).log();
                return ClientConnectReply::Reject;
            }
        }
        if self.settings.config.client_options.is_some() {
            match wanted_options(event, who.name) {
                Ok(wanted) => connecting.wanted = Some((wanted, origin.clone())),
                Err(what) => {
                    lines::clients::too_long(&user, what, &tail).log();
                    return ClientConnectReply::Reject;
                }
            }
        }
        let session = if self.settings.config.session {
            let known = client.session.as_mut();
            if known.is_none() {
                lines::sessions::without_login(&user).log();
            }
            known.and_then(super::sessions::ClientSession::open)
        } else {
            None
        };
        self.last_id += 1;
        let (reply, error) =
            shared.with(|attempts| self.connect(attempts, event, connecting, session, &origin));
        match error {
            Some((AttemptKind::Session, error)) => {
                lines::sessions::refused_by_front(&user, error, &tail).log();
            }
            Some((_, error)) => {
                lines::clients::no_options(&user, error, &tail).log();
            }
            None => {}
        }
        reply
    }

    /// Where a client comes from that has not logged in through PAM.
    fn origin_of_connect(&mut self, event: &ClientConnect<'_>) -> AttemptOrigin {
        let address = event.trusted_ip().unwrap_or_default().as_bytes();
        let address = address[..address.len().min(MAX_ADDRESS)].to_vec();
        AttemptOrigin {
            address,
            port: event.trusted_port().unwrap_or_default(),
            reference: self.references.draw(),
        }
    }

    /// Asks for what is wanted, waits for it as long as that is worth it, and else defers the client.
    fn connect(
        &self,
        attempts: &mut Attempts,
        event: &ClientConnect<'_>,
        mut connecting: Connecting,
        session: Option<u64>,
        origin: &AttemptOrigin,
    ) -> ConnectAnswer {
        let tail = self.line_tail(origin, Instant::now());
        let what = if session.is_some() { AttemptKind::Session } else { AttemptKind::Options };
        let refuse = |why: &str| (ClientConnectReply::Reject, Some((what, why.to_string())));
        let id = self.last_id;
        let pool = event.pool();
        let assigned = Assigned { ipv4: pool.address(), ipv6: pool.address_ipv6() };
        let defers = self.receives && event.deferred_file().is_some();
        if !attempts.any_deferred() {
            attempts.read();
        }
        let now = Instant::now();
        let pending = attempts.any_pending(now);
        let kinds =
            [session.map(|_| AttemptKind::Session), connecting.wanted.as_ref().map(|_| AttemptKind::Options)];
        let request = match (session, connecting.wanted.take()) {
            (Some(attempt), wanted) => {
                connecting.wanted = wanted;
                connecting.opens = Some(attempt);
                Request::Open { id, attempt, assigned }
            }
            (None, Some((wanted, origin))) => Request::Options { id, wanted, origin },
            (None, None) => return finish(event, &connecting.config),
        };
        // Before it is sent: a supervisor that is lost meanwhile takes it along.
        attempts.await_verdict(id, what);
        // From here on the session is to be closed, whatever comes.
        attempts.sessions.extend(session);
        session.iter().for_each(|attempt| _ = attempts.kept.remove(attempt));
        attempts.connecting.insert(id, connecting);
        if let Err(error) = Self::send(attempts, request) {
            let _ = attempts.take_verdict(id);
            attempts.connecting.remove(&id);
            session.iter().for_each(|attempt| _ = attempts.sessions.remove(attempt));
            return refuse(&error);
        }
        let limit = self.settings.time_limits.of(true).map(|limit| limit + MARGIN);
        // Only if all that is wanted has been quick.
        let graces = kinds.into_iter().flatten().map(|kind| attempts.grace.for_next(now, pending, kind));
        let grace = graces.min().flatten();
        let grace = grace.filter(|grace| attempts.wait_budget.affords(now, *grace)).map(|grace| now + grace);
        loop {
            if !defers {
                attempts.wait_for(id, limit.map(|limit| Instant::now() + limit), |_| true);
            } else if grace.is_some() {
                attempts.wait_for(id, grace, |_| true);
            }
            match attempts.take_verdict(id) {
                WaitResult::Decided(Decided { verdict, .. }) => match attempts.go_on(id, &verdict) {
                    Step::GoesOn => attempts.await_verdict(id, AttemptKind::Options),
                    Step::Done(config) => {
                        spend(attempts, grace, now);
                        return finish(event, &config);
                    }
                    Step::Refused => {
                        spend(attempts, grace, now);
                        return (ClientConnectReply::Reject, None);
                    }
                },
                WaitResult::Pending if defers => {
                    spend(attempts, grace, now);
                    let kind = attempts.kind_of_connect(id);
                    return match event.defer() {
                        Ok((decision, deferral)) => {
                            let username = event.username().unwrap_or_default().to_vec();
                            let details = AttemptDetails { username, tail, kind };
                            attempts.defer_connect(id, decision, details);
                            (ClientConnectReply::Deferred(deferral), None)
                        }
                        Err(error) => {
                            attempts.forget_connect(id);
                            refuse(&error.to_string())
                        }
                    };
                }
                WaitResult::Pending => {
                    attempts.forget_connect(id);
                    return refuse(&lines::refusals::supervisor_silent().to_string());
                }
                WaitResult::Lost => return refuse(&lines::refusals::supervisor_gone().to_string()),
            }
        }
    }
}

/// OpenVPN has waited.
fn spend(attempts: &mut Attempts, grace: Option<Instant>, since: Instant) {
    if grace.is_some() {
        attempts.wait_budget.spent(since.elapsed());
    }
}

/// The client may connect.
fn finish(event: &ClientConnect<'_>, config: &ClientConfig) -> ConnectAnswer {
    if config.as_str().is_empty() {
        return (ClientConnectReply::Accept, None);
    }
    match event.write_config(config) {
        Ok(()) => (ClientConnectReply::Accept, None),
        Err(error) => {
            let why = lines::clients::file_unwritable(error).to_string();
            (ClientConnectReply::Reject, Some((AttemptKind::Options, why)))
        }
    }
}

fn wanted_options(
    event: &ClientConnect<'_>,
    username: Vec<u8>,
) -> Result<ClientOptionsRequest, &'static str> {
    let pool = event.pool();
    let common_name = event.common_name().unwrap_or_default().to_vec();
    let address = event.trusted_ip().unwrap_or_default().as_bytes().to_vec();
    for (what, bytes, most) in [
        ("username", &username, MAX_CREDENTIAL),
        ("common name", &common_name, MAX_CREDENTIAL),
        ("address", &address, MAX_ADDRESS),
    ] {
        if bytes.len() > most {
            return Err(what);
        }
    }
    let assigned = Assigned { ipv4: pool.address(), ipv6: pool.address_ipv6() };
    Ok(ClientOptionsRequest { username, common_name, address, assigned })
}
