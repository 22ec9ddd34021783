//! A connecting client's configuration, line by line, in a form OpenVPN reads without surprises.

use std::ffi::CString;
use std::fmt;

/// Configuration of one client (`push`, `ifconfig-push`, `iroute` and the like), for a client that connects.
///
/// ```
/// use ovpn_plugin::ClientConfig;
///
/// let mut config = ClientConfig::new();
/// config.option("ifconfig-push 10.8.0.5 255.255.255.0")?;
/// config.push("dhcp-option DNS 10.8.0.1")?;
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
