//! What a peer says of itself when it connects.

use std::fmt;

use crate::Env;

/// What a client says of its software and abilities. It is not checked: a client can claim anything. A server has all
/// of it from `AUTH_USER_PASS_VERIFY` on; clients that do not pull options say nothing.
#[derive(Clone, Copy)]
pub struct PeerInfo<'a>(Env<'a>);

impl<'a> PeerInfo<'a> {
    /// Bit of `IV_PROTO`: the client understands temporary failures (OpenVPN 2.6 and later).
    const TAKES_TEMPORARY: u32 = 1 << 8;

    pub(crate) fn new(env: Env<'a>) -> Self {
        Self(env)
    }

    /// Its version of OpenVPN, such as `2.6.14` (`IV_VER`).
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.0.get_str("IV_VER")
    }

    /// Its operating system: `linux`, `win`, `mac`, `android`, `ios` and so on (`IV_PLAT`).
    #[must_use]
    pub fn platform(&self) -> Option<&'a str> {
        self.0.get_str("IV_PLAT")
    }

    /// The version of its operating system (`IV_PLAT_VER`); needs `push-peer-info` at the client.
    #[must_use]
    pub fn platform_version(&self) -> Option<&'a str> {
        self.0.get_str("IV_PLAT_VER")
    }

    /// The program around OpenVPN and its version (`IV_GUI_VER`).
    #[must_use]
    pub fn ui_version(&self) -> Option<&'a str> {
        self.0.get_str("IV_GUI_VER")
    }

    /// The library for TLS it uses (`IV_SSL`); needs `push-peer-info` at the client.
    #[must_use]
    pub fn tls_library(&self) -> Option<&'a str> {
        self.0.get_str("IV_SSL")
    }

    /// A number for its machine, often the MAC address (`IV_HWADDR`); needs `push-peer-info` at the client.
    #[must_use]
    pub fn hardware_address(&self) -> Option<&'a str> {
        self.0.get_str("IV_HWADDR")
    }

    /// The ciphers it accepts for data (`IV_CIPHERS`, OpenVPN 2.5 and later).
    pub fn ciphers(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.get_str("IV_CIPHERS").into_iter().flat_map(|list| list.split(':'))
    }

    /// Its largest tunnel MTU in bytes (`IV_MTU`, OpenVPN 2.6 and later).
    #[must_use]
    pub fn max_mtu_bytes(&self) -> Option<u32> {
        self.0.get_number("IV_MTU")
    }

    /// Bits of what it can do (`IV_PROTO`); their meaning is in OpenVPN's source.
    #[must_use]
    pub fn protocol_bits(&self) -> Option<u32> {
        self.0.get_number("IV_PROTO")
    }

    /// Whether it can ask or tell its user something by `method` (`crtext`, `openurl`, `webauth` ...) while a login is
    /// pending (a word of `IV_SSO`, OpenVPN 2.5 and later).
    #[must_use]
    pub fn supports(&self, method: &str) -> bool {
        self.0.get_str("IV_SSO").is_some_and(|methods| methods.split(',').any(|known| known == method))
    }

    /// Whether it tries again after a [temporary failure](crate::Rejection::temporary) (a bit of `IV_PROTO`).
    #[must_use]
    pub fn takes_temporary(&self) -> bool {
        self.protocol_bits().unwrap_or(0) & Self::TAKES_TEMPORARY != 0
    }

    /// A variable of the client's configuration (`setenv UV_NAME value` and `push-peer-info` there): `name` without
    /// `UV_`.
    #[must_use]
    pub fn user_variable(&self, name: &str) -> Option<&'a [u8]> {
        self.0.get_formatted(format_args!("UV_{name}"))
    }
}

impl fmt::Debug for PeerInfo<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PeerInfo").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn all_of_it_is_read() {
        let call = CallData::new()
            .env("IV_VER", "2.6.14")
            .env("IV_PLAT", "linux")
            .env("IV_PLAT_VER", "6.1")
            .env("IV_GUI_VER", "net.openvpn 1")
            .env("IV_SSL", "OpenSSL_3.0")
            .env("IV_HWADDR", "00:01")
            .env("IV_CIPHERS", "AES-256-GCM:AES-128-GCM")
            .env("IV_MTU", "1600")
            .env("IV_PROTO", "990")
            .env("IV_SSO", "openurl,crtext")
            .env("UV_TEAM", "blue");
        let peer = PeerInfo::new(call.environment());
        assert_eq!((peer.version(), peer.platform()), (Some("2.6.14"), Some("linux")));
        assert_eq!((peer.platform_version(), peer.tls_library()), (Some("6.1"), Some("OpenSSL_3.0")));
        assert_eq!((peer.ui_version(), peer.hardware_address()), (Some("net.openvpn 1"), Some("00:01")));
        assert_eq!(peer.ciphers().collect::<Vec<_>>(), ["AES-256-GCM", "AES-128-GCM"]);
        assert_eq!((peer.max_mtu_bytes(), peer.protocol_bits()), (Some(1600), Some(990)));
        assert!(peer.takes_temporary() && peer.supports("crtext") && !peer.supports("open"));
        assert_eq!(peer.user_variable("TEAM"), Some(&b"blue"[..]));
        let (nothing, old) = (CallData::new(), CallData::new().env("IV_PROTO", "2"));
        assert!(!PeerInfo::new(nothing.environment()).takes_temporary());
        assert!(!PeerInfo::new(old.environment()).takes_temporary());
        assert_eq!(PeerInfo::new(nothing.environment()).ciphers().count(), 0);
    }
}
