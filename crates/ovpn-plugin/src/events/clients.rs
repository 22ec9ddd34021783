//! Clients that connect, use addresses and leave.

use std::ffi::CStr;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::Address;
use crate::ClientConfig;

super::events! {
    /// A client connects; its configuration goes into a file.
    ClientConnect;
    /// The result of a deferred [`ClientConnect`] is asked for (OpenVPN 2.5 and later).
    ClientConnectDefer;
    /// A client connects; its configuration is part of the reply.
    ClientConnectV2;
    /// The result of a deferred [`ClientConnectV2`] is asked for (OpenVPN 2.5 and later).
    ClientConnectDeferV2;
    /// A client left.
    ClientDisconnect;
    /// An address was learned, changed or forgotten.
    LearnAddress;
}

macro_rules! client_events {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The client's common name, or its username with `username-as-common-name`.
            #[must_use]
            pub fn common_name(&self) -> Option<&'a [u8]> {
                self.env().get("common_name")
            }

            /// The address the client connects from, IPv6 preferred.
            #[must_use]
            pub fn trusted_ip(&self) -> Option<&'a str> {
                self.env().get_str("trusted_ip6").or_else(|| self.env().get_str("trusted_ip"))
            }

            /// The port the client connects from.
            #[must_use]
            pub fn trusted_port(&self) -> Option<u16> {
                self.env().get_number("trusted_port")
            }

            /// The client's IPv4 address in the tunnel, if one is chosen yet.
            #[must_use]
            pub fn tunnel_address(&self) -> Option<&'a str> {
                self.env().get_str("ifconfig_pool_remote_ip")
            }
        }
    )*};
}

client_events! { ClientConnect ClientConnectDefer ClientConnectV2 ClientConnectDeferV2 ClientDisconnect }

macro_rules! file_events {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The file the client's configuration goes into. It exists and is empty.
            #[must_use]
            pub fn config_file(&self) -> Option<&'a Path> {
                super::path(self.args().next()?.to_bytes())
            }

            /// Appends `config` to the client's configuration file, which is never created here.
            ///
            /// # Errors
            /// If OpenVPN named no file, or writing to it fails.
            pub fn write_config(&self, config: &ClientConfig) -> io::Result<()> {
                let file = self.config_file().ok_or(io::ErrorKind::NotFound)?;
                OpenOptions::new().append(true).open(file)?.write_all(config.as_str().as_bytes())
            }

            /// Where the verdict goes after the reply `Deferred`: `1`, `0`, or `2` for not yet, as first byte
            /// (OpenVPN 2.5 and later).
            #[must_use]
            pub fn deferred_file(&self) -> Option<&'a Path> {
                self.context.path("client_connect_deferred_file")
            }
        }
    )*};
}

file_events! { ClientConnect ClientConnectDefer }

impl ClientDisconnect<'_> {
    /// Bytes received from the client.
    #[must_use]
    pub fn bytes_received(&self) -> Option<u64> {
        self.env().get_number("bytes_received")
    }

    /// Bytes sent to the client.
    #[must_use]
    pub fn bytes_sent(&self) -> Option<u64> {
        self.env().get_number("bytes_sent")
    }

    /// How long the client was connected, in whole seconds.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.env().get_number("time_duration").map(Duration::from_secs)
    }
}

/// What happened to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressChange<'a> {
    /// A client got it.
    Add {
        /// The client's common name.
        common_name: &'a [u8],
    },
    /// Another client got it.
    Update {
        /// The new client's common name.
        common_name: &'a [u8],
    },
    /// Nobody has it any more.
    Delete,
}

impl<'a> LearnAddress<'a> {
    /// What happened; `None` for something newer than this crate.
    #[must_use]
    pub fn change(&self) -> Option<AddressChange<'a>> {
        let common_name = self.args().nth(2).map(CStr::to_bytes).unwrap_or_default();
        match self.context.word(0)? {
            "add" => Some(AddressChange::Add { common_name }),
            "update" => Some(AddressChange::Update { common_name }),
            "delete" => Some(AddressChange::Delete),
            _ => None,
        }
    }

    /// The address by its kind; `None` if it is of none this crate knows.
    #[must_use]
    pub fn parsed_address(&self) -> Option<Address> {
        Address::parse(self.address()?)
    }

    /// The address: IPv4 or IPv6, perhaps with `/bits`, or a MAC address, perhaps with `@vlan`.
    #[must_use]
    pub fn address(&self) -> Option<&'a str> {
        self.context.word(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn reads_addresses() {
        let call = CallData::new().arg("add").arg("10.8.0.6").arg("joe");
        let event: LearnAddress<'_> = call.event();
        assert_eq!(event.change(), Some(AddressChange::Add { common_name: b"joe" }));
        assert_eq!(event.address(), Some("10.8.0.6"));
        let address = std::net::Ipv4Addr::new(10, 8, 0, 6);
        assert_eq!(event.parsed_address(), Some(Address::V4 { address, prefix: None }));
        let call = CallData::new().arg("delete").arg("10.8.0.6");
        assert_eq!(call.event::<LearnAddress<'_>>().change(), Some(AddressChange::Delete));
        assert_eq!(CallData::new().arg("bless").event::<LearnAddress<'_>>().change(), None);
    }

    #[test]
    fn never_creates_the_configuration_file() {
        let missing = std::env::temp_dir().join(format!("ovpn-plugin-missing-{}", std::process::id()));
        let call = CallData::new().arg(missing.to_str().unwrap());
        let event: ClientConnect<'_> = call.event();
        assert_eq!(event.write_config(&ClientConfig::new()).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!missing.exists());
        let nothing = CallData::new();
        let event: ClientConnect<'_> = nothing.event();
        assert!(event.write_config(&ClientConfig::new()).is_err());
    }
}
