//! The addresses of a client inside the tunnel, as variables describe them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Env;

/// The addresses a client gets in the tunnel. At `CLIENT_CONNECT` those of the pool; after it those the client got.
#[derive(Clone, Copy)]
pub struct PoolAddresses<'a>(Env<'a>);

impl PoolAddresses<'_> {
    pub(super) fn new(env: Env<'_>) -> PoolAddresses<'_> {
        PoolAddresses(env)
    }

    /// The client's IPv4 address (`ifconfig_pool_remote_ip`).
    #[must_use]
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.0.get_number("ifconfig_pool_remote_ip")
    }

    /// The netmask, with `dev tap` or `topology subnet` (`ifconfig_pool_netmask`).
    #[must_use]
    pub fn netmask(&self) -> Option<Ipv4Addr> {
        self.0.get_number("ifconfig_pool_netmask")
    }

    /// The server's end, with `topology net30` or `p2p` (`ifconfig_pool_local_ip`).
    #[must_use]
    pub fn server(&self) -> Option<Ipv4Addr> {
        self.0.get_number("ifconfig_pool_local_ip")
    }

    /// The client's IPv6 address (`ifconfig_pool_remote_ip6`).
    #[must_use]
    pub fn address_ipv6(&self) -> Option<Ipv6Addr> {
        self.0.get_number("ifconfig_pool_remote_ip6")
    }

    /// The server's end (`ifconfig_pool_local_ip6`).
    #[must_use]
    pub fn server_ipv6(&self) -> Option<Ipv6Addr> {
        self.0.get_number("ifconfig_pool_local_ip6")
    }

    /// Length of the IPv6 network in bits (`ifconfig_pool_ip6_netbits`).
    #[must_use]
    pub fn prefix_bits_ipv6(&self) -> Option<u8> {
        self.0.get_number("ifconfig_pool_ip6_netbits")
    }
}

impl fmt::Debug for PoolAddresses<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PoolAddresses").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn all_of_it_is_read() {
        let call = CallData::new()
            .env("ifconfig_pool_remote_ip", "10.8.0.6")
            .env("ifconfig_pool_local_ip", "10.8.0.5")
            .env("ifconfig_pool_netmask", "255.255.255.0")
            .env("ifconfig_pool_remote_ip6", "fd00::6")
            .env("ifconfig_pool_local_ip6", "fd00::1")
            .env("ifconfig_pool_ip6_netbits", "64");
        let pool = PoolAddresses::new(call.environment());
        assert_eq!(pool.address(), Some(Ipv4Addr::new(10, 8, 0, 6)));
        assert_eq!(pool.server(), Some(Ipv4Addr::new(10, 8, 0, 5)));
        assert_eq!(pool.netmask(), Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(pool.address_ipv6(), "fd00::6".parse().ok());
        assert_eq!((pool.server_ipv6(), pool.prefix_bits_ipv6()), ("fd00::1".parse().ok(), Some(64)));
    }
}
