//! Logins and connecting clients that a future decides.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::AsyncTasks;
use super::jobs::{Slot, Waiting};
use crate::error::WithCauses;
use crate::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, Rejection, Result, Retry,
    escape, lines, logging,
};

/// After this time a client is to come again that found no room.
const COME_AGAIN: Duration = Duration::from_secs(10);

impl AuthUserPassVerify<'_> {
    /// Has this login decided by a future: defers it, runs the future, and answers with what comes of it.
    ///
    /// The future lets the client in with `Ok(())`. An error that is a [`Rejection`] rejects it with its reason; any
    /// other one is logged and rejects it. So do a panic, and the end of the plugin. If the client is gone, the future
    /// is dropped within a second. If there is no room for another future, the client is told to come again.
    ///
    /// Passwords and other values of the event are copied for the future; they are gone when the call is over.
    ///
    /// ```
    /// use ovpn_plugin::{AsyncTasks, AuthReply, AuthUserPassVerify, Rejection, Result};
    ///
    /// # async fn groups_of(user: &[u8]) -> Result<Vec<String>> { Ok(vec!["vpn".to_owned(); user.len()]) }
    /// fn later(event: &AuthUserPassVerify<'_>, tasks: &AsyncTasks) -> Result<AuthReply> {
    ///     let user = event.username().ok_or("no username")?.to_vec();
    ///     event.answer_async(tasks, async move {
    ///         if groups_of(&user).await?.iter().any(|group| group == "vpn") {
    ///             return Ok(());
    ///         }
    ///         Err(Rejection::because("not for you").into())
    ///     })
    /// }
    /// # use ovpn_plugin::testing::LoginFiles;
    /// # let files = LoginFiles::new()?;
    /// # let call = files.call().env("username", "joe");
    /// # let tasks = AsyncTasks::new(1);
    /// # let _reply = later(&call.event(), &tasks)?;
    /// # assert_eq!(files.wait_for_verdict(std::time::Duration::from_secs(20)), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    /// If the login cannot be deferred, or the threads cannot be started. The future is dropped.
    pub fn answer_async(
        &self,
        tasks: &AsyncTasks,
        future: impl Future<Output = Result<()>> + Send + 'static,
    ) -> Result<AuthReply> {
        let what = format!("login of {}", client(self.username(), self.untrusted_address()));
        if !tasks.has_room()? {
            logging::say(lines::no_room_for_login(&what, tasks.no_room()));
            return Ok(AuthReply::RejectWith(Rejection::temporary(
                "the server is busy",
                COME_AGAIN,
                Retry::SameServer,
            )));
        }
        let (decision, deferral) = self.defer()?;
        let decision = Slot::new(decision);
        let (waiting, name) = (Waiting::for_decision(&decision), what.clone());
        tasks.launch(name, waiting, async move {
            let result = future.await.map_err(|error| error.downcast::<Rejection>());
            // Given up if the plugin is being closed.
            let Some(decision) = decision.take() else { return };
            let told = match &result {
                Ok(()) => decision.accept(),
                Err(Ok(rejection)) => decision.reject_with(rejection),
                Err(Err(_)) => decision.reject(),
            };
            if let Err(Err(error)) = result {
                logging::say(lines::later_login_rejected(&what, WithCauses(&*error)));
            }
            log_untold(&what, told);
        })?;
        Ok(AuthReply::Deferred(deferral))
    }
}

impl ClientConnect<'_> {
    /// Has it decided by a future whether this client may connect, and with which configuration: the same as
    /// [`AuthUserPassVerify::answer_async`]. An error is logged and refuses the client.
    ///
    /// ```
    /// # use ovpn_plugin::{AsyncTasks, ClientConfig, ClientConnect, ClientConnectReply, Result};
    /// fn later(event: &ClientConnect<'_>, tasks: &AsyncTasks) -> Result<ClientConnectReply> {
    ///     event.answer_async(tasks, async {
    ///         let mut config = ClientConfig::new();
    ///         config.push("route 10.9.0.0 255.255.0.0")?;
    ///         Ok(config)
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// If the client cannot be deferred, there is no room for another future, or the threads cannot be started. The
    /// future is dropped.
    pub fn answer_async(
        &self,
        tasks: &AsyncTasks,
        future: impl Future<Output = Result<ClientConfig>> + Send + 'static,
    ) -> Result<ClientConnectReply> {
        let what = format!("client {}", client(self.common_name(), self.trusted_address()));
        if !tasks.has_room()? {
            return Err(tasks.no_room().into());
        }
        let (decision, deferral) = self.defer()?;
        let decision = Slot::new(decision);
        let (waiting, name) = (Waiting::for_decision(&decision), what.clone());
        tasks.launch(name, waiting, async move {
            let result = future.await;
            let Some(decision) = decision.take() else { return };
            let told = match &result {
                Ok(config) => decision.accept(config),
                Err(_) => decision.reject(),
            };
            if let Err(error) = result {
                logging::say(lines::later_client_refused(&what, WithCauses(&*error)));
            }
            log_untold(&what, told);
        })?;
        Ok(ClientConnectReply::Deferred(deferral))
    }
}

fn log_untold(what: &str, result: io::Result<()>) {
    if let Err(error) = result {
        logging::say(lines::verdict_unwritable(what, error));
    }
}

/// As OpenVPN names clients in its log.
fn client(name: Option<&[u8]>, address: Option<SocketAddr>) -> String {
    let name = escape(name.unwrap_or_default());
    address.map_or_else(|| format!("'{name}'"), |address| format!("'{name}' at {address}"))
}
