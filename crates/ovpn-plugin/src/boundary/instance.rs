//! What OpenVPN's handle points to: the plugin, and what is remembered about it.

use std::ffi::c_int;

use ovpn_plugin_sys as sys;

use crate::dispatch::{Answer, dispatch};
use crate::events::Context;
use crate::guard::guard;
use crate::{EventSet, OpenArgs, OpenError, Plugin, SslApi, logging};

/// An open plugin. Only this crate makes and reads it, behind the handle.
pub(crate) struct Instance<P> {
    pub(crate) plugin: P,
    pub(crate) ssl_api: Option<SslApi>,
    /// The events OpenVPN passes.
    pub(crate) events: EventSet,
    started: bool,
}

impl<P: Plugin> Instance<P> {
    /// Opens the plugin, for as many of its events as the host has.
    pub(crate) fn open(args: &OpenArgs<'_>) -> Result<Self, OpenError> {
        let plugin = P::open(args)?;
        let required = plugin.events();
        let missing = required.without(args.offered());
        if !missing.is_empty() {
            return Err(OpenError::MissingEvents(missing));
        }
        let events = required | plugin.optional_events().intersection(args.offered());
        Ok(Self { plugin, ssl_api: args.ssl_api(), events, started: false })
    }

    /// Has the plugin answer one event.
    pub(crate) fn pass(&mut self, event: c_int, context: Context<'_>) -> Answer {
        if !self.started {
            logging::settled(context.env);
        }
        if self.is_started() {
            dispatch(&mut self.plugin, self.events, event, context)
        } else {
            Answer::code(sys::PLUGIN_FUNC_ERROR)
        }
    }

    /// Runs the plugin's `start` before its first event, and again as long as that failed.
    fn is_started(&mut self) -> bool {
        if !self.started {
            let result = guard("start", None, || Some(self.plugin.start()));
            if let Some(Err(error)) = &result {
                logging::error(format_args!("cannot start: {error}"));
            }
            self.started = matches!(result, Some(Ok(())));
        }
        self.started
    }
}
