//! Where an attempt comes from, for fairness: a user with one IPv6 address has a whole /64 of them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// How many leading bits of an address make a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefixes {
    /// Of an IPv4 address; more than 32 is 32.
    pub ipv4: u8,
    /// Of an IPv6 address; more than 128 is 128.
    pub ipv6: u8,
}

impl Default for Prefixes {
    fn default() -> Self {
        Prefixes { ipv4: 32, ipv6: 64 }
    }
}

/// A source. The numbers are addresses without the bits behind the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// No address, or none that can be read.
    Unknown,
    /// An IPv4 network, by default of one address.
    V4(u32),
    /// An IPv6 network.
    V6(u128),
}

impl Source {
    /// The source of an address, in text as OpenVPN prints it.
    pub fn of(address: &[u8], prefixes: Prefixes) -> Source {
        let Ok(text) = std::str::from_utf8(address) else { return Source::Unknown };
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Source::v4(address, prefixes);
        }
        // A link-local address names its interface; the network is the same on each.
        let text = text.split_once('%').map_or(text, |(address, _scope)| address);
        match text.parse::<Ipv6Addr>() {
            // A socket that takes both families shows IPv4 clients so.
            Ok(address) => match address.to_ipv4_mapped() {
                Some(mapped) => Source::v4(mapped, prefixes),
                None => Source::V6(u128::from(address) & mask_v6(prefixes)),
            },
            Err(_) => Source::Unknown,
        }
    }

    /// For the log: a lone address as it is, a network with its prefix.
    pub fn display(self, prefixes: Prefixes) -> impl fmt::Display {
        Shown(self, prefixes)
    }

    fn v4(address: Ipv4Addr, prefixes: Prefixes) -> Source {
        let hidden = 32 - u32::from(prefixes.ipv4.min(32));
        Source::V4(u32::from(address) & u32::MAX.checked_shl(hidden).unwrap_or(0))
    }
}

fn mask_v6(prefixes: Prefixes) -> u128 {
    let hidden = 128 - u32::from(prefixes.ipv6.min(128));
    u128::MAX.checked_shl(hidden).unwrap_or(0)
}

struct Shown(Source, Prefixes);

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(source, prefixes) = self;
        match *source {
            Source::Unknown => formatter.write_str("unknown address"),
            Source::V4(network) if prefixes.ipv4 >= 32 => Ipv4Addr::from(network).fmt(formatter),
            Source::V4(network) => write!(formatter, "{}/{}", Ipv4Addr::from(network), prefixes.ipv4),
            Source::V6(network) if prefixes.ipv6 >= 128 => Ipv6Addr::from(network).fmt(formatter),
            Source::V6(network) => write!(formatter, "{}/{}", Ipv6Addr::from(network), prefixes.ipv6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Source {
        Source::of(text.as_bytes(), Prefixes::default())
    }

    fn shown(text: &str, ipv4: u8, ipv6: u8) -> String {
        let prefixes = Prefixes { ipv4, ipv6 };
        Source::of(text.as_bytes(), prefixes).display(prefixes).to_string()
    }

    #[test]
    fn an_ipv4_address_is_a_source_of_its_own() {
        assert_eq!(of("192.0.2.7"), Source::V4(0xc000_0207));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn the_addresses_of_an_ipv6_64_are_one_source() {
        assert_eq!(of("2001:db8::1"), Source::V6(0x2001_0db8 << 96));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }

    #[test]
    fn a_scope_is_ignored() {
        assert_eq!(of("fe80::1%eth0"), of("fe80::2"));
        assert_eq!(of("192.0.2.7%eth0"), Source::Unknown);
    }

    #[test]
    fn an_ipv4_address_within_ipv6_is_ipv4() {
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_eq!(of("::ffff:192.0.2.7%eth0"), of("192.0.2.7"));
        assert_ne!(of("::192.0.2.7"), of("192.0.2.7"));
    }

    #[test]
    fn anything_else_is_unknown() {
        for text in
            ["", " 192.0.2.7", "192.0.2.7 ", "192.0.2", "192.0.2.7:1194", "[2001:db8::1]", "%eth0", "host"]
        {
            assert_eq!(of(text), Source::Unknown, "{text}");
        }
        assert_eq!(Source::of(b"192.0.2.7\xff", Prefixes::default()), Source::Unknown);
    }

    #[test]
    fn prefixes_can_be_chosen_up_to_nothing_and_everything() {
        let all = Prefixes { ipv4: 0, ipv6: 0 };
        assert_eq!(Source::of(b"192.0.2.7", all), Source::V4(0));
        assert_eq!(Source::of(b"2001:db8::1", all), Source::V6(0));
        let beyond = Prefixes { ipv4: 255, ipv6: 255 };
        assert_eq!(Source::of(b"192.0.2.7", beyond), of("192.0.2.7"));
        assert_eq!(Source::of(b"2001:db8::1", beyond), Source::V6((0x2001_0db8 << 96) | 1));
    }

    #[test]
    fn the_log_shows_an_address_or_a_network() {
        assert_eq!(shown("192.0.2.7", 32, 64), "192.0.2.7");
        assert_eq!(shown("192.0.2.7", 24, 64), "192.0.2.0/24");
        assert_eq!(shown("2001:db8::1", 32, 64), "2001:db8::/64");
        assert_eq!(shown("2001:db8::1", 32, 128), "2001:db8::1");
        assert_eq!(shown("?", 32, 64), "unknown address");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, ipv4: u8, ipv6: u8) {
            let prefixes = Prefixes { ipv4, ipv6 };
            let _ = Source::of(&bytes, prefixes).display(prefixes).to_string();
        }

        #[test]
        fn two_addresses_are_one_source_if_they_share_the_prefix(a: u128, b: u128, ipv6 in 0u8..=128) {
            prop_assume!(a >> 32 != 0xffff && b >> 32 != 0xffff);
            let prefixes = Prefixes { ipv4: 32, ipv6 };
            let of = |address: u128| Source::of(Ipv6Addr::from(address).to_string().as_bytes(), prefixes);
            let same = ipv6 == 0 || (a ^ b) >> (128 - ipv6) == 0;
            prop_assert_eq!(of(a) == of(b), same);
            prop_assert_eq!(of(a), of(of_number(of(a))));
        }
    }

    fn of_number(source: Source) -> u128 {
        if let Source::V6(network) = source { network } else { 0 }
    }
}
