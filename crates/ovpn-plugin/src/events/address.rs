//! An address a client has inside the tunnel, as OpenVPN prints it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An address that was learned: of a client, of a network behind it (`iroute`), or with `dev tap` of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// IPv4, with the length of the prefix if it is a network.
    V4 {
        /// The address.
        address: Ipv4Addr,
        /// Bits of the network.
        prefix: Option<u8>,
    },
    /// IPv6, with the length of the prefix if it is a network.
    V6 {
        /// The address.
        address: Ipv6Addr,
        /// Bits of the network.
        prefix: Option<u8>,
    },
    /// Ethernet, with the VLAN if there is one.
    Mac {
        /// The address.
        address: [u8; 6],
        /// Number of the VLAN.
        vlan: Option<u16>,
    },
}

impl Address {
    /// `None` for what is none of the three.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some((address, vlan)) = with_number(text, '@').filter(|(address, _)| address.len() == 17) {
            return Some(Self::Mac { address: mac(address)?, vlan });
        }
        let (address, prefix) = with_number(text, '/')?;
        if let Ok(address) = address.parse() {
            return (prefix.is_none_or(|bits| bits <= 32)).then_some(Self::V4 { address, prefix });
        }
        let address = address.parse().ok()?;
        (prefix.is_none_or(|bits| bits <= 128)).then_some(Self::V6 { address, prefix })
    }
}

fn with_number<N: std::str::FromStr>(text: &str, mark: char) -> Option<(&str, Option<N>)> {
    match text.split_once(mark) {
        None => Some((text, None)),
        Some((text, number)) => Some((text, Some(number.parse().ok()?))),
    }
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2 && !part.starts_with('+'))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_kinds() {
        let v4 = |prefix| Some(Address::V4 { address: Ipv4Addr::new(10, 8, 0, 6), prefix });
        assert_eq!(Address::parse("10.8.0.6"), v4(None));
        assert_eq!(Address::parse("10.8.0.6/24"), v4(Some(24)));
        let v6 = |prefix| Some(Address::V6 { address: "fd00::6".parse().unwrap(), prefix });
        assert_eq!(Address::parse("fd00::6"), v6(None));
        assert_eq!(Address::parse("fd00::6/64"), v6(Some(64)));
        let mac = |vlan| Some(Address::Mac { address: [0, 0x1a, 0x2b, 3, 4, 0xff], vlan });
        assert_eq!(Address::parse("00:1a:2b:03:04:ff"), mac(None));
        assert_eq!(Address::parse("00:1a:2b:03:04:ff@12"), mac(Some(12)));
    }

    #[test]
    fn what_is_none_of_them() {
        for text in ["", "10.8.0", "10.8.0.6/33", "fd00::/129", "10.8.0.6/", "0:1a:2b:03:04:ff:0", "client"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
        assert_eq!(Address::parse("00:1a:2b:03:04:fg"), None);
        assert_eq!(Address::parse("00:1a:2b:03:04:+f"), None);
        assert_eq!(Address::parse("00:1a:2b:03:04:ff@x"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[0-9a-f:.@/+]{0,24}|.{0,24}") {
            let _ = Address::parse(&text);
        }
    }
}
