//! A plugin running inside the test: opened, given events, its log read.

use std::time::Duration;

use log::Level;
use ovpn_plugin_sys as sys;

use super::log_catcher::{LogCatcher, TestLine};
use super::{CallData, panics};
use crate::boundary::{Client, Instance, during};
use crate::closing::Closing;
use crate::dispatch::HostReply;
use crate::event_set::event_name;
use crate::log_subject::Subject;
use crate::panic_guard::guard;
use crate::{EventSet, Plugin, Result, logging};

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
///
/// Its log is that of the thread that opened it, of [`Tasks`](crate::Tasks), and of threads that were started by other
/// means. These cannot be told apart, so every plugin that is open in the process at that time gets their lines. A
/// panic of any of them is a line of the log too ([`Running::errors`]). If the test fails, the log is shown.
pub struct Running<P> {
    pub(super) instance: Instance<P>,
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

impl<P: Plugin> Running<P> {
    /// Opens the plugin with these words and variables, as a host that has all events unless
    /// [`CallData::offered_events`] says otherwise.
    ///
    /// # Errors
    /// If the plugin refuses, or wants an event the host does not have.
    pub fn open(call: &CallData) -> Result<Self> {
        logging::install();
        panics::catch();
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

    pub(super) fn call_with(
        &mut self,
        event: EventSet,
        call: &CallData,
        client: Option<Client<'_>>,
    ) -> TestReply {
        assert_eq!(event.mask().count_ones(), 1, "not one event: {event}");
        let asked = self.instance.events.contains(event);
        assert!(asked, "the plugin does not ask for {event}, OpenVPN would not pass it");
        let number = event.numbers().next().unwrap_or(-1);
        let subject = Subject::of_event(number, call.environment(), P::LINES_NAME_THE_CLIENT);
        let answer = during(&subject, || {
            guard(event_name(number), HostReply::code(sys::PLUGIN_FUNC_ERROR), || {
                self.instance.pass(number, call.context(client, true))
            })
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
        guard("close", (), || {
            let _closing = Closing::begin();
            drop(instance);
        });
        log.lines()
    }

    /// What the plugin logged since it was opened.
    #[must_use]
    pub fn log_lines(&self) -> Vec<TestLine> {
        self.log.lines()
    }

    /// Whether a line of the log contains `text`.
    #[must_use]
    pub fn logged(&self, text: &str) -> bool {
        self.log_lines().iter().any(|line| line.text.contains(text))
    }

    /// Waits for a line of the log that contains `text`; one that is there already counts. `None` if none comes in time.
    #[must_use]
    pub fn wait_for_log(&self, text: &str, limit: Duration) -> Option<TestLine> {
        self.log.wait_for(|line| line.text.contains(text), limit)
    }

    /// The lines of the log that are errors, panics among them.
    #[must_use]
    pub fn errors(&self) -> Vec<TestLine> {
        self.log_lines().into_iter().filter(|line| line.level == Level::Error).collect()
    }
}

impl<P> std::fmt::Debug for Running<P> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Running").finish_non_exhaustive()
    }
}
