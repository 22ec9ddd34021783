//! Clients that connect, use addresses and leave.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::peer::{trusted_peer, verified_peer};
use super::{Address, PoolAddresses};
use crate::{ClientConfig, verdict_file};

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

verified_peer! {
    ClientConnect ClientConnectDefer ClientConnectV2 ClientConnectDeferV2 ClientDisconnect LearnAddress
}
trusted_peer! {
    ClientConnect ClientConnectDefer ClientConnectV2 ClientConnectDeferV2 ClientDisconnect LearnAddress
}

macro_rules! client_events {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The username; `None` if the client sent none.
            #[must_use]
            pub fn username(&self) -> Option<&'a [u8]> {
                self.env().get("username")
            }

            /// The client's addresses in the tunnel.
            #[must_use]
            pub fn pool(&self) -> PoolAddresses<'a> {
                PoolAddresses::new(self.env())
            }

            /// When the client connected (`time_unix`).
            #[must_use]
            pub fn connected_at(&self) -> Option<SystemTime> {
                SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.env().get_number("time_unix")?))
            }

            /// When the client connected, in words (`time_ascii`).
            #[must_use]
            pub fn connected_at_text(&self) -> Option<&'a str> {
                self.env().get_str("time_ascii")
            }
        }
    )*};
}

client_events! { ClientConnect ClientConnectDefer ClientConnectV2 ClientConnectDeferV2 ClientDisconnect LearnAddress }

macro_rules! file_events {
    ($($name:ident)*) => {$(
        impl<'a> $name<'a> {
            /// The file the client's configuration goes into. It exists and is empty.
            #[must_use]
            pub fn config_file(&self) -> Option<&'a Path> {
                super::path(self.args().next().or_else(|| self.env().get("client_connect_config_file"))?)
            }

            /// Appends `config` to the client's configuration file, which is never created here.
            ///
            /// # Errors
            /// If OpenVPN named no file, or writing to it fails.
            pub fn write_config(&self, config: &ClientConfig) -> io::Result<()> {
                let file = verdict_file::open(self.config_file().ok_or(io::ErrorKind::NotFound)?)?;
                verdict_file::append(&file, config.as_str())
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

impl ClientConnect<'_> {
    /// Whether something is in the deferred file already.
    pub(crate) fn has_verdict(&self) -> bool {
        let size = |path| std::fs::metadata(path).map(|file| file.len());
        self.deferred_file().is_some_and(|path| size(path).is_ok_and(|bytes| bytes > 0))
    }
}

impl ClientDisconnect<'_> {
    /// Whether the client had been let in. From 2.6 on OpenVPN passes this event also for a client that was refused when
    /// it connected, by whichever plugin or script, and older versions sometimes do ([`event_table`](crate::event_table)).
    ///
    /// `false` if this plugin refused the client, was not asked about it although it takes
    /// [`ClientConnect`](crate::ClientConnect) or [`ClientConnectV2`](crate::ClientConnectV2), or takes
    /// [`LearnAddress`](crate::LearnAddress) and the client of a tun device never got its address. OpenVPN tells nothing else: where
    /// another plugin or script may refuse clients after this one has let them in, take `LearnAddress` too.
    ///
    /// ```
    /// # use ovpn_plugin::{ClientDisconnect, ClientDisconnectReply, Result};
    /// # fn client_disconnect(event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
    /// if event.was_let_in() {
    ///     log::info!("{:?} bytes were sent", event.bytes_sent());
    /// }
    /// # Ok(ClientDisconnectReply::Done)
    /// # }
    /// ```
    #[must_use]
    pub fn was_let_in(&self) -> bool {
        self.context.client.is_none_or(|client| client.progress().was_let_in(&self.context))
    }

    /// Bytes received from the client (`bytes_received`).
    #[must_use]
    pub fn bytes_received(&self) -> Option<u64> {
        self.env().get_number("bytes_received")
    }

    /// Bytes sent to the client (`bytes_sent`).
    #[must_use]
    pub fn bytes_sent(&self) -> Option<u64> {
        self.env().get_number("bytes_sent")
    }

    /// How long the client was connected, in whole seconds (`time_duration`).
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
        let common_name = self.args().nth(2).unwrap_or_default();
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
    fn reads_a_client() {
        let call = CallData::new()
            .env("common_name", "joe")
            .env("username", "joe@example.com")
            .env("trusted_ip6", "2001:db8::7")
            .env("trusted_port", "1194")
            .env("ifconfig_pool_remote_ip", "10.8.0.6")
            .env("time_unix", "1700000000")
            .env("time_ascii", "2023-11-14 22:13:20")
            .env("bytes_received", "5000000000")
            .env("bytes_sent", "7")
            .env("time_duration", "90")
            .env("IV_VER", "2.6.14")
            .env("tls_serial_0", "42");
        let event: ClientDisconnect<'_> = call.event();
        assert_eq!(
            (event.common_name(), event.username()),
            (Some(&b"joe"[..]), Some(&b"joe@example.com"[..]))
        );
        assert_eq!(event.trusted_address().map(|a| a.to_string()).as_deref(), Some("[2001:db8::7]:1194"));
        assert_eq!(event.pool().address(), "10.8.0.6".parse().ok());
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(
            (event.connected_at(), event.connected_at_text()),
            (Some(at), Some("2023-11-14 22:13:20"))
        );
        assert_eq!((event.bytes_received(), event.bytes_sent()), (Some(5_000_000_000), Some(7)));
        assert_eq!(event.duration(), Some(Duration::from_secs(90)));
        assert_eq!(
            (event.peer_info().version(), event.certificate_info(0).serial()),
            (Some("2.6.14"), Some("42"))
        );
        let odd = CallData::new().env("time_unix", "18446744073709551615").env("time_duration", "-1");
        let event: ClientDisconnect<'_> = odd.event();
        assert_eq!((event.connected_at(), event.duration()), (None, None));
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
