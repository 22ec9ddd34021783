//! What several events say of the peer: its addresses, its names and its certificate.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::Env;

/// `<prefix>_ip6` or `<prefix>_ip`, as OpenVPN prints it.
pub(crate) fn ip<'a>(env: Env<'a>, names: [&str; 2]) -> Option<&'a str> {
    names.into_iter().find_map(|name| env.get_str(name))
}

/// An address with its port; a link-local one with its scope if that is a number.
pub(super) fn socket_address(ip: &str, port: u16) -> Option<SocketAddr> {
    let Some((ip, scope)) = ip.split_once('%') else {
        return ip.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port));
    };
    let ip: Ipv6Addr = ip.parse().ok()?;
    Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, scope.parse().unwrap_or(0))))
}

/// Gives events the address of a peer that is not authenticated yet.
macro_rules! untrusted_peer {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The peer's address as OpenVPN prints it, IPv6 preferred (`untrusted_ip6`, `untrusted_ip`); a link-local
            /// one ends in `%` and the network interface. The peer has not been authenticated.
            #[must_use]
            pub fn untrusted_ip(&self) -> Option<&'a str> {
                $crate::events::peer::ip(self.env(), ["untrusted_ip6", "untrusted_ip"])
            }

            /// The peer's port (`untrusted_port`).
            #[must_use]
            pub fn untrusted_port(&self) -> Option<u16> {
                self.env().get_number("untrusted_port")
            }

            /// Both; `None` if one is missing or malformed.
            #[must_use]
            pub fn untrusted_address(&self) -> Option<::std::net::SocketAddr> {
                $crate::events::peer::socket_address(self.untrusted_ip()?, self.untrusted_port()?)
            }
        }
    )*};
}
pub(super) use untrusted_peer;

/// Gives events the address of an authenticated peer.
macro_rules! trusted_peer {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The peer's address as OpenVPN prints it, IPv6 preferred (`trusted_ip6`, `trusted_ip`); a link-local one
            /// ends in `%` and the network interface.
            #[must_use]
            pub fn trusted_ip(&self) -> Option<&'a str> {
                $crate::events::peer::ip(self.env(), ["trusted_ip6", "trusted_ip"])
            }

            /// The peer's port (`trusted_port`).
            #[must_use]
            pub fn trusted_port(&self) -> Option<u16> {
                self.env().get_number("trusted_port")
            }

            /// Both; `None` if one is missing or malformed.
            #[must_use]
            pub fn trusted_address(&self) -> Option<::std::net::SocketAddr> {
                $crate::events::peer::socket_address(self.trusted_ip()?, self.trusted_port()?)
            }
        }
    )*};
}
pub(super) use trusted_peer;

/// Gives events what is known of a peer since its certificate was checked.
macro_rules! verified_peer {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The common name of the peer's certificate (`common_name`), or its username with
            /// `username-as-common-name` once it is authenticated. `None` if it has none.
            #[must_use]
            pub fn common_name(&self) -> Option<&'a [u8]> {
                self.env().get("common_name")
            }

            /// What OpenVPN says of the certificate at `depth` of the peer's chain; 0 is the peer's own.
            #[must_use]
            pub fn certificate_info(&self, depth: u32) -> $crate::CertificateInfo<'a> {
                $crate::CertificateInfo::new(self.env(), depth)
            }

            /// What the peer says of itself (`IV_*`, `UV_*`): as true as it likes.
            #[must_use]
            pub fn peer_info(&self) -> $crate::PeerInfo<'a> {
                $crate::PeerInfo::new(self.env())
            }
        }
    )*};
}
pub(super) use verified_peer;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let read = |ip| socket_address(ip, 1194).map(|address| address.to_string());
        assert_eq!(read("192.0.2.1").as_deref(), Some("192.0.2.1:1194"));
        assert_eq!(read("2001:db8::1").as_deref(), Some("[2001:db8::1]:1194"));
        assert_eq!(read("fe80::1%2").as_deref(), Some("[fe80::1%2]:1194"));
        assert_eq!(read("fe80::1%eth0").as_deref(), Some("[fe80::1]:1194"));
        for other in ["", "192.0.2", "192.0.2.1%2", "host"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
