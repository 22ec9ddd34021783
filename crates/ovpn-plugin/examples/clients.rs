//! A plugin for the tests of the SDK: how far clients come, each as its username says.
//!
//! `bad` is rejected at its login, and nobody decides about `undecided`. When it connects, nobody decides about `waits`,
//! and `refused` is refused. Everybody else is let in.

use std::time::Duration;

use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConnect, ClientConnectReply, ClientDisconnect,
    ClientDisconnectReply, ClientState, OpenArgs, Plugin, Result, Tasks,
};

/// How often is looked whether a client is still wanted.
const LOOK_EVERY: Duration = Duration::from_millis(50);

struct Clients {
    tasks: Tasks,
}

/// The state of a client.
struct Kept;

impl Drop for Kept {
    fn drop(&mut self) {
        log::info!("its state is dropped");
    }
}

impl ClientState for Clients {
    type State = Kept;

    fn new_client(&mut self) -> Kept {
        Kept
    }
}

#[ovpn_plugin::plugin]
impl Plugin for Clients {
    const NAME: &'static str = "CLIENTS";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self { tasks: Tasks::new(100) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        match event.username() {
            Some(b"bad") => Ok(AuthReply::Reject),
            Some(b"undecided") => {
                let (decision, deferral) = event.defer()?;
                self.tasks.spawn("undecided", move |stop| {
                    while decision.is_wanted() && stop.wait(LOOK_EVERY).is_ok() {}
                    log::info!("wanted at the end: {}", decision.is_wanted());
                })?;
                Ok(AuthReply::Deferred(deferral))
            }
            _ => Ok(AuthReply::Accept),
        }
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        match event.username() {
            Some(b"refused") => Ok(ClientConnectReply::Reject),
            Some(b"waits") => {
                let (decision, deferral) = event.defer()?;
                self.tasks.spawn("waits", move |stop| {
                    let _ = stop.wait(Duration::MAX);
                    drop(decision);
                })?;
                Ok(ClientConnectReply::Deferred(deferral))
            }
            _ => Ok(ClientConnectReply::Accept),
        }
    }

    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        log::info!("has left, was let in: {}", event.was_let_in());
        Ok(ClientDisconnectReply::Done)
    }
}

ovpn_plugin::export!(Clients);
