//! A connecting client's configuration, line by line, in a form OpenVPN reads without surprises.

use std::ffi::CString;
use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Configuration of one client (`push`, `ifconfig-push`, `iroute` and the like), for a client that connects.
///
/// ```
/// use ovpn_plugin::ClientConfig;
///
/// let mut config = ClientConfig::new();
/// config.ifconfig([10, 8, 0, 5].into(), [255, 255, 255, 0].into());
/// config.push_route([10, 9, 0, 0].into(), [255, 255, 0, 0].into()).push_dns([10, 8, 0, 1].into());
/// config.push("dhcp-option DOMAIN example.com")?.option("max-routes-per-client 20")?;
/// assert!(config.push("route 10.0.0.0\nscript-security 3").is_err());
/// # Ok::<(), ovpn_plugin::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientConfig {
    text: String,
}

/// Why a line cannot go into a [`ClientConfig`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The line is empty.
    Empty,
    /// The line holds a control character, such as a newline that would start another option.
    ControlCharacter,
    /// An IPv6 network is longer than an address.
    Prefix {
        /// Its length in bits.
        bits: u8,
    },
    /// The line is longer than [`ClientConfig::MAX_LINE_BYTES`].
    TooLong {
        /// Length of the whole line in bytes.
        bytes: usize,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("a client's option is empty"),
            Self::ControlCharacter => out.write_str("a client's option holds a control character"),
            Self::Prefix { bits } => write!(out, "an IPv6 network of {bits} bits, there are 128"),
            Self::TooLong { bytes } => {
                write!(
                    out,
                    "a client's option has {bytes} bytes, OpenVPN takes {}",
                    ClientConfig::MAX_LINE_BYTES
                )
            }
        }
    }
}

impl std::error::Error for ConfigError {}

fn checked(prefix_bits: u8) -> Result<u8, ConfigError> {
    if prefix_bits <= 128 { Ok(prefix_bits) } else { Err(ConfigError::Prefix { bits: prefix_bits }) }
}

impl ClientConfig {
    /// Longest line in bytes; OpenVPN reads options into 256 bytes, newline and end included.
    pub const MAX_LINE_BYTES: usize = 254;

    /// No configuration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an option for the server's side of this client, as in a file of `client-config-dir`.
    ///
    /// # Errors
    /// If OpenVPN could not read it as this one line.
    pub fn option(&mut self, option: &str) -> Result<&mut Self, ConfigError> {
        if option.is_empty() {
            return Err(ConfigError::Empty);
        }
        if option.chars().any(char::is_control) {
            return Err(ConfigError::ControlCharacter);
        }
        if option.len() > Self::MAX_LINE_BYTES {
            return Err(ConfigError::TooLong { bytes: option.len() });
        }
        self.text.push_str(option);
        self.text.push('\n');
        Ok(self)
    }

    /// Adds an option to be pushed to the client; quotes and backslashes in it are kept.
    ///
    /// # Errors
    /// If OpenVPN could not read it as this one line.
    pub fn push(&mut self, option: &str) -> Result<&mut Self, ConfigError> {
        if option.is_empty() {
            return Err(ConfigError::Empty);
        }
        let mut line = String::from("push \"");
        for c in option.chars() {
            if matches!(c, '"' | '\\') {
                line.push('\\');
            }
            line.push(c);
        }
        line.push('"');
        self.option(&line)
    }

    /// Pushes a route to `network` through the tunnel (`push "route ..."`).
    pub fn push_route(&mut self, network: Ipv4Addr, netmask: Ipv4Addr) -> &mut Self {
        self.line(format_args!("push \"route {network} {netmask}\""))
    }

    /// Pushes a route to an IPv6 network of `prefix_bits` through the tunnel (`push "route-ipv6 ..."`).
    ///
    /// # Errors
    /// If `prefix_bits` is over 128.
    pub fn push_route_ipv6(&mut self, network: Ipv6Addr, prefix_bits: u8) -> Result<&mut Self, ConfigError> {
        let prefix_bits = checked(prefix_bits)?;
        Ok(self.line(format_args!("push \"route-ipv6 {network}/{prefix_bits}\"")))
    }

    /// Pushes a server for names (`push "dhcp-option DNS ..."`, or `DNS6`).
    pub fn push_dns(&mut self, server: IpAddr) -> &mut Self {
        let kind = if server.is_ipv4() { "DNS" } else { "DNS6" };
        self.line(format_args!("push \"dhcp-option {kind} {server}\""))
    }

    /// Gives the client its address in the tunnel (`ifconfig-push`): with a netmask for `dev tap` and `topology
    /// subnet`, else with the address of the server's end.
    pub fn ifconfig(&mut self, address: Ipv4Addr, netmask_or_remote: Ipv4Addr) -> &mut Self {
        self.line(format_args!("ifconfig-push {address} {netmask_or_remote}"))
    }

    /// Gives the client its IPv6 address in a tunnel of `prefix_bits` (`ifconfig-ipv6-push`), with the address of the
    /// server's end.
    ///
    /// # Errors
    /// If `prefix_bits` is over 128.
    pub fn ifconfig_ipv6(
        &mut self,
        address: Ipv6Addr,
        prefix_bits: u8,
        server: Ipv6Addr,
    ) -> Result<&mut Self, ConfigError> {
        let prefix_bits = checked(prefix_bits)?;
        Ok(self.line(format_args!("ifconfig-ipv6-push {address}/{prefix_bits} {server}")))
    }

    /// Leads packets for a network behind the client to it (`iroute`); the server's own `route` must lead them into
    /// the tunnel.
    pub fn iroute(&mut self, network: Ipv4Addr, netmask: Ipv4Addr) -> &mut Self {
        self.line(format_args!("iroute {network} {netmask}"))
    }

    /// The same for an IPv6 network of `prefix_bits` (`iroute-ipv6`).
    ///
    /// # Errors
    /// If `prefix_bits` is over 128.
    pub fn iroute_ipv6(&mut self, network: Ipv6Addr, prefix_bits: u8) -> Result<&mut Self, ConfigError> {
        let prefix_bits = checked(prefix_bits)?;
        Ok(self.line(format_args!("iroute-ipv6 {network}/{prefix_bits}")))
    }

    /// Pushes nothing of what the server pushes to everybody (`push-reset`), only what this configuration holds.
    pub fn push_reset(&mut self) -> &mut Self {
        self.line(format_args!("push-reset"))
    }

    /// Adds a line that is known to be good.
    fn line(&mut self, line: fmt::Arguments<'_>) -> &mut Self {
        // Writing to a String does not fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
        self
    }

    /// The lines as they go into a file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `None` if there is nothing to pass on.
    pub(crate) fn into_text(self) -> Option<CString> {
        // Control characters were refused, so there is no NUL to fail on.
        CString::new(self.text).ok().filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_pushed_options() {
        let mut config = ClientConfig::new();
        config.push(r#"setenv X "a\b""#).unwrap();
        config.option("iroute 10.1.0.0").unwrap();
        assert_eq!(config.as_str(), "push \"setenv X \\\"a\\\\b\\\"\"\niroute 10.1.0.0\n");
    }

    #[test]
    fn typed_lines() {
        let v4 = |last| Ipv4Addr::new(10, 8, 0, last);
        let v6 = |last| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last);
        let mask = Ipv4Addr::new(255, 255, 255, 0);
        let mut config = ClientConfig::new();
        config.push_reset().ifconfig(v4(5), mask).ifconfig_ipv6(v6(5), 64, v6(1)).unwrap();
        config.push_route(v4(0), mask).push_dns(v4(1).into()).push_dns(v6(1).into());
        config.push_route_ipv6(v6(0), 48).unwrap().iroute(v4(0), mask).iroute_ipv6(v6(0), 64).unwrap();
        assert_eq!(
            config.as_str(),
            "push-reset\nifconfig-push 10.8.0.5 255.255.255.0\nifconfig-ipv6-push fd00::5/64 fd00::1\n\
             push \"route 10.8.0.0 255.255.255.0\"\npush \"dhcp-option DNS 10.8.0.1\"\npush \"dhcp-option DNS6 fd00::1\"\n\
             push \"route-ipv6 fd00::/48\"\niroute 10.8.0.0 255.255.255.0\niroute-ipv6 fd00::/64\n"
        );
        for too_long in [config.push_route_ipv6(v6(0), 129), ClientConfig::new().iroute_ipv6(v6(0), 255)] {
            assert!(matches!(too_long, Err(ConfigError::Prefix { .. })), "{too_long:?}");
        }
    }

    #[test]
    fn refuses_what_openvpn_would_misread() {
        let mut config = ClientConfig::new();
        assert_eq!(config.option(""), Err(ConfigError::Empty));
        assert_eq!(config.push(""), Err(ConfigError::Empty));
        for bad in ["a\nb", "a\r", "a\0b", "\u{9b}"] {
            assert_eq!(config.option(bad), Err(ConfigError::ControlCharacter), "{bad:?}");
            assert_eq!(config.push(bad), Err(ConfigError::ControlCharacter), "{bad:?}");
        }
        assert!(config.option(&"x".repeat(254)).is_ok());
        assert_eq!(config.option(&"x".repeat(255)), Err(ConfigError::TooLong { bytes: 255 }));
        assert_eq!(config.push(&"x".repeat(248)), Err(ConfigError::TooLong { bytes: 255 }));
        assert_eq!(config.as_str().len(), 255);
    }
}
