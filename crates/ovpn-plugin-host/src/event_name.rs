//! What OpenVPN calls its events.

use ovpn_plugin_sys as sys;

/// The name of an event by its number, as in OpenVPN's log without `PLUGIN_`. `None` for numbers that no OpenVPN has.
#[must_use]
pub fn event_name(event: i32) -> Option<&'static str> {
    sys::EVENT_NAMES.iter().find(|(number, _)| *number == event).map(|(_, name)| *name)
}
