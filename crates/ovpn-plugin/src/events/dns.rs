//! Servers for names, as the option `dns` gives them to events of the device (OpenVPN 2.6 and later).

use std::fmt;
use std::net::IpAddr;

use crate::Env;

/// A server for names (`dns server`), numbered from 1 in order of priority.
#[derive(Clone, Copy)]
pub struct DnsServer<'a> {
    env: Env<'a>,
    number: u32,
}

/// Until the first number that has no address.
pub(super) fn servers(env: Env<'_>) -> impl Iterator<Item = DnsServer<'_>> {
    (1..)
        .map(move |number| DnsServer { env, number })
        .take_while(|server| server.addresses().next().is_some())
}

impl<'a> DnsServer<'a> {
    /// Its addresses, each with its port if one is set (`dns_server_{n}_address_{m}`; in early versions of OpenVPN 2.6
    /// `_address4`, `_address6`).
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, Option<u16>)> + use<'a> {
        let Self { env, number } = *self;
        let numbered = (1..).map_while(move |m: u32| {
            let port = parse(env, format_args!("dns_server_{number}_port_{m}"));
            Some((parse(env, format_args!("dns_server_{number}_address_{m}"))?, port))
        });
        let by_family = [4, 6].into_iter().filter_map(move |family| {
            let port = parse(env, format_args!("dns_server_{number}_port{family}"));
            Some((parse(env, format_args!("dns_server_{number}_address{family}"))?, port))
        });
        numbered.chain(by_family)
    }

    /// The domains it is for; for all if there are none (`dns_server_{n}_resolve_domain_{m}`).
    pub fn resolve_domains(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Self { env, number } = *self;
        (1..).map_while(move |m| text(env, format_args!("dns_server_{number}_resolve_domain_{m}")))
    }

    /// The domains it is not for (`dns_server_{n}_exclude_domain_{m}`, early versions of OpenVPN 2.6 only).
    pub fn exclude_domains(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Self { env, number } = *self;
        (1..).map_while(move |m| text(env, format_args!("dns_server_{number}_exclude_domain_{m}")))
    }

    /// Whether answers must be signed: `yes`, `optional` or `no` (`dns_server_{n}_dnssec`).
    #[must_use]
    pub fn dnssec(&self) -> Option<&'a str> {
        text(self.env, format_args!("dns_server_{}_dnssec", self.number))
    }

    /// `plain`, `DoH` or `DoT` (`dns_server_{n}_transport`).
    #[must_use]
    pub fn transport(&self) -> Option<&'a str> {
        text(self.env, format_args!("dns_server_{}_transport", self.number))
    }

    /// Its name in TLS (`dns_server_{n}_sni`).
    #[must_use]
    pub fn sni(&self) -> Option<&'a str> {
        text(self.env, format_args!("dns_server_{}_sni", self.number))
    }
}

pub(super) fn text<'a>(env: Env<'a>, name: fmt::Arguments<'_>) -> Option<&'a str> {
    std::str::from_utf8(env.get_formatted(name)?).ok()
}

fn parse<N: std::str::FromStr>(env: Env<'_>, name: fmt::Arguments<'_>) -> Option<N> {
    text(env, name)?.parse().ok()
}

impl fmt::Debug for DnsServer<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DnsServer").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn servers_are_read_in_both_forms() {
        let call = CallData::new()
            .env("dns_server_1_address_1", "192.0.2.53")
            .env("dns_server_1_port_1", "5353")
            .env("dns_server_1_address_2", "2001:db8::53")
            .env("dns_server_1_resolve_domain_1", "a.example")
            .env("dns_server_1_resolve_domain_2", "b.example")
            .env("dns_server_1_dnssec", "yes")
            .env("dns_server_1_transport", "DoT")
            .env("dns_server_1_sni", "dns.example")
            .env("dns_server_2_address4", "192.0.2.54")
            .env("dns_server_2_port4", "54")
            .env("dns_server_2_exclude_domain_1", "c.example");
        let servers: Vec<DnsServer<'_>> = servers(call.environment()).collect();
        assert_eq!(servers.len(), 2);
        let addresses: Vec<_> = servers[0].addresses().collect();
        assert_eq!(addresses[0], ([192, 0, 2, 53].into(), Some(5353)));
        assert_eq!((addresses.len(), addresses[1].1), (2, None));
        assert_eq!(servers[0].resolve_domains().collect::<Vec<_>>(), ["a.example", "b.example"]);
        assert_eq!(
            (servers[0].dnssec(), servers[0].transport(), servers[0].sni()),
            (Some("yes"), Some("DoT"), Some("dns.example"))
        );
        assert_eq!(servers[1].addresses().collect::<Vec<_>>(), [([192, 0, 2, 54].into(), Some(54))]);
        assert_eq!(servers[1].exclude_domains().collect::<Vec<_>>(), ["c.example"]);
        assert_eq!((servers[1].sni(), servers[1].resolve_domains().count()), (None, 0));
    }
}
