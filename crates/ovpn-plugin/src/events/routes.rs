//! Routes and what else a device comes with, numbered from 1 in variables.

use std::net::{Ipv4Addr, Ipv6Addr};

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

pub(super) fn number<N: std::str::FromStr>(env: Env<'_>, prefix: &str, n: u32) -> Option<N> {
    std::str::from_utf8(env.get_formatted(format_args!("{prefix}{n}"))?).ok()?.parse().ok()
}

/// The numbers behind this prefix in names of variables, in order. There may be gaps: OpenVPN counts a route it could
/// not resolve too.
fn numbers<'a>(env: Env<'a>, prefix: &'static str) -> impl Iterator<Item = u32> + use<'a> {
    let after = move |last: u32| {
        let number = |name: &[u8]| -> Option<u32> {
            std::str::from_utf8(name).ok()?.strip_prefix(prefix)?.parse().ok()
        };
        env.without_secrets().filter_map(|(name, _)| number(name)).filter(|number| *number > last).min()
    };
    std::iter::successors(after(0), move |last| after(*last))
}

/// Those that are whole.
pub(super) fn routes(env: Env<'_>) -> impl Iterator<Item = Route> {
    numbers(env, "route_network_").filter_map(move |n| {
        Some(Route {
            network: number(env, "route_network_", n)?,
            netmask: number(env, "route_netmask_", n)?,
            gateway: number(env, "route_gateway_", n),
            metric: number(env, "route_metric_", n),
        })
    })
}

/// Those that are whole.
pub(super) fn routes_ipv6(env: Env<'_>) -> impl Iterator<Item = RouteIpv6> {
    numbers(env, "route_ipv6_network_").filter_map(move |n| {
        let text = std::str::from_utf8(env.get_formatted(format_args!("route_ipv6_network_{n}"))?).ok()?;
        let (network, bits) = text.split_once('/')?;
        Some(RouteIpv6 {
            network: network.parse().ok()?,
            prefix_bits: bits.parse().ok().filter(|bits| *bits <= 128)?,
            gateway: number(env, "route_ipv6_gateway_", n),
            metric: number(env, "route_ipv6_metric_", n),
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
