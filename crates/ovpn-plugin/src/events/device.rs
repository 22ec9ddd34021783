//! The tunnel device, routes and the peer's address.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::peer::{trusted_peer, verified_peer};
use super::{DnsServer, Interface, Route, RouteIpv6, dns, numbered, routes};

super::events! {
    /// The tunnel device is open.
    Up;
    /// The tunnel device was closed.
    Down;
    /// Routes were added.
    RouteUp;
    /// Routes are about to be removed.
    RoutePredown;
    /// The peer's address became known or changed.
    IpChange;
}

trusted_peer! { IpChange RouteUp }
verified_peer! { IpChange }

macro_rules! word_events {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// Name of the device, such as `tun0`.
            #[must_use]
            pub fn device(&self) -> Option<&'a str> {
                self.context.word(0)
            }

            /// Largest packet of the device in bytes.
            #[must_use]
            pub fn mtu_bytes(&self) -> Option<u32> {
                self.context.word(1)?.parse().ok()
            }

            /// The device's own IPv4 address; `None` if OpenVPN gave it none.
            #[must_use]
            pub fn local_address(&self) -> Option<Ipv4Addr> {
                self.context.word(3)?.parse().ok()
            }

            /// The IPv4 address of the other end, or the netmask where the device is a network; `None` if OpenVPN
            /// gave it none. [`Interface`](crate::Interface) tells them apart.
            #[must_use]
            pub fn remote_address_or_netmask(&self) -> Option<Ipv4Addr> {
                self.context.word(4)?.parse().ok()
            }

            /// `init`, or `restart` after a restart (`script_context`).
            #[must_use]
            pub fn script_context(&self) -> Option<&'a str> {
                self.env().get_str("script_context")
            }
        }
    )*};
}

word_events! { Up Down RoutePredown }

macro_rules! device_events {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The device and its addresses.
            #[must_use]
            pub fn interface(&self) -> Interface<'a> {
                Interface::new(self.env())
            }

            /// The IPv4 routes of the configuration, in their order.
            pub fn routes(&self) -> impl Iterator<Item = Route> + use<'a> {
                routes::routes(self.env())
            }

            /// The IPv6 routes of the configuration, in their order.
            pub fn routes_ipv6(&self) -> impl Iterator<Item = RouteIpv6> + use<'a> {
                routes::routes_ipv6(self.env())
            }

            /// The gateway of the routes through the tunnel (`route_vpn_gateway`).
            #[must_use]
            pub fn vpn_gateway(&self) -> Option<Ipv4Addr> {
                self.env().get_number("route_vpn_gateway")
            }

            /// The default gateway before the tunnel (`route_net_gateway`).
            #[must_use]
            pub fn net_gateway(&self) -> Option<Ipv4Addr> {
                self.env().get_number("route_net_gateway")
            }

            /// The same for IPv6 (`net_gateway_ipv6`).
            #[must_use]
            pub fn net_gateway_ipv6(&self) -> Option<Ipv6Addr> {
                self.env().get_number("net_gateway_ipv6")
            }

            /// Whether the default gateway is to lead into the tunnel for IPv4: 1, or 2 if the local network is to be
            /// blocked too (`route_redirect_gateway_ipv4`, OpenVPN 2.7 and later).
            #[must_use]
            pub fn redirect_gateway_ipv4(&self) -> Option<u8> {
                self.env().get_number("route_redirect_gateway_ipv4")
            }

            /// The same for IPv6 (`route_redirect_gateway_ipv6`, OpenVPN 2.7 and later).
            #[must_use]
            pub fn redirect_gateway_ipv6(&self) -> Option<u8> {
                self.env().get_number("route_redirect_gateway_ipv6")
            }

            /// Options the server pushed that this system knows nothing of, such as `dhcp-option DNS 192.0.2.53`
            /// (`foreign_option_{n}`); not on Windows.
            pub fn foreign_options(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
                numbered::in_a_row(self.env(), "foreign_option_")
            }

            /// Domains to search names in (`dns_search_domain_{n}`, OpenVPN 2.6 and later).
            pub fn dns_search_domains(&self) -> impl Iterator<Item = &'a str> + use<'a> {
                numbered::in_a_row(self.env(), "dns_search_domain_").map_while(|name| std::str::from_utf8(name).ok())
            }

            /// Servers for names, in order of priority (OpenVPN 2.6 and later).
            pub fn dns_servers(&self) -> impl Iterator<Item = DnsServer<'a>> + use<'a> {
                dns::servers(self.env())
            }
        }
    )*};
}

device_events! { Up Down RouteUp RoutePredown }

impl<'a> Down<'a> {
    /// Why: `sigusr1`, `sighup`, `sigterm`, `sigint`, `inactive`, `ping-exit`, `ping-restart`, `connection-reset`,
    /// `error` or `unknown` (`signal`).
    #[must_use]
    pub fn signal(&self) -> Option<&'a str> {
        self.env().get_str("signal")
    }
}

impl RouteUp<'_> {
    /// Whether the default gateway was led into the tunnel (`redirect_gateway`).
    #[must_use]
    pub fn gateway_is_redirected(&self) -> Option<bool> {
        self.env().get_number::<u8>("redirect_gateway").map(|number| number != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn reads_the_device() {
        let call = CallData::new().arg("tun0").arg("1500").arg("0").arg("10.8.0.1").arg("").arg("init");
        let event: Up<'_> = call.event();
        assert_eq!((event.device(), event.mtu_bytes()), (Some("tun0"), Some(1500)));
        assert_eq!(event.local_address(), Some(Ipv4Addr::new(10, 8, 0, 1)));
        assert_eq!(event.remote_address_or_netmask(), None);
        assert_eq!(CallData::new().event::<Down<'_>>().device(), None);
    }

    #[test]
    fn reads_what_comes_with_it() {
        let call = CallData::new()
            .env("dev", "tun0")
            .env("script_context", "restart")
            .env("signal", "ping-restart")
            .env("route_network_1", "10.9.0.0")
            .env("route_netmask_1", "255.255.0.0")
            .env("route_ipv6_network_1", "fd01::/48")
            .env("route_vpn_gateway", "10.8.0.1")
            .env("route_net_gateway", "192.0.2.1")
            .env("net_gateway_ipv6", "2001:db8::1")
            .env("redirect_gateway", "0")
            .env("route_redirect_gateway_ipv4", "2")
            .env("route_redirect_gateway_ipv6", "1")
            .env("foreign_option_1", "dhcp-option DNS 192.0.2.53")
            .env("dns_search_domain_1", "a.example")
            .env("dns_server_1_address_1", "192.0.2.53");
        let event: Down<'_> = call.event();
        assert_eq!((event.signal(), event.script_context()), (Some("ping-restart"), Some("restart")));
        assert_eq!(event.interface().device(), Some("tun0"));
        assert_eq!((event.routes().count(), event.routes_ipv6().count()), (1, 1));
        assert_eq!(event.vpn_gateway(), Some(Ipv4Addr::new(10, 8, 0, 1)));
        assert_eq!(event.net_gateway(), Some(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(event.net_gateway_ipv6(), "2001:db8::1".parse().ok());
        assert_eq!((event.redirect_gateway_ipv4(), event.redirect_gateway_ipv6()), (Some(2), Some(1)));
        assert_eq!(event.foreign_options().collect::<Vec<_>>(), [&b"dhcp-option DNS 192.0.2.53"[..]]);
        assert_eq!(event.dns_search_domains().collect::<Vec<_>>(), ["a.example"]);
        assert_eq!(event.dns_servers().count(), 1);
        assert_eq!(call.event::<RouteUp<'_>>().gateway_is_redirected(), Some(false));
    }

    #[test]
    fn reads_the_peer() {
        let call = CallData::new()
            .arg("[AF_INET]192.0.2.7 1194")
            .env("trusted_ip", "192.0.2.7")
            .env("trusted_port", "1194")
            .env("common_name", "server");
        let event: IpChange<'_> = call.event();
        assert_eq!(event.trusted_address(), Some(([192, 0, 2, 7], 1194).into()));
        assert_eq!(event.common_name(), Some(&b"server"[..]));
    }
}
