//! Where an attempt comes from, and by which reference it is found again.

use std::net::Ipv6Addr;

use privsep::wire::Text;

use super::reference::Reference;
use super::time_taken::TimeTaken;
use crate::protocol::MAX_ADDRESS;

privsep::wire! {
    /// The client of an attempt, and the attempt's reference.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AttemptOrigin {
        /// Address the client comes from, for `PAM_RHOST`; empty when unknown.
        pub address: Vec<u8> as Text<MAX_ADDRESS>,
        /// Its port; 0 when unknown.
        pub port: u16,
        /// The reference.
        pub reference: Reference,
    }
}

impl AttemptOrigin {
    /// The address, if it looks like one: digits, letters, colons, dots and a scope.
    pub fn plain_address(&self) -> Option<&str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":.%_-".contains(&byte);
        let address = std::str::from_utf8(&self.address).unwrap_or_default();
        (!address.is_empty() && address.bytes().all(plain)).then_some(address)
    }

    /// Ends a line of the log: client, configuration, reference. It stands at the end of the line, because log watchers
    /// look for what stands before it.
    pub fn line_tail(&self, config_name: Option<&str>) -> String {
        self.line_tail_with_time(config_name, None)
    }

    /// The same of a verdict, with what it took.
    pub fn line_tail_with_time(&self, config_name: Option<&str>, took: Option<TimeTaken>) -> String {
        let client = self.plain_address().map(|address| client(address, self.port));
        let known: String =
            client.as_deref().into_iter().chain(config_name).map(|known| format!("{known}, ")).collect();
        let took = took.map(TimeTaken::for_log).unwrap_or_default();
        format!(" ({known}{took}reference {})", self.reference)
    }
}

/// As OpenVPN itself prints a client.
fn client(address: &str, port: u16) -> String {
    let is_ipv6 = address.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    match (port, is_ipv6) {
        (0, _) => address.to_string(),
        (port, true) => format!("[{address}]:{port}"),
        (port, false) => format!("{address}:{port}"),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// From there, with the reference 345YZ.
    pub fn origin(address: &str, port: u16) -> AttemptOrigin {
        let reference = Reference::from_number(0b00001_00010_00011_11110_11111).unwrap();
        AttemptOrigin { address: address.into(), port, reference }
    }

    #[test]
    fn the_client_is_shown_as_openvpn_does() {
        for (address, port, config, tail) in [
            ("192.0.2.7", 1194, None, " (192.0.2.7:1194, reference 345YZ)"),
            ("192.0.2.7", 1194, Some("server1"), " (192.0.2.7:1194, server1, reference 345YZ)"),
            ("2001:db8::1", 40000, None, " ([2001:db8::1]:40000, reference 345YZ)"),
            ("fe80::1%eth0", 40000, None, " ([fe80::1%eth0]:40000, reference 345YZ)"),
            ("2001:db8::1", 0, None, " (2001:db8::1, reference 345YZ)"),
            ("", 7, Some("server1"), " (server1, reference 345YZ)"),
            ("192.0.2.7) x\n", 7, None, " (reference 345YZ)"),
        ] {
            assert_eq!(origin(address, port).line_tail(config), tail);
        }
        let took = TimeTaken::of(std::time::Duration::from_millis(7));
        let tail = origin("192.0.2.7", 1194).line_tail_with_time(Some("server1"), Some(took));
        assert_eq!(tail, " (192.0.2.7:1194, server1, took 0.007 s, reference 345YZ)");
    }
}
