//! What OpenVPN's handle points to: the plugin, and what is remembered about it.

use std::ffi::c_int;
use std::time::Duration;

use ovpn_plugin_sys as sys;

use super::{Client, coarse};
use crate::dispatch::{HostReply, dispatch};
use crate::error::WithCauses;
use crate::event_set::event_name;
use crate::events::Context;
use crate::panic_guard::guard;
use crate::{EventSet, MissingEvents, OpenArgs, Plugin, Result, SslApi, lines, logging};

/// From here on it is said how long an event took: OpenVPN has served nobody meanwhile.
const LONG: Duration = Duration::from_secs(1);

#[cold]
fn held_up(event: c_int, took: Duration) {
    let can_defer = matches!(event, sys::PLUGIN_AUTH_USER_PASS_VERIFY | sys::PLUGIN_CLIENT_CONNECT);
    let advice = if can_defer { "; a plugin can defer this event" } else { "" };
    logging::say(lines::held_up(event_name(event), format_args!("{:.1}", took.as_secs_f64()), advice));
}

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
    pub(crate) fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let plugin = P::open(args)?;
        let (required, optional) = P::ADD_THE_ATTRIBUTE_OVPN_PLUGIN_PLUGIN;
        let unwanted = plugin.unwanted_events();
        let required = EventSet::from_mask(required).without(unwanted);
        let optional = EventSet::from_mask(optional).without(unwanted);
        let missing = required.without(args.offered());
        if !missing.is_empty() {
            return Err(MissingEvents(missing).into());
        }
        let events = required | optional.intersection(args.offered());
        if events.is_empty() {
            logging::say(lines::no_events());
        }
        Ok(Self { plugin, ssl_api: args.ssl_api(), events, started: false })
    }

    /// Has the plugin answer one event.
    pub(crate) fn pass(&mut self, event: c_int, context: Context<'_>) -> HostReply {
        if !self.started {
            logging::settled(context.env);
        }
        let progress = context.client.map(Client::progress);
        let refused = progress.is_some_and(|progress| progress.before(event, &context));
        let answer = if self.is_started() {
            let before = coarse();
            let answer = dispatch(&mut self.plugin, self.events, event, context);
            let took = coarse().saturating_sub(before);
            if took > LONG {
                held_up(event, took);
            }
            answer
        } else {
            HostReply::code(sys::PLUGIN_FUNC_ERROR)
        };
        if let Some(progress) = progress {
            progress.after(event, refused, answer.code);
        }
        answer
    }

    /// Runs the plugin's `start` before its first event, and again as long as that failed.
    fn is_started(&mut self) -> bool {
        if !self.started {
            let result = guard("start", None, || Some(self.plugin.start()));
            if let Some(Err(error)) = &result {
                logging::say(lines::cannot_start(WithCauses(&**error)));
            }
            self.started = matches!(result, Some(Ok(())));
        }
        self.started
    }
}
