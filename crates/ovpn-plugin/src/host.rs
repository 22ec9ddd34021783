//! What OpenVPN says of itself when it opens a plugin, and when it does.

use std::ffi::{c_int, c_uint};

use ovpn_plugin_sys as sys;

/// A connection of OpenVPN's configuration, as it is written there: addresses may be names, and ports too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection<'a> {
    /// `udp`, `tcp-server` and so on (`proto_{n}`).
    pub protocol: &'a str,
    /// The own address (`local_{n}`); `None` for any.
    pub local: Option<&'a str>,
    /// The own port (`local_port_{n}`).
    pub local_port: Option<&'a str>,
    /// The server's address (`remote_{n}`); `None` at a server.
    pub remote: Option<&'a str>,
    /// The server's port (`remote_port_{n}`).
    pub remote_port: Option<&'a str>,
}

/// A version of OpenVPN, for example major 2, minor 6, patch `.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version<'a> {
    /// The whole version as text; empty if the host left it out or it is not UTF-8.
    pub text: &'a str,
    /// The major number.
    pub major: c_uint,
    /// The minor number.
    pub minor: c_uint,
    /// The rest, with its dot or suffix; empty if the host left it out or it is not UTF-8.
    pub patch: &'a str,
}

impl Version<'_> {
    /// Whether it is this version or a later one.
    ///
    /// ```
    /// # use ovpn_plugin::OpenArgs;
    /// # fn open(args: &OpenArgs<'_>) {
    /// if !args.openvpn_version().is_some_and(|version| version.is_at_least(2, 6)) {
    ///     log::warn!("before OpenVPN 2.6 clients are not told why they are rejected");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_at_least(&self, major: c_uint, minor: c_uint) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

/// A TLS library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SslApi {
    /// Built without TLS.
    None,
    /// OpenSSL: certificates are `X509`.
    OpenSsl,
    /// mbed TLS: certificates are `mbedtls_x509_crt`.
    MbedTls,
    /// A number newer than this crate.
    Other(i32),
}

impl SslApi {
    pub(crate) fn from_number(number: c_int) -> Self {
        match number {
            sys::SSLAPI_NONE => Self::None,
            sys::SSLAPI_OPENSSL => Self::OpenSsl,
            sys::SSLAPI_MBEDTLS => Self::MbedTls,
            other => Self::Other(other),
        }
    }
}

/// When OpenVPN opens the plugin; given to [`export!`](crate::export).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitPoint {
    /// While the configuration is read, before any of it is acted on. The only one before OpenVPN becomes a daemon,
    /// which forks; variables such as `verb` and `daemon` are not set yet.
    PreConfigParse,
    /// Before the tunnel device is opened, with all privileges: the default. In spite of its name after OpenVPN became
    /// a daemon (2.4 to 2.7).
    PreDaemon,
    /// After a server's tunnel device was opened, so without its event `UP`; still with all privileges.
    PostDaemon,
    /// After a server gave up its privileges (`user`, `group`, `chroot`). A client gives them up later, once it is
    /// connected.
    PostUidChange,
}

impl InitPoint {
    /// OpenVPN's number for it.
    #[must_use]
    pub const fn number(self) -> c_int {
        match self {
            Self::PreConfigParse => sys::PLUGIN_INIT_PRE_CONFIG_PARSE,
            Self::PreDaemon => sys::PLUGIN_INIT_PRE_DAEMON,
            Self::PostDaemon => sys::PLUGIN_INIT_POST_DAEMON,
            Self::PostUidChange => sys::PLUGIN_INIT_POST_UID_CHANGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered() {
        let version = Version { text: "2.6.14", major: 2, minor: 6, patch: ".14" };
        assert!(version.is_at_least(2, 6) && version.is_at_least(2, 5) && version.is_at_least(1, 9));
        assert!(!version.is_at_least(2, 7) && !version.is_at_least(3, 0));
    }
}
