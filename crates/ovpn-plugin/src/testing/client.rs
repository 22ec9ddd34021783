//! A client with the state a plugin keeps for it: made, given with events, dropped.

use std::any::Any;
use std::cell::Ref;

use super::{CallData, Running, TestReply};
use crate::boundary::{Client, ClientCell};
use crate::panic_guard::guard;
use crate::{ClientState, EventSet, Plugin};

/// A client with its state; see [`Running::client`]. Its state is dropped with it, as when OpenVPN drops a client: a
/// panic then is a line in the log.
pub struct TestClient {
    /// `None` only if making the state panicked, and while it is dropped.
    cell: Option<ClientCell>,
}

/// In place of a client's state. A plugin that looks for its own finds out that the test is wrong.
pub(crate) struct WithoutState;

impl WithoutState {
    /// # Panics
    /// Always if `state` is one: under OpenVPN the client of such a plugin has its state.
    pub(crate) fn refuse(state: &dyn Any) {
        assert!(
            !state.is::<Self>(),
            "the plugin is ClientState: its test needs Session::with_state, not Session::new"
        );
    }
}

impl TestClient {
    /// A client of a plugin that keeps nothing for it.
    pub(super) fn without_state<P: Plugin>(plugin: &mut Running<P>) -> Self {
        Self { cell: Some(ClientCell::new(Box::new(WithoutState), plugin.events())) }
    }

    /// What the plugin keeps for the client; `None` if making it panicked.
    ///
    /// ```
    /// # use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientState, EventSet, OpenArgs, Plugin, Result};
    /// # struct Counting;
    /// # #[ovpn_plugin::plugin]
    /// # impl Plugin for Counting {
    /// #     const NAME: &'static str = "COUNTING";
    /// #     fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Self) }
    /// #     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
    /// #         if let Some(mut logins) = event.client::<Self>() { *logins += 1; }
    /// #         Ok(AuthReply::Accept)
    /// #     }
    /// # }
    /// # impl ClientState for Counting {
    /// #     type State = u32;
    /// #     fn new_client(&mut self) -> u32 { 0 }
    /// # }
    /// use ovpn_plugin::testing::{CallData, Outcome, Running};
    ///
    /// let mut plugin = Running::<Counting>::open(&CallData::new())?;
    /// let mut client = plugin.client();
    /// let reply = plugin.call_for(&mut client, EventSet::AUTH_USER_PASS_VERIFY, &CallData::new());
    /// assert_eq!(reply.outcome, Outcome::Success);
    /// assert_eq!(client.state::<Counting>().as_deref(), Some(&1));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub fn state<P: ClientState>(&self) -> Option<Ref<'_, P::State>> {
        let state = self.cell.as_ref()?.state.try_borrow().ok()?;
        Ref::filter_map(state, |state| state.downcast_ref()).ok()
    }

    /// The same, to be changed.
    #[must_use]
    pub fn state_mut<P: ClientState>(&mut self) -> Option<&mut P::State> {
        self.cell.as_mut()?.state.get_mut().downcast_mut()
    }
}

impl Drop for TestClient {
    fn drop(&mut self) {
        let cell = self.cell.take();
        guard("client destructor", (), || drop(cell));
    }
}

impl<P: ClientState> Running<P> {
    /// Makes a client. OpenVPN makes one for each, and one for the server itself right after open.
    pub fn client(&mut self) -> TestClient {
        let state = guard("client constructor", None, || Some(self.instance.plugin.new_client()));
        let state = state.map(|state| Box::new(state) as Box<dyn Any>);
        TestClient { cell: state.map(|state| ClientCell::new(state, self.events())) }
    }
}

impl<P: Plugin> Running<P> {
    /// Passes one event of this client.
    ///
    /// # Panics
    /// As [`Running::call`].
    pub fn call_for(&mut self, client: &mut TestClient, event: EventSet, call: &CallData) -> TestReply {
        self.call_with(event, call, client.cell.as_ref().map(Client))
    }
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TestClient").finish_non_exhaustive()
    }
}
