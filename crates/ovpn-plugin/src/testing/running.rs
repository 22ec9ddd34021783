//! A plugin running inside the test: opened, given events, its log read.

use std::any::Any;

use ovpn_plugin_sys as sys;

use super::CallData;
use super::log_catcher::{LogCatcher, TestLine};
use crate::boundary::{Client, Instance};
use crate::dispatch::Answer;
use crate::event_set::event_name;
use crate::guard::guard;
use crate::{ClientState, EventSet, Plugin, Result, logging};

/// A plugin that is open, without OpenVPN and without being compiled to a shared object.
///
/// ```
/// # use ovpn_plugin::{AuthReply, AuthUserPassVerify, EventSet, OpenArgs, Plugin, Result};
/// # struct Polite;
/// # #[ovpn_plugin::plugin]
/// # impl Plugin for Polite {
/// #     const NAME: &'static str = "POLITE";
/// #     fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Self) }
/// #     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
/// #         log::info!("hello {:?}", event.env().get_str("username"));
/// #         Ok(AuthReply::Accept)
/// #     }
/// # }
/// use ovpn_plugin::testing::{CallData, Outcome, Running};
///
/// let mut plugin = Running::<Polite>::open(&CallData::new().arg("an-argument"))?;
/// let reply = plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &CallData::new().env("username", "joe"));
/// assert_eq!(reply.outcome, Outcome::Success);
/// assert!(plugin.logged("hello Some(\"joe\")"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Running<P> {
    instance: Instance<P>,
    log: LogCatcher,
}

/// What OpenVPN would have been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The event was handled, or the peer accepted.
    Success,
    /// The event failed, or the peer is rejected.
    Error,
    /// The answer comes later.
    Deferred,
}

/// What came back from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TestReply {
    /// The code.
    pub outcome: Outcome,
    /// The client's configuration in the returned list.
    pub config: Option<String>,
}

/// A client with its state; see [`Running::client`].
pub struct TestClient {
    state: Option<Box<dyn Any>>,
}

impl<P: Plugin> Running<P> {
    /// Opens the plugin with these words and variables, as a host that has all events unless
    /// [`CallData::offered_events`] says otherwise.
    ///
    /// # Errors
    /// If the plugin refuses, or wants an event the host does not have.
    pub fn open(call: &CallData) -> Result<Self> {
        logging::install();
        let log = LogCatcher::new();
        Ok(Self { instance: Instance::open(&call.open_args())?, log })
    }

    /// The events OpenVPN would pass.
    #[must_use]
    pub fn events(&self) -> EventSet {
        self.instance.events
    }

    /// The plugin itself.
    #[must_use]
    pub fn plugin(&self) -> &P {
        &self.instance.plugin
    }

    /// Passes one event of no client. A panic becomes an error, as in OpenVPN.
    ///
    /// # Panics
    /// If `event` is not exactly one event, or the plugin did not ask for it.
    pub fn call(&mut self, event: EventSet, call: &CallData) -> TestReply {
        self.call_with(event, call, None)
    }

    fn call_with(&mut self, event: EventSet, call: &CallData, client: Option<Client<'_>>) -> TestReply {
        assert_eq!(event.mask().count_ones(), 1, "not one event: {event}");
        let asked = self.instance.events.contains(event);
        assert!(asked, "the plugin does not ask for {event}, OpenVPN would not pass it");
        let number = event.numbers().next().unwrap_or(-1);
        let answer = guard(event_name(number), Answer::code(sys::PLUGIN_FUNC_ERROR), || {
            self.instance.pass(number, call.context(client, true))
        });
        let outcome = match answer.code {
            sys::PLUGIN_FUNC_SUCCESS => Outcome::Success,
            sys::PLUGIN_FUNC_DEFERRED => Outcome::Deferred,
            _ => Outcome::Error,
        };
        TestReply { outcome, config: answer.config.map(|text| text.to_string_lossy().into_owned()) }
    }

    /// Tells the plugin that OpenVPN dies of a fatal error. A panic is logged.
    pub fn abort(&mut self) {
        guard("abort", (), || self.instance.plugin.abort());
    }

    /// Closes the plugin and gives all it logged, at its end too. A panic is logged.
    pub fn close(self) -> Vec<TestLine> {
        let Self { instance, log } = self;
        guard("close", (), || drop(instance));
        log.lines()
    }

    /// What the plugin logged since it was opened: in this thread and in its [`Tasks`](crate::Tasks).
    #[must_use]
    pub fn log_lines(&self) -> Vec<TestLine> {
        self.log.lines()
    }

    /// Whether a line of the log contains `text`.
    #[must_use]
    pub fn logged(&self, text: &str) -> bool {
        self.log_lines().iter().any(|line| line.text.contains(text))
    }
}

impl<P: ClientState> Running<P> {
    /// Makes a client.
    pub fn client(&mut self) -> TestClient {
        let state = guard("client constructor", None, || Some(self.instance.plugin.new_client()));
        TestClient { state: state.map(|state| Box::new(state) as Box<dyn Any>) }
    }

    /// Passes one event of this client.
    ///
    /// # Panics
    /// As [`Running::call`].
    pub fn call_for(&mut self, client: &mut TestClient, event: EventSet, call: &CallData) -> TestReply {
        let Some(state) = client.state.take() else { return self.call(event, call) };
        let (reply, state) = Client::of(state, |client| self.call_with(event, call, Some(client)));
        client.state = Some(state);
        reply
    }
}

impl<P> std::fmt::Debug for Running<P> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Running").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TestClient").field("has_state", &self.state.is_some()).finish()
    }
}
