//! What is said of a PAM session besides its transaction: the addresses it is opened with, and how the connection was used.

use std::net::{Ipv4Addr, Ipv6Addr};

privsep::wire! {
    /// The addresses that OpenVPN gives the client inside the tunnel.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Assigned {
        /// IPv4.
        pub ipv4: Option<Ipv4Addr>,
        /// IPv6.
        pub ipv6: Option<Ipv6Addr>,
    }
}

privsep::wire! {
    /// How the connection was used; `None`: OpenVPN has not said.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Usage {
        /// Bytes from the client.
        pub received_bytes: Option<u64>,
        /// Bytes to the client.
        pub sent_bytes: Option<u64>,
        /// How long it was connected.
        pub seconds: Option<u64>,
        /// Why it is over.
        pub why: CloseReason,
    }
}

privsep::wire! {
    /// Why a session is closed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum CloseReason {
        /// OpenVPN has said that the client is disconnected.
        1 => Disconnected,
        /// The client is gone, and OpenVPN has not said that it was ever connected: a later check refused it.
        2 => NotConnected,
        /// OpenVPN has ended.
        3 => OpenVpnEnded,
        /// It is not closed but lost, and the client is still there.
        4 => StillConnected,
    }
}

impl CloseReason {
    /// The word for it, in the log and for PAM modules.
    pub fn word(self) -> &'static str {
        match self {
            CloseReason::Disconnected => "disconnected",
            CloseReason::NotConnected => "not-connected",
            CloseReason::OpenVpnEnded => "openvpn-ended",
            CloseReason::StillConnected => "still-connected",
        }
    }
}

impl Assigned {
    /// The addresses for the log.
    pub fn shown(&self) -> String {
        let ipv4 = self.ipv4.map(|address| address.to_string());
        let all: Vec<String> = ipv4.into_iter().chain(self.ipv6.map(|address| address.to_string())).collect();
        if all.is_empty() { "-".into() } else { all.join(",") }
    }
}

impl Usage {
    /// Where nothing is known but that it is over.
    pub fn unknown(why: CloseReason) -> Self {
        Usage { received_bytes: None, sent_bytes: None, seconds: None, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown() {
        let (ipv4, ipv6) = (Ipv4Addr::new(10, 8, 0, 2), Ipv6Addr::LOCALHOST);
        for (assigned, shown) in [
            (Assigned::default(), "-"),
            (Assigned { ipv4: Some(ipv4), ipv6: None }, "10.8.0.2"),
            (Assigned { ipv4: Some(ipv4), ipv6: Some(ipv6) }, "10.8.0.2,::1"),
        ] {
            assert_eq!(assigned.shown(), shown);
        }
    }
}
