//! The tunnel device as variables describe it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Env;

/// The tunnel device and its addresses. OpenVPN sets these variables once the device is open; what it has no value for
/// is `None`.
#[derive(Clone, Copy)]
pub struct Interface<'a>(Env<'a>);

impl<'a> Interface<'a> {
    pub(super) fn new(env: Env<'a>) -> Self {
        Self(env)
    }

    /// Name of the device, such as `tun0` (`dev`).
    #[must_use]
    pub fn device(&self) -> Option<&'a str> {
        self.0.get_str("dev")
    }

    /// `tun` or `tap` (`dev_type`).
    #[must_use]
    pub fn device_type(&self) -> Option<&'a str> {
        self.0.get_str("dev_type")
    }

    /// Number of the adapter, on Windows only (`dev_idx`).
    #[must_use]
    pub fn device_index(&self) -> Option<u32> {
        self.0.get_number("dev_idx")
    }

    /// Largest packet of the device in bytes (`tun_mtu`).
    #[must_use]
    pub fn mtu_bytes(&self) -> Option<u32> {
        self.0.get_number("tun_mtu")
    }

    /// Largest packet of the transport in bytes (`link_mtu`, until OpenVPN 2.5).
    #[must_use]
    pub fn link_mtu_bytes(&self) -> Option<u32> {
        self.0.get_number("link_mtu")
    }

    /// Its IPv4 address (`ifconfig_local`).
    #[must_use]
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.0.get_number("ifconfig_local")
    }

    /// The IPv4 address of the other end, where the device is a line between two (`ifconfig_remote`).
    #[must_use]
    pub fn remote(&self) -> Option<Ipv4Addr> {
        self.0.get_number("ifconfig_remote")
    }

    /// The netmask, where the device is a network: `dev tap` or `topology subnet` (`ifconfig_netmask`).
    #[must_use]
    pub fn netmask(&self) -> Option<Ipv4Addr> {
        self.0.get_number("ifconfig_netmask")
    }

    /// Its IPv6 address (`ifconfig_ipv6_local`).
    #[must_use]
    pub fn address_ipv6(&self) -> Option<Ipv6Addr> {
        self.0.get_number("ifconfig_ipv6_local")
    }

    /// Length of the IPv6 network in bits (`ifconfig_ipv6_netbits`).
    #[must_use]
    pub fn prefix_bits_ipv6(&self) -> Option<u8> {
        self.0.get_number("ifconfig_ipv6_netbits")
    }

    /// The IPv6 address of the other end (`ifconfig_ipv6_remote`).
    #[must_use]
    pub fn remote_ipv6(&self) -> Option<Ipv6Addr> {
        self.0.get_number("ifconfig_ipv6_remote")
    }
}

impl fmt::Debug for Interface<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Interface").field("device", &self.device()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn all_of_it_is_read() {
        let call = CallData::new()
            .env("dev", "tun3")
            .env("dev_type", "tun")
            .env("dev_idx", "7")
            .env("tun_mtu", "1500")
            .env("link_mtu", "1558")
            .env("ifconfig_local", "10.8.0.1")
            .env("ifconfig_remote", "10.8.0.2")
            .env("ifconfig_netmask", "255.255.255.0")
            .env("ifconfig_ipv6_local", "fd00::1")
            .env("ifconfig_ipv6_remote", "fd00::2")
            .env("ifconfig_ipv6_netbits", "64");
        let device = Interface::new(call.environment());
        assert_eq!(
            (device.device(), device.device_type(), device.device_index()),
            (Some("tun3"), Some("tun"), Some(7))
        );
        assert_eq!((device.mtu_bytes(), device.link_mtu_bytes()), (Some(1500), Some(1558)));
        assert_eq!(device.address(), Some(Ipv4Addr::new(10, 8, 0, 1)));
        assert_eq!(device.remote(), Some(Ipv4Addr::new(10, 8, 0, 2)));
        assert_eq!(device.netmask(), Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(device.address_ipv6(), "fd00::1".parse().ok());
        assert_eq!((device.remote_ipv6(), device.prefix_bits_ipv6()), ("fd00::2".parse().ok(), Some(64)));
        let none = CallData::new().env("ifconfig_local", "").env("ifconfig_ipv6_netbits", "300");
        let device = Interface::new(none.environment());
        assert_eq!((device.address(), device.prefix_bits_ipv6(), device.device()), (None, None, None));
    }
}
