//! Sessions of PAM, as OpenVPN's events tell of them. What ties the login of a client to its connection and its end is the
//! state that OpenVPN keeps for each client: it is the same in all calls, and goes with the client in any case.

use std::sync::Arc;
use std::time::Instant;

use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConnect, ClientConnectReply, ClientDisconnect, ClientDisconnectReply,
};

use super::attempts::{Attempts, Decided, Taken, Whom};
use super::grace::Kind;
use super::receiver::Shared;
use super::{Front, MARGIN, PATIENCE};
use crate::AuthPam;
use crate::origin::Origin;
use crate::protocol::Request;
use crate::quoted::shown;
use crate::reference::Reference;
use crate::session::{Assigned, Usage, Why};
use crate::verdict::Verdict;

/// What PAM has let a client in with.
pub struct OfClient {
    shared: Arc<Shared>,
    /// The attempt.
    attempt: u64,
    stage: Stage,
    tail: String,
    reference: Reference,
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
impl Drop for OfClient {
    fn drop(&mut self) {
        match self.stage {
            Stage::LetIn => self.shared.with(|attempts| {
                if attempts.kept.remove(&self.attempt) {
                    attempts.cancel(self.attempt);
                }
            }),
            Stage::Open => self.close(Usage::unknown(Why::NotConnected)),
            Stage::Over => {}
        }
    }
}

impl OfClient {
    fn close(&mut self, usage: Usage) {
        self.stage = Stage::Over;
        let attempt = self.attempt;
        self.shared.with(|attempts| {
            if let Some(supervisor) =
                attempts.supervisor.as_mut().filter(|_| attempts.sessions.remove(&attempt))
            {
                if let Err(error) = supervisor.send(Request::Close { attempt, usage }, PATIENCE) {
                    log::error!("a session cannot be closed: the supervisor cannot be reached: {error}");
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

    /// A login that is to be kept was not refused so far.
    pub(super) fn keep_login(&self, event: &AuthUserPassVerify<'_>, reply: &AuthReply, origin: &Origin) {
        let refused = matches!(reply, AuthReply::Reject | AuthReply::RejectWith(_));
        if refused {
            self.shared.with(|attempts| attempts.kept.remove(&self.last_id));
        }
        let of_client = (!refused).then(|| OfClient {
            shared: Arc::clone(&self.shared),
            attempt: self.last_id,
            stage: Stage::LetIn,
            tail: self.tail(origin),
            reference: origin.reference,
        });
        // What was there is dropped when the client's state is free again.
        let before = event
            .client::<AuthPam>()
            .and_then(|mut client| std::mem::replace(&mut client.session, of_client));
        drop(before);
    }

    /// A client connects: opens its session.
    pub fn client_connect(&mut self, event: &ClientConnect<'_>) -> ClientConnectReply {
        let user = shown(event.username().unwrap_or_default());
        let Some(mut client) = event.client::<AuthPam>() else {
            log::error!("user '{user}' is refused: OpenVPN passed no state of the client");
            return ClientConnectReply::Reject;
        };
        client.has_connected = true;
        let Some(session) = &mut client.session else {
            log::warn!(
                "user '{user}' connects without a login through PAM (auth-token?): no session is opened"
            );
            return ClientConnectReply::Accept;
        };
        if session.stage != Stage::LetIn {
            return ClientConnectReply::Accept;
        }
        self.last_id += 1;
        let shared = Arc::clone(&self.shared);
        let (reply, error) = shared.with(|attempts| self.open_session(attempts, event, session));
        if let Some(error) = error {
            log::error!("user '{user}' is refused, no session can be opened: {error}{}", session.tail);
        }
        reply
    }

    /// Asks for the session, waits for it as long as that is worth it, and else defers the client. What the supervisor has not
    /// logged comes back.
    fn open_session(
        &self,
        attempts: &mut Attempts,
        event: &ClientConnect<'_>,
        session: &mut OfClient,
    ) -> (ClientConnectReply, Option<String>) {
        let refuse = |why: &str| (ClientConnectReply::Reject, Some(why.to_string()));
        let (id, attempt) = (self.last_id, session.attempt);
        let pool = event.pool();
        let assigned = Assigned { ipv4: pool.address(), ipv6: pool.address_ipv6() };
        let defers = self.receives && event.deferred_file().is_some();
        if !attempts.any_deferred() {
            attempts.read();
        }
        let pending = attempts.any_pending();
        attempts.await_verdict(id, Kind::Session);
        attempts.kept.remove(&attempt);
        session.stage = Stage::Over;
        if let Err(error) = Self::send(attempts, Request::Open { id, attempt, assigned }) {
            let _ = attempts.take_verdict(id);
            return refuse(&error);
        }
        // From here on it is to be closed, whatever comes.
        session.stage = Stage::Open;
        attempts.sessions.insert(attempt);
        let now = Instant::now();
        let limit = self.settings.time_limits.of(true).map(|limit| now + limit + MARGIN);
        let grace = attempts.grace.for_next(now, pending, Kind::Session);
        let grace = grace.filter(|grace| attempts.wait_budget.affords(now, *grace)).map(|grace| now + grace);
        if !defers {
            attempts.wait_for(id, limit, |_| true);
        } else if grace.is_some() {
            attempts.wait_for(id, grace, |_| true);
        }
        let taken = attempts.take_verdict(id);
        let opened = matches!(&taken, Taken::Decided(Decided { verdict: Verdict::Accepted { .. }, .. }));
        if grace.is_some() && !opened {
            attempts.wait_budget.spent(now.elapsed());
        }
        match taken {
            Taken::Decided(Decided { verdict: Verdict::Accepted { .. }, .. }) => {
                (ClientConnectReply::Accept, None)
            }
            Taken::Decided(_) => {
                session.stage = Stage::Over;
                attempts.sessions.remove(&attempt);
                (ClientConnectReply::Reject, None)
            }
            Taken::Pending if defers => match event.defer() {
                Ok(decision) => {
                    let username = event.username().unwrap_or_default().to_vec();
                    let (tail, reference) = (session.tail.clone(), session.reference);
                    attempts.defer_connect(
                        id,
                        decision,
                        Whom { username, tail, reference, kind: Kind::Session, arrived: now },
                    );
                    (ClientConnectReply::Deferred, None)
                }
                Err(error) => refuse(&error.to_string()),
            },
            Taken::Pending => refuse("the supervisor does not answer"),
            Taken::Lost => refuse("the supervisor is gone"),
        }
    }

    /// A client is disconnected: has its session closed. Nobody waits for that.
    pub fn client_disconnect(&self, event: &ClientDisconnect<'_>) -> ClientDisconnectReply {
        let session = event.client::<AuthPam>().and_then(|mut client| client.session.take());
        if let Some(mut session) = session.filter(|session| session.stage == Stage::Open) {
            session.close(Usage {
                received_bytes: event.bytes_received(),
                sent_bytes: event.bytes_sent(),
                seconds: event.duration().map(|duration| duration.as_secs()),
                why: Why::Disconnected,
            });
        }
        ClientDisconnectReply::Done
    }
}
