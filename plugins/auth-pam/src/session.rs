//! What is said of a PAM session besides its transaction: the addresses it is opened with, and how the connection was used.

use std::net::{Ipv4Addr, Ipv6Addr};

use privsep::{Reader, WireError, Writer};

/// The addresses that OpenVPN gives the client inside the tunnel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assigned {
    /// IPv4.
    pub ipv4: Option<Ipv4Addr>,
    /// IPv6.
    pub ipv6: Option<Ipv6Addr>,
}

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
    pub why: Why,
}

/// Why a session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// OpenVPN has said that the client is disconnected.
    Disconnected,
    /// The client is gone, and OpenVPN has not said that it was ever connected: a later check refused it.
    NotConnected,
    /// OpenVPN has ended.
    OpenVpnEnded,
    /// It is not closed but lost, and the client is still there.
    StillConnected,
}

impl Why {
    const ALL: [Self; 4] = [Self::Disconnected, Self::NotConnected, Self::OpenVpnEnded, Self::StillConnected];

    /// The word for it, in the log and for PAM modules.
    pub fn word(self) -> &'static str {
        match self {
            Why::Disconnected => "disconnected",
            Why::NotConnected => "not-connected",
            Why::OpenVpnEnded => "openvpn-ended",
            Why::StillConnected => "still-connected",
        }
    }

    fn number(self) -> u8 {
        match self {
            Why::Disconnected => 1,
            Why::NotConnected => 2,
            Why::OpenVpnEnded => 3,
            Why::StillConnected => 4,
        }
    }
}

impl Assigned {
    /// Encodes it.
    pub fn write(&self, to: &mut Writer) {
        to.flag(self.ipv4.is_some());
        if let Some(address) = self.ipv4 {
            to.u32(address.to_bits());
        }
        to.flag(self.ipv6.is_some());
        if let Some(address) = self.ipv6 {
            address.octets().into_iter().for_each(|octet| to.u8(octet));
        }
    }

    /// The other way round.
    pub fn read(from: &mut Reader<'_>) -> Result<Self, WireError> {
        let ipv4 = if from.flag("IPv4 address")? { Some(Ipv4Addr::from_bits(from.u32()?)) } else { None };
        let mut octets = [0; 16];
        let ipv6 = if from.flag("IPv6 address")? {
            for octet in &mut octets {
                *octet = from.u8()?;
            }
            Some(Ipv6Addr::from(octets))
        } else {
            None
        };
        Ok(Assigned { ipv4, ipv6 })
    }

    /// The addresses for the log.
    pub fn shown(&self) -> String {
        let ipv4 = self.ipv4.map(|address| address.to_string());
        let all: Vec<String> = ipv4.into_iter().chain(self.ipv6.map(|address| address.to_string())).collect();
        if all.is_empty() { "-".into() } else { all.join(",") }
    }
}

impl Usage {
    /// Where nothing is known but that it is over.
    pub fn unknown(why: Why) -> Self {
        Usage { received_bytes: None, sent_bytes: None, seconds: None, why }
    }

    /// Encodes it.
    pub fn write(&self, to: &mut Writer) {
        for number in [self.received_bytes, self.sent_bytes, self.seconds] {
            to.flag(number.is_some());
            if let Some(number) = number {
                to.u64(number);
            }
        }
        to.u8(self.why.number());
    }

    /// The other way round.
    pub fn read(from: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut number = |field| if from.flag(field)? { from.u64().map(Some) } else { Ok(None) };
        let (received_bytes, sent_bytes, seconds) =
            (number("bytes received")?, number("bytes sent")?, number("seconds")?);
        let why = from.u8()?;
        let why = Why::ALL
            .into_iter()
            .find(|known| known.number() == why)
            .ok_or(WireError::Unknown { field: "why a session is closed", value: why.into() })?;
        Ok(Usage { received_bytes, sent_bytes, seconds, why })
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        pub fn assigned()(ipv4 in any::<Option<Ipv4Addr>>(), ipv6 in any::<Option<Ipv6Addr>>()) -> Assigned {
            Assigned { ipv4, ipv6 }
        }
    }

    prop_compose! {
        pub fn usage()(received_bytes: Option<u64>, sent_bytes: Option<u64>, seconds: Option<u64>, why in 0..4usize) -> Usage {
            Usage { received_bytes, sent_bytes, seconds, why: Why::ALL[why] }
        }
    }

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
