//! The events a script can be run at.

use ovpn_plugin::EventSet;

privsep::wire! {
    /// An event.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Event {
        /// The tunnel device was closed.
        1 => Down,
        /// The tunnel device is open again.
        2 => Up,
        /// Routes were added.
        3 => RouteUp,
        /// Routes are about to be removed.
        4 => RoutePredown,
        /// The peer's address became known or changed.
        5 => IpChange,
        /// A client connects.
        6 => ClientConnect,
        /// A client left.
        7 => ClientDisconnect,
        /// An address was learned, changed or forgotten.
        8 => LearnAddress,
    }
}

impl Event {
    /// Those of the option `on=`.
    pub const OPTIONAL: [Event; 6] = [
        Event::RouteUp,
        Event::RoutePredown,
        Event::IpChange,
        Event::ClientConnect,
        Event::ClientDisconnect,
        Event::LearnAddress,
    ];

    /// Its name in the option `on=`, in messages, and as OpenVPN's `script_type`.
    pub fn name(self) -> &'static str {
        match self {
            Event::Down => "down",
            Event::Up => "up",
            Event::RouteUp => "route-up",
            Event::RoutePredown => "route-pre-down",
            Event::IpChange => "ipchange",
            Event::ClientConnect => "client-connect",
            Event::ClientDisconnect => "client-disconnect",
            Event::LearnAddress => "learn-address",
        }
    }

    /// The event with this name, if `on=` knows it.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::OPTIONAL.into_iter().find(|event| event.name().as_bytes() == name)
    }

    /// OpenVPN's event.
    pub fn in_openvpn(self) -> EventSet {
        match self {
            Event::Down => EventSet::DOWN,
            Event::Up => EventSet::UP,
            Event::RouteUp => EventSet::ROUTE_UP,
            Event::RoutePredown => EventSet::ROUTE_PREDOWN,
            Event::IpChange => EventSet::IPCHANGE,
            Event::ClientConnect => EventSet::CLIENT_CONNECT,
            Event::ClientDisconnect => EventSet::CLIENT_DISCONNECT,
            Event::LearnAddress => EventSet::LEARN_ADDRESS,
        }
    }

    /// Whether the answer lets a client in or an address be used. Then a script that failed is never ignored.
    pub fn decides(self) -> bool {
        matches!(self, Event::ClientConnect | Event::LearnAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for event in Event::OPTIONAL {
            assert_eq!(Event::from_name(event.name().as_bytes()), Some(event));
        }
        assert_eq!(Event::from_name(b"down"), None);
        assert_eq!(Event::from_name(b"tls-verify"), None);
    }
}
