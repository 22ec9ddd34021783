//! Routes and what else a device comes with, numbered from 1 in variables.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::numbered::{collect, number, parse};
use crate::Env;

/// An IPv4 route through the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The network (`route_network_{n}`).
    pub network: Ipv4Addr,
    /// Its netmask (`route_netmask_{n}`).
    pub netmask: Ipv4Addr,
    /// The gateway (`route_gateway_{n}`).
    pub gateway: Option<Ipv4Addr>,
    /// The metric (`route_metric_{n}`).
    pub metric: Option<u32>,
}

/// An IPv6 route through the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteIpv6 {
    /// The network (`route_ipv6_network_{n}`).
    pub network: Ipv6Addr,
    /// Its length in bits.
    pub prefix_bits: u8,
    /// The gateway (`route_ipv6_gateway_{n}`).
    pub gateway: Option<Ipv6Addr>,
    /// The metric (`route_ipv6_metric_{n}`).
    pub metric: Option<u32>,
}

/// What is set of a route.
#[derive(Default)]
struct Parts<'a> {
    network: Option<&'a [u8]>,
    netmask: Option<&'a [u8]>,
    gateway: Option<&'a [u8]>,
    metric: Option<&'a [u8]>,
}

type Part = for<'p, 'a> fn(&'p mut Parts<'a>) -> &'p mut Option<&'a [u8]>;

const PARTS: [(&str, Part); 4] = [
    ("network_", |parts| &mut parts.network),
    ("netmask_", |parts| &mut parts.netmask),
    ("gateway_", |parts| &mut parts.gateway),
    ("metric_", |parts| &mut parts.metric),
];

/// By number. There may be gaps: OpenVPN counts a route it could not resolve too.
fn parts<'a>(env: Env<'a>, prefix: &'static str) -> impl Iterator<Item = Parts<'a>> {
    let place = move |name: &'a str| {
        let rest = name.strip_prefix(prefix)?;
        PARTS.iter().find_map(|(word, part)| Some((number(rest.strip_prefix(word)?)?, *part)))
    };
    collect(env, place, |parts, part, value| {
        part(parts).get_or_insert(value);
    })
    .into_values()
}

/// Those that are whole.
pub(super) fn routes(env: Env<'_>) -> impl Iterator<Item = Route> {
    parts(env, "route_").filter_map(|parts| {
        Some(Route {
            network: parse(parts.network?)?,
            netmask: parse(parts.netmask?)?,
            gateway: parts.gateway.and_then(parse),
            metric: parts.metric.and_then(parse),
        })
    })
}

/// Those that are whole.
pub(super) fn routes_ipv6(env: Env<'_>) -> impl Iterator<Item = RouteIpv6> {
    parts(env, "route_ipv6_").filter_map(|parts| {
        let (network, bits) = std::str::from_utf8(parts.network?).ok()?.split_once('/')?;
        Some(RouteIpv6 {
            network: network.parse().ok()?,
            prefix_bits: bits.parse().ok().filter(|bits| *bits <= 128)?,
            gateway: parts.gateway.and_then(parse),
            metric: parts.metric.and_then(parse),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn routes_are_read_in_order_and_across_gaps() {
        let call = CallData::new()
            .env("route_network_4", "10.6.0.0")
            .env("route_netmask_4", "255.255.255.0")
            .env("route_network_3", "no address")
            .env("route_network_1", "10.9.0.0")
            .env("route_netmask_1", "255.255.0.0")
            .env("route_gateway_1", "10.8.0.1")
            .env("route_metric_1", "5")
            .env("route_network_2", "10.7.0.0")
            .env("route_netmask_2", "255.255.255.0")
            .env("route_ipv6_network_1", "fd01::/48")
            .env("route_ipv6_gateway_1", "fd00::1")
            .env("route_ipv6_network_2", "fd02::/129");
        let routes: Vec<Route> = routes(call.environment()).collect();
        let networks: Vec<u8> = routes.iter().map(|route| route.network.octets()[1]).collect();
        assert_eq!(networks, [9, 7, 6]);
        assert_eq!(routes[0].gateway, Some(Ipv4Addr::new(10, 8, 0, 1)));
        assert_eq!((routes[0].metric, routes[1].metric, routes[1].gateway), (Some(5), None, None));
        let routes: Vec<RouteIpv6> = routes_ipv6(call.environment()).collect();
        let gateway = "fd00::1".parse().ok();
        let network = "fd01::".parse().unwrap();
        assert_eq!(routes, [RouteIpv6 { network, prefix_bits: 48, gateway, metric: None }]);
    }
}
