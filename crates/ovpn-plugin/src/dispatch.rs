//! From the number of an event to the plugin's method, and from its reply to OpenVPN's code.

use std::error::Error;
use std::ffi::{CString, c_int};

use ovpn_plugin_sys as sys;

use crate::error::WithCauses;
use crate::event_set::event_name;
use crate::events::{Context, Event};
use crate::{EventSet, Plugin, Result, lines, logging};

/// What the host gets.
#[derive(Debug)]
pub(crate) struct HostReply {
    pub(crate) code: c_int,
    pub(crate) config: Option<CString>,
}

impl HostReply {
    pub(crate) const fn code(code: c_int) -> Self {
        Self { code, config: None }
    }
}

/// Says that a method is missing although OpenVPN passes its event.
pub(crate) fn unanswered(method: &str) {
    logging::say(lines::no_method(method));
}

/// A reply and the event it belongs to.
pub(crate) trait Deliver<E>: Sized {
    /// Does what the reply takes besides its code, and gives that. `taken`: the events OpenVPN passes to the plugin.
    fn deliver(self, event: &E, taken: EventSet) -> HostReply;

    /// The reply that an error of the method stands for.
    ///
    /// # Errors
    /// The same error, which stands for none.
    fn from_error(error: Box<dyn Error + Send + Sync>) -> Result<Self> {
        Err(error)
    }
}

macro_rules! dispatch {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        /// `taken`: the events OpenVPN passes to the plugin.
        pub(crate) fn dispatch<P: Plugin>(
            plugin: &mut P,
            taken: EventSet,
            number: c_int,
            context: Context<'_>,
        ) -> HostReply {
            match number {
                $(sys::$constant => {
                    let event = Event::new(context);
                    match plugin.$method(&event).or_else(Deliver::<$crate::$event<'_>>::from_error) {
                        Ok(reply) => reply.deliver(&event, taken),
                        Err(error) => failed(number, &*error),
                    }
                })*
                unknown => {
                    logging::say(lines::unknown_event(unknown));
                    HostReply::code(sys::PLUGIN_FUNC_ERROR)
                }
            }
        }
    };
}
sys::for_each_event!(dispatch);

/// What a panic would be answered with, too.
#[cold]
fn failed(event: c_int, error: &(dyn Error + 'static)) -> HostReply {
    logging::say(lines::event_failed(event_name(event), WithCauses(error)));
    HostReply::code(sys::PLUGIN_FUNC_ERROR)
}
