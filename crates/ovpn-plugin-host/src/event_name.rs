//! What OpenVPN calls its events.

use ovpn_plugin_sys as sys;

/// The name of an event by its number, as in OpenVPN's log without `PLUGIN_`. `None` for numbers that no OpenVPN has.
#[must_use]
pub fn event_name(event: i32) -> Option<&'static str> {
    Some(match event {
        sys::PLUGIN_UP => "UP",
        sys::PLUGIN_DOWN => "DOWN",
        sys::PLUGIN_ROUTE_UP => "ROUTE_UP",
        sys::PLUGIN_IPCHANGE => "IPCHANGE",
        sys::PLUGIN_TLS_VERIFY => "TLS_VERIFY",
        sys::PLUGIN_AUTH_USER_PASS_VERIFY => "AUTH_USER_PASS_VERIFY",
        sys::PLUGIN_CLIENT_CONNECT => "CLIENT_CONNECT",
        sys::PLUGIN_CLIENT_DISCONNECT => "CLIENT_DISCONNECT",
        sys::PLUGIN_LEARN_ADDRESS => "LEARN_ADDRESS",
        sys::PLUGIN_CLIENT_CONNECT_V2 => "CLIENT_CONNECT_V2",
        sys::PLUGIN_TLS_FINAL => "TLS_FINAL",
        sys::PLUGIN_ROUTE_PREDOWN => "ROUTE_PREDOWN",
        sys::PLUGIN_CLIENT_CONNECT_DEFER => "CLIENT_CONNECT_DEFER",
        sys::PLUGIN_CLIENT_CONNECT_DEFER_V2 => "CLIENT_CONNECT_DEFER_V2",
        sys::PLUGIN_CLIENT_CRRESPONSE => "CLIENT_CRRESPONSE",
        _ => return None,
    })
}
