//! Logins and connecting clients that a future decides: as a job of `answer_in` does.

use std::future::Future;

use super::AsyncTasks;
use super::future_info::FutureInfo;
use crate::answer_in::{CLIENT, LOGIN, client_not_begun, login_not_begun};
use crate::undecided_slot::UndecidedSlot;
use crate::{AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, Result};

impl AuthUserPassVerify<'_> {
    /// Has this login decided by a future: defers it, runs the future, and answers with what comes of it.
    ///
    /// The future lets the client in with `Ok(())`. An error that is a [`Rejection`](crate::Rejection) rejects it with its
    /// reason, any other one without; both are logged. So do a panic, and the end of the plugin. If the client is gone, the
    /// future is dropped within a second. If there is no room for another future, the client has to come again. Lines
    /// that the future logs begin with the client's name; those of what it starts itself, such as a call that blocks, do not.
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
    /// As [`AuthUserPassVerify::defer`]. The future is dropped.
    pub fn answer_async(
        &self,
        tasks: &AsyncTasks,
        future: impl Future<Output = Result<()>> + Send + 'static,
    ) -> Result<AuthReply> {
        let (decision, deferral) = self.defer()?;
        let decision = UndecidedSlot::new(decision);
        let info = FutureInfo::decision(LOGIN, &decision);
        let launched = tasks.launch(info, async move {
            let result = future.await;
            // Given up if the plugin is being closed.
            if let Some(decision) = decision.take() {
                decision.answer(result);
            }
        });
        Ok(match launched {
            Ok(()) => AuthReply::Deferred(deferral),
            Err(error) => login_not_begun(&self.taken, &error),
        })
    }
}

impl ClientConnect<'_> {
    /// Has it decided by a future whether this client may connect, and with which configuration: the same as
    /// [`AuthUserPassVerify::answer_async`]. An error is logged and refuses the client. So does a lack of room.
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
    /// As [`ClientConnect::defer`]. The future is dropped.
    pub fn answer_async(
        &self,
        tasks: &AsyncTasks,
        future: impl Future<Output = Result<ClientConfig>> + Send + 'static,
    ) -> Result<ClientConnectReply> {
        let (decision, deferral) = self.defer()?;
        let decision = UndecidedSlot::new(decision);
        let info = FutureInfo::decision(CLIENT, &decision);
        let launched = tasks.launch(info, async move {
            let result = future.await;
            if let Some(decision) = decision.take() {
                decision.answer(result);
            }
        });
        Ok(match launched {
            Ok(()) => ClientConnectReply::Deferred(deferral),
            Err(error) => client_not_begun(&self.taken, &error),
        })
    }
}
