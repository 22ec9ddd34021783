//! The set of events a plugin wants or a host offers.

use std::ffi::c_int;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use ovpn_plugin_sys as sys;

pub(crate) fn event_name(number: c_int) -> &'static str {
    sys::event_name(number).unwrap_or("unknown event")
}

/// A set of events. Join with `|`, which also works in constants through [`EventSet::with`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct EventSet(c_int);

macro_rules! sets {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        impl EventSet {
            $($(#[$doc])* pub const $name: Self = Self(sys::plugin_mask(sys::$constant));)*
        }
    };
}
sys::for_each_event!(sets);

impl EventSet {
    /// No event.
    pub const NONE: Self = Self(0);
    /// All events this crate knows. No OpenVPN has more, and older ones have less.
    pub const ALL: Self = {
        let mut mask = 0;
        let mut at = 0;
        while at < sys::EVENT_NAMES.len() {
            mask |= sys::plugin_mask(sys::EVENT_NAMES[at].0);
            at += 1;
        }
        Self(mask)
    };

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
        Self(sys::EVENT_NAMES.iter().fold(0, |all, (event, _)| all | (mask & sys::plugin_mask(*event))))
    }

    /// The numbers of the events in the set.
    pub(crate) fn numbers(self) -> impl Iterator<Item = c_int> {
        sys::EVENT_NAMES
            .iter()
            .map(|(event, _)| *event)
            .filter(move |event| self.0 & sys::plugin_mask(*event) != 0)
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
        for &(event, name) in sys::EVENT_NAMES {
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
        assert_eq!(all.mask(), ((1 << sys::PLUGIN_N) - 1) & !(1 << 11));
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
