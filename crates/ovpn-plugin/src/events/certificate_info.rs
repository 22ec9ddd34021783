//! What OpenVPN says of a certificate in variables; they stay for all later events of the client.

use std::fmt;

use crate::Env;

/// One certificate of a peer's chain, as variables describe it. Everything is `None` for a depth the chain does not
/// have.
#[derive(Clone, Copy)]
pub struct CertificateInfo<'a> {
    env: Env<'a>,
    depth: u32,
}

impl<'a> CertificateInfo<'a> {
    pub(super) fn new(env: Env<'a>, depth: u32) -> Self {
        Self { env, depth }
    }

    /// Its place in the chain; 0 is the peer's own.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The whole subject as OpenVPN prints it, such as `C=KG, O=Example, CN=joe` (`tls_id_{n}`).
    #[must_use]
    pub fn subject(&self) -> Option<&'a [u8]> {
        self.env.get_formatted(format_args!("tls_id_{}", self.depth))
    }

    /// A part of the subject, such as `CN`, `O` or `emailAddress`, or with `x509-track` of the certificate
    /// (`X509_{n}_{part}`). OpenVPN replaced control characters by `_`. Of a part that is there several times this is
    /// the first; the others are called `CN_1`, `CN_2` and so on. After a renegotiation those of the certificate that
    /// was sent then come after those from before. To decide who somebody is, take `common_name()` of the event.
    #[must_use]
    pub fn part(&self, part: &str) -> Option<&'a [u8]> {
        self.env.get_formatted(format_args!("X509_{}_{part}", self.depth))
    }

    /// The serial number, decimal (`tls_serial_{n}`). `None` too if OpenVPN could not read it.
    #[must_use]
    pub fn serial(&self) -> Option<&'a str> {
        self.text(format_args!("tls_serial_{}", self.depth))
    }

    /// The serial number, hexadecimal with colons, such as `0a:1b` (`tls_serial_hex_{n}`).
    #[must_use]
    pub fn serial_hex(&self) -> Option<&'a str> {
        self.text(format_args!("tls_serial_hex_{}", self.depth))
    }

    /// The SHA-256 digest, hexadecimal with colons (`tls_digest_sha256_{n}`).
    #[must_use]
    pub fn digest_sha256(&self) -> Option<&'a str> {
        self.text(format_args!("tls_digest_sha256_{}", self.depth))
    }

    /// The SHA-1 digest, hexadecimal with colons (`tls_digest_{n}`). SHA-1 is no proof of identity any more.
    #[must_use]
    pub fn digest_sha1(&self) -> Option<&'a str> {
        self.text(format_args!("tls_digest_{}", self.depth))
    }

    fn text(&self, name: fmt::Arguments<'_>) -> Option<&'a str> {
        std::str::from_utf8(self.env.get_formatted(name)?).ok().filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for CertificateInfo<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CertificateInfo").field("depth", &self.depth).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn each_depth_has_its_own() {
        let call = CallData::new()
            .env("tls_id_0", "O=x, CN=joe")
            .env("X509_0_CN", "joe")
            .env("X509_10_CN", "root")
            .env("tls_serial_0", "42")
            .env("tls_serial_1", "")
            .env("tls_serial_hex_0", "2a")
            .env("tls_digest_0", "aa:bb")
            .env("tls_digest_sha256_0", "cc:dd");
        let own = CertificateInfo::new(call.environment(), 0);
        assert_eq!((own.depth(), own.subject()), (0, Some(&b"O=x, CN=joe"[..])));
        assert_eq!((own.part("CN"), own.part("O"), own.part("C")), (Some(&b"joe"[..]), None, None));
        assert_eq!((own.serial(), own.serial_hex()), (Some("42"), Some("2a")));
        assert_eq!((own.digest_sha1(), own.digest_sha256()), (Some("aa:bb"), Some("cc:dd")));
        let issuer = CertificateInfo::new(call.environment(), 1);
        assert_eq!((issuer.serial(), issuer.subject(), issuer.part("CN")), (None, None, None));
        assert_eq!(CertificateInfo::new(call.environment(), 10).part("CN"), Some(&b"root"[..]));
    }
}
