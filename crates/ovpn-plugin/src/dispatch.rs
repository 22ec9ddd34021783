//! From the number of an event to the plugin's method, and from its reply to OpenVPN's code.

use std::ffi::{CString, c_int};

use ovpn_plugin_sys as sys;

use crate::events::{Context, Event};
use crate::{EventSet, Plugin, logging};

/// What the host is told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: c_int,
    pub(crate) config: Option<CString>,
}

impl Answer {
    pub(crate) const fn code(code: c_int) -> Self {
        Self { code, config: None }
    }
}

/// Says that a method is missing which the plugin's events call for.
pub(crate) fn unanswered(method: &str) {
    logging::error(format_args!("the plugin asked for an event but has no method {method}: rejected"));
}

/// `taken`: the events OpenVPN passes to the plugin.
pub(crate) fn dispatch<P: Plugin>(
    plugin: &mut P,
    taken: EventSet,
    event: c_int,
    context: Context<'_>,
) -> Answer {
    match event {
        sys::PLUGIN_UP => plugin.up(&Event::new(context)).into(),
        sys::PLUGIN_DOWN => plugin.down(&Event::new(context)).into(),
        sys::PLUGIN_ROUTE_UP => plugin.route_up(&Event::new(context)).into(),
        sys::PLUGIN_IPCHANGE => plugin.ipchange(&Event::new(context)).into(),
        sys::PLUGIN_TLS_VERIFY => plugin.tls_verify(&Event::new(context)).into(),
        sys::PLUGIN_AUTH_USER_PASS_VERIFY => {
            let event = Event::new(context);
            plugin.auth_user_pass_verify(&event).deliver(&event)
        }
        sys::PLUGIN_CLIENT_CONNECT => {
            let event = Event::new(context);
            plugin.client_connect(&event).checked(&event, taken).into()
        }
        sys::PLUGIN_CLIENT_DISCONNECT => plugin.client_disconnect(&Event::new(context)).into(),
        sys::PLUGIN_LEARN_ADDRESS => plugin.learn_address(&Event::new(context)).into(),
        sys::PLUGIN_CLIENT_CONNECT_V2 => plugin.client_connect_v2(&Event::new(context)).checked(taken).into(),
        sys::PLUGIN_TLS_FINAL => plugin.tls_final(&Event::new(context)).into(),
        sys::PLUGIN_ROUTE_PREDOWN => plugin.route_predown(&Event::new(context)).into(),
        sys::PLUGIN_CLIENT_CONNECT_DEFER => plugin.client_connect_defer(&Event::new(context)).into(),
        sys::PLUGIN_CLIENT_CONNECT_DEFER_V2 => plugin.client_connect_defer_v2(&Event::new(context)).into(),
        sys::PLUGIN_CLIENT_CRRESPONSE => plugin.client_crresponse(&Event::new(context)).into(),
        unknown => {
            logging::error(format_args!(
                "event {unknown} is not known to this plugin: answered with failure"
            ));
            Answer::code(sys::PLUGIN_FUNC_ERROR)
        }
    }
}
