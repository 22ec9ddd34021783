//! Whose question it is: only the same user with the same certificate, from the same source, can answer it.

use std::net::{IpAddr, Ipv6Addr};

use crate::AuthUserPassVerify;

/// Where a client comes from: an IPv4 address, or the first 64 bits of an IPv6 address, within which clients change theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Address(IpAddr),
    /// OpenVPN has named none, or none that can be read.
    Unknown,
}

impl Source {
    fn of(text: Option<&str>) -> Self {
        let address = text.and_then(|text| text.split('%').next()?.parse().ok());
        address.map_or(Self::Unknown, |address: IpAddr| Self::Address(network(address.to_canonical())))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

/// Who was asked.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) username: Vec<u8>,
    common_name: Vec<u8>,
    /// Where the login came from.
    pub(super) source: Source,
    /// Whether the answer must come from there, too.
    to_source: bool,
}

impl Binding {
    /// Of a login. `to_source`: the answer must come from where the login comes from.
    pub(super) fn of(event: &AuthUserPassVerify<'_>, to_source: bool) -> Self {
        let source = Source::of(event.untrusted_ip());
        Self { source, to_source, ..Self::of_names(event.username(), event.common_name()) }
    }

    /// Wherever the user is.
    pub(super) fn of_names(username: Option<&[u8]>, common_name: Option<&[u8]>) -> Self {
        let owned = |name: Option<&[u8]>| name.unwrap_or_default().to_vec();
        let (username, common_name) = (owned(username), owned(common_name));
        Self { username, common_name, source: Source::Unknown, to_source: false }
    }

    /// Whether this login answers the question.
    pub(super) fn is_answered_by(&self, login: &Self) -> bool {
        self.is_same_user(login) && (!self.to_source || self.source == login.source)
    }

    /// Whether it is the same user with the same certificate, wherever they are.
    pub(super) fn is_same_user(&self, other: &Self) -> bool {
        (&self.username, &self.common_name) == (&other.username, &other.common_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    fn binding(name: &str, common_name: &str, address: &str) -> Binding {
        let variable = if address.contains(':') { "untrusted_ip6" } else { "untrusted_ip" };
        let call =
            CallData::new().env("username", name).env("common_name", common_name).env(variable, address);
        Binding::of(&call.event(), true)
    }

    #[test]
    fn user_certificate_and_source_are_the_same() {
        let joe = binding("joe", "laptop", "192.0.2.1");
        assert!(joe.is_answered_by(&binding("joe", "laptop", "::ffff:192.0.2.1")));
        for other in [
            binding("Joe", "laptop", "192.0.2.1"),
            binding("joe", "phone", "192.0.2.1"),
            binding("joe", "laptop", "192.0.2.2"),
            binding("joe", "laptop", ""),
        ] {
            assert!(!joe.is_answered_by(&other));
        }
        let v6 = binding("joe", "", "2001:db8:1:2::7");
        assert!(v6.is_answered_by(&binding("joe", "", "2001:db8:1:2:ffff::1")));
        assert!(!v6.is_answered_by(&binding("joe", "", "2001:db8:1:3::7")));
        let link_local = binding("joe", "", "fe80::1%eth0");
        assert!(link_local.is_answered_by(&binding("joe", "", "fe80::2%eth1")));
    }

    #[test]
    fn the_source_can_be_left_out() {
        let of = |address: &str| {
            let call = CallData::new().env("username", "joe").env("untrusted_ip", address);
            Binding::of(&call.event(), false)
        };
        assert!(of("192.0.2.1").is_answered_by(&of("192.0.2.2")));
    }
}
