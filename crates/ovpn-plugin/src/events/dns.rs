//! Servers for names, as the option `dns` gives them to events of the device (OpenVPN 2.6 and later).

use std::net::IpAddr;

use super::numbered::{Numbered, collect, number, without_gaps};
use crate::Env;

/// A server for names (`dns server`), numbered from 1 in order of priority.
#[derive(Clone, Debug, Default)]
pub struct DnsServer<'a> {
    addresses: Numbered<(Option<&'a str>, Option<&'a str>)>,
    /// The same in early versions of OpenVPN 2.6, by family.
    by_family: [(Option<&'a str>, Option<&'a str>); 2],
    resolve: Numbered<&'a str>,
    exclude: Numbered<&'a str>,
    dnssec: Option<&'a str>,
    transport: Option<&'a str>,
    sni: Option<&'a str>,
}

/// Until the first number that has no address.
pub(super) fn servers<'a>(env: Env<'a>) -> impl Iterator<Item = DnsServer<'a>> {
    let place = |name: &'a str| {
        let (server, what) = name.strip_prefix("dns_server_")?.split_once('_')?;
        Some((number(server)?, what))
    };
    without_gaps(collect(env, place, DnsServer::put)).take_while(|server| server.addresses().next().is_some())
}

impl<'a> DnsServer<'a> {
    fn put(&mut self, what: &'a str, value: &'a [u8]) {
        let Ok(value) = std::str::from_utf8(value) else { return };
        let numbered = |prefix| what.strip_prefix(prefix).and_then(number);
        let [ipv4, ipv6] = &mut self.by_family;
        let single = match what {
            "dnssec" => &mut self.dnssec,
            "transport" => &mut self.transport,
            "sni" => &mut self.sni,
            "address4" => &mut ipv4.0,
            "port4" => &mut ipv4.1,
            "address6" => &mut ipv6.0,
            "port6" => &mut ipv6.1,
            _ => {
                if let Some(n) = numbered("address_") {
                    self.addresses.entry(n).or_default().0.get_or_insert(value);
                } else if let Some(n) = numbered("port_") {
                    self.addresses.entry(n).or_default().1.get_or_insert(value);
                } else if let Some(n) = numbered("resolve_domain_") {
                    self.resolve.entry(n).or_insert(value);
                } else if let Some(n) = numbered("exclude_domain_") {
                    self.exclude.entry(n).or_insert(value);
                }
                return;
            }
        };
        single.get_or_insert(value);
    }

    /// Its addresses, each with its port if one is set (`dns_server_{n}_address_{m}`; in early versions of OpenVPN 2.6
    /// `_address4`, `_address6`).
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, Option<u16>)> + use<'a> {
        let read = |(address, port): (Option<&str>, Option<&str>)| {
            Some((address?.parse().ok()?, port.and_then(|port| port.parse().ok())))
        };
        let numbered = without_gaps(self.addresses.clone()).map_while(read);
        numbered.chain(self.by_family.into_iter().filter_map(read))
    }

    /// The domains it is for; for all if there are none (`dns_server_{n}_resolve_domain_{m}`).
    pub fn resolve_domains(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        without_gaps(self.resolve.clone())
    }

    /// The domains it is not for (`dns_server_{n}_exclude_domain_{m}`, early versions of OpenVPN 2.6 only).
    pub fn exclude_domains(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        without_gaps(self.exclude.clone())
    }

    /// Whether answers must be signed: `yes`, `optional` or `no` (`dns_server_{n}_dnssec`).
    #[must_use]
    pub fn dnssec(&self) -> Option<&'a str> {
        self.dnssec
    }

    /// `plain`, `DoH` or `DoT` (`dns_server_{n}_transport`).
    #[must_use]
    pub fn transport(&self) -> Option<&'a str> {
        self.transport
    }

    /// Its name in TLS (`dns_server_{n}_sni`).
    #[must_use]
    pub fn sni(&self) -> Option<&'a str> {
        self.sni
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
