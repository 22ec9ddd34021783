//! Sessions of PAM, as OpenVPN's events tell of them. What ties the login of a client to its connection and its end is the
//! state that OpenVPN keeps for each client: it is the same in all calls, and goes with the client in any case.

use std::sync::Arc;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientDisconnect, ClientDisconnectReply};

use super::client_names::MOST;
use super::verdict_receiver::SharedAttempts;
use super::{Front, PATIENCE, PerClientState};
use crate::AuthPam;
use crate::protocol::Request;
use crate::protocol::session::{CloseReason, Usage};

/// What PAM has let a client in with.
pub struct ClientSession {
    shared: Arc<SharedAttempts>,
    /// The attempt.
    attempt: u64,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The login is good, or may yet be.
    LetIn,
    /// The session is open, or about to be.
    Open,
    /// There is nothing to close.
    Over,
}

/// The client goes, however it goes.
impl Drop for ClientSession {
    fn drop(&mut self) {
        match self.stage {
            Stage::LetIn => self.shared.with(|attempts| {
                if attempts.kept.remove(&self.attempt) {
                    attempts.cancel(self.attempt);
                }
            }),
            Stage::Open => self.close(Usage::unknown(CloseReason::NotConnected)),
            Stage::Over => {}
        }
    }
}

impl ClientSession {
    /// The client connects: the attempt whose session is to be opened, unless it has one already. From here on it is to be
    /// closed, as long as the table has it.
    pub(super) fn open(&mut self) -> Option<u64> {
        let opens = self.stage == Stage::LetIn;
        if opens {
            self.stage = Stage::Open;
        }
        opens.then_some(self.attempt)
    }

    fn close(&mut self, usage: Usage) {
        self.stage = Stage::Over;
        let attempt = self.attempt;
        self.shared.with(|attempts| {
            if let Some(supervisor) =
                attempts.supervisor.as_mut().filter(|_| attempts.sessions.remove(&attempt))
            {
                if let Err(error) = supervisor.send(Request::Close { attempt, usage }, PATIENCE) {
                    let why = lines::refusals::supervisor_unreachable(error);
                    lines::sessions::not_closable(why).log();
                }
            }
        });
    }
}

impl Front {
    /// Whether a login of this client is to be kept for its session. One connection has one session: a renegotiation opens none.
    pub(super) fn wants_session(&self, event: &AuthUserPassVerify<'_>) -> bool {
        self.settings.config.session && event.client::<AuthPam>().is_some_and(|client| !client.has_connected)
    }

    /// The attempt that has let this client in, if its session is open.
    pub(super) fn session_of(event: &AuthUserPassVerify<'_>) -> Option<u64> {
        let client = event.client::<AuthPam>()?;
        client.session.as_ref().filter(|session| session.stage == Stage::Open).map(|session| session.attempt)
    }

    /// A login that is to be kept, unless it was refused. Then what there was stays: OpenVPN may have let the client in with
    /// that, over another connection from the same address, and it must not connect without its session.
    pub(super) fn keep_login(&self, event: &AuthUserPassVerify<'_>, reply: &AuthReply) {
        if matches!(reply, AuthReply::Reject | AuthReply::RejectWith(_)) {
            self.shared.with(|attempts| attempts.kept.remove(&self.last_id));
            return;
        }
        let of_login =
            ClientSession { shared: Arc::clone(&self.shared), attempt: self.last_id, stage: Stage::LetIn };
        // The oldest is dropped when the client's state is free again.
        let oldest = event.client::<AuthPam>().map(|mut client| {
            let oldest = (client.sessions.len() == MOST).then(|| client.sessions.remove(0));
            client.sessions.push(of_login);
            oldest
        });
        drop(oldest);
    }

    /// A client connects: the session of the login that has let it in is its own. Gives back the others.
    pub(super) fn choose_session(client: &mut PerClientState, attempt: Option<u64>) -> Vec<ClientSession> {
        let mut all = std::mem::take(&mut client.sessions);
        if let Some(place) = all.iter().position(|one| Some(one.attempt) == attempt) {
            client.session = Some(all.remove(place));
        }
        all
    }

    /// A client is disconnected: has its session closed. Nobody waits for that.
    pub fn client_disconnect(&self, event: &ClientDisconnect<'_>) -> ClientDisconnectReply {
        let session = event.client::<AuthPam>().and_then(|mut client| client.session.take());
        if let Some(mut session) = session.filter(|session| session.stage == Stage::Open) {
            session.close(Usage {
                received_bytes: event.bytes_received(),
                sent_bytes: event.bytes_sent(),
                seconds: event.duration().map(|duration| duration.as_secs()),
                why: CloseReason::Disconnected,
            });
        }
        ClientDisconnectReply::Done
    }
}
