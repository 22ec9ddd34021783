//! The tunnel device, routes and the peer's address.

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

macro_rules! device_events {
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

            /// The device's own address; `None` if OpenVPN gave it none.
            #[must_use]
            pub fn local_address(&self) -> Option<&'a str> {
                self.context.word(3).filter(|word| !word.is_empty())
            }

            /// The address of the other end, or the netmask; `None` if OpenVPN gave it none.
            #[must_use]
            pub fn remote_address_or_netmask(&self) -> Option<&'a str> {
                self.context.word(4).filter(|word| !word.is_empty())
            }

            /// `init`, or `restart` after a restart.
            #[must_use]
            pub fn script_context(&self) -> Option<&'a str> {
                self.env().get_str("script_context")
            }
        }
    )*};
}

device_events! { Up Down RoutePredown }

impl<'a> Down<'a> {
    /// Why: `sigusr1`, `sighup`, `sigterm`, `sigint`, `inactive`, `ping-exit` and the like.
    #[must_use]
    pub fn signal(&self) -> Option<&'a str> {
        self.env().get_str("signal")
    }
}

impl<'a> IpChange<'a> {
    /// The peer's address, IPv6 preferred.
    #[must_use]
    pub fn trusted_ip(&self) -> Option<&'a str> {
        self.env().get_str("trusted_ip6").or_else(|| self.env().get_str("trusted_ip"))
    }

    /// The peer's port.
    #[must_use]
    pub fn trusted_port(&self) -> Option<u16> {
        self.env().get_number("trusted_port")
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
        assert_eq!((event.local_address(), event.remote_address_or_netmask()), (Some("10.8.0.1"), None));
        assert_eq!(CallData::new().event::<Down<'_>>().device(), None);
    }
}
