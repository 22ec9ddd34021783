//! The set of events a plugin wants or a host offers.

use std::ffi::c_int;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use ovpn_plugin_sys as sys;

/// The events by number with their names in OpenVPN's log.
const NAMES: [(c_int, &str); 15] = [
    (sys::PLUGIN_UP, "UP"),
    (sys::PLUGIN_DOWN, "DOWN"),
    (sys::PLUGIN_ROUTE_UP, "ROUTE_UP"),
    (sys::PLUGIN_IPCHANGE, "IPCHANGE"),
    (sys::PLUGIN_TLS_VERIFY, "TLS_VERIFY"),
    (sys::PLUGIN_AUTH_USER_PASS_VERIFY, "AUTH_USER_PASS_VERIFY"),
    (sys::PLUGIN_CLIENT_CONNECT, "CLIENT_CONNECT"),
    (sys::PLUGIN_CLIENT_DISCONNECT, "CLIENT_DISCONNECT"),
    (sys::PLUGIN_LEARN_ADDRESS, "LEARN_ADDRESS"),
    (sys::PLUGIN_CLIENT_CONNECT_V2, "CLIENT_CONNECT_V2"),
    (sys::PLUGIN_TLS_FINAL, "TLS_FINAL"),
    (sys::PLUGIN_ROUTE_PREDOWN, "ROUTE_PREDOWN"),
    (sys::PLUGIN_CLIENT_CONNECT_DEFER, "CLIENT_CONNECT_DEFER"),
    (sys::PLUGIN_CLIENT_CONNECT_DEFER_V2, "CLIENT_CONNECT_DEFER_V2"),
    (sys::PLUGIN_CLIENT_CRRESPONSE, "CLIENT_CRRESPONSE"),
];

pub(crate) fn event_name(number: c_int) -> &'static str {
    NAMES.iter().find(|(event, _)| *event == number).map_or("unknown event", |(_, name)| name)
}

/// A set of events. Join with `|`, which also works in constants through [`EventSet::with`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct EventSet(c_int);

macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident = $number:ident;)*) => {
        $($(#[$doc])* pub const $name: Self = Self(sys::plugin_mask(sys::$number));)*
    };
}

impl EventSet {
    /// No event.
    pub const NONE: Self = Self(0);
    /// All events this crate knows; as [`Plugin::optional_events`](crate::Plugin::optional_events), since no OpenVPN
    /// has more and older ones have less.
    pub const ALL: Self = {
        let mut mask = 0;
        let mut at = 0;
        while at < NAMES.len() {
            mask |= sys::plugin_mask(NAMES[at].0);
            at += 1;
        }
        Self(mask)
    };

    sets! {
        /// The tunnel device is open.
        UP = PLUGIN_UP;
        /// The tunnel device was closed.
        DOWN = PLUGIN_DOWN;
        /// Routes were added.
        ROUTE_UP = PLUGIN_ROUTE_UP;
        /// The address of the peer became known or changed.
        IPCHANGE = PLUGIN_IPCHANGE;
        /// A certificate is to be judged.
        TLS_VERIFY = PLUGIN_TLS_VERIFY;
        /// Username and password are to be judged.
        AUTH_USER_PASS_VERIFY = PLUGIN_AUTH_USER_PASS_VERIFY;
        /// A client connects; configuration by file.
        CLIENT_CONNECT = PLUGIN_CLIENT_CONNECT;
        /// A client left.
        CLIENT_DISCONNECT = PLUGIN_CLIENT_DISCONNECT;
        /// An address was learned, changed or forgotten.
        LEARN_ADDRESS = PLUGIN_LEARN_ADDRESS;
        /// A client connects; configuration by list.
        CLIENT_CONNECT_V2 = PLUGIN_CLIENT_CONNECT_V2;
        /// The TLS negotiation is complete.
        TLS_FINAL = PLUGIN_TLS_FINAL;
        /// Routes are about to be removed.
        ROUTE_PREDOWN = PLUGIN_ROUTE_PREDOWN;
        /// The result of a deferred `CLIENT_CONNECT` is asked for (OpenVPN 2.5 and later).
        CLIENT_CONNECT_DEFER = PLUGIN_CLIENT_CONNECT_DEFER;
        /// The result of a deferred `CLIENT_CONNECT_V2` is asked for (OpenVPN 2.5 and later).
        CLIENT_CONNECT_DEFER_V2 = PLUGIN_CLIENT_CONNECT_DEFER_V2;
        /// A client answered a challenge (OpenVPN 2.6 and later).
        CLIENT_CRRESPONSE = PLUGIN_CLIENT_CRRESPONSE;
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The events of OpenVPN's mask; bits of unknown and removed events are dropped.
    pub(crate) fn from_mask(mask: c_int) -> Self {
        Self(NAMES.iter().fold(0, |all, (event, _)| all | (mask & sys::plugin_mask(*event))))
    }

    /// The numbers of the events in the set.
    pub(crate) fn numbers(self) -> impl Iterator<Item = c_int> {
        NAMES.iter().map(|(event, _)| *event).filter(move |event| self.0 & sys::plugin_mask(*event) != 0)
    }

    pub(crate) fn mask(self) -> c_int {
        self.0
    }
}

impl BitOr for EventSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl BitOrAssign for EventSet {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.with(other);
    }
}

impl fmt::Display for EventSet {
    /// The names as OpenVPN logs them, separated by ` | `.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (event, name) in NAMES {
            if self.0 & sys::plugin_mask(event) != 0 {
                write!(out, "{separator}{name}")?;
                separator = " | ";
            }
        }
        if self.is_empty() { out.write_str("none") } else { Ok(()) }
    }
}

impl fmt::Debug for EventSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EventSet({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_removed_bits_are_dropped() {
        let all = EventSet::from_mask(-1);
        assert_eq!(all.mask(), 0xffff & !(1 << 11));
        assert_eq!(all, EventSet::ALL);
        assert_eq!(EventSet::from_mask(1 << 11), EventSet::NONE);
    }

    #[test]
    fn set_operations_and_names() {
        let set = EventSet::UP | EventSet::DOWN;
        assert!(set.contains(EventSet::UP));
        assert!(!EventSet::UP.contains(set));
        assert_eq!(set.without(EventSet::UP), EventSet::DOWN);
        assert_eq!(set.to_string(), "UP | DOWN");
        assert_eq!(EventSet::NONE.to_string(), "none");
        assert_eq!(event_name(5), "AUTH_USER_PASS_VERIFY");
        assert_eq!(event_name(11), "unknown event");
    }
}
