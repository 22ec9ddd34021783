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

/// A reply and the event it belongs to.
pub(crate) trait Deliver<E> {
    /// Does what the reply takes besides its code, and gives that. `taken`: the events OpenVPN passes to the plugin.
    fn deliver(self, event: &E, taken: EventSet) -> Answer;
}

macro_rules! dispatch {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        /// `taken`: the events OpenVPN passes to the plugin.
        pub(crate) fn dispatch<P: Plugin>(
            plugin: &mut P,
            taken: EventSet,
            event: c_int,
            context: Context<'_>,
        ) -> Answer {
            match event {
                $(sys::$constant => {
                    let event = Event::new(context);
                    plugin.$method(&event).deliver(&event, taken)
                })*
                unknown => {
                    logging::error(format_args!(
                        "event {unknown} is not known to this plugin: answered with failure"
                    ));
                    Answer::code(sys::PLUGIN_FUNC_ERROR)
                }
            }
        }
    };
}
sys::for_each_event!(dispatch);
