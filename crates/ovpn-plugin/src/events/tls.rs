//! The TLS negotiation: each certificate, and the end.

use crate::Certificate;

super::events! {
    /// A certificate of the peer's chain is to be judged.
    TlsVerify;
    /// The TLS negotiation with a peer is complete.
    TlsFinal;
}

impl<'a> TlsVerify<'a> {
    /// Place of the certificate in the chain; 0 is the peer's own.
    #[must_use]
    pub fn depth(&self) -> Option<u32> {
        self.context.word(0)?.parse().ok()
    }

    /// The certificate's subject, as OpenVPN prints it.
    #[must_use]
    pub fn subject(&self) -> Option<&'a [u8]> {
        self.args().nth(1).map(std::ffi::CStr::to_bytes)
    }

    /// The certificate itself.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.context.certificate
    }

    /// The serial number of the certificate at `depth`, decimal.
    #[must_use]
    pub fn serial(&self, depth: u32) -> Option<&'a str> {
        self.numbered("tls_serial_", depth, "").and_then(|text| std::str::from_utf8(text).ok())
    }

    /// The SHA-256 digest of the certificate at `depth`, hexadecimal with colons.
    #[must_use]
    pub fn digest_sha256(&self, depth: u32) -> Option<&'a str> {
        self.numbered("tls_digest_sha256_", depth, "").and_then(|text| std::str::from_utf8(text).ok())
    }

    /// A part of the subject of the certificate at `depth`, such as `CN` or `O`.
    #[must_use]
    pub fn subject_part(&self, depth: u32, part: &str) -> Option<&'a [u8]> {
        self.numbered("X509_", depth, part)
    }

    /// The variable `<prefix><depth>` or `<prefix><depth>_<part>`, found without building its name.
    fn numbered(&self, prefix: &str, depth: u32, part: &str) -> Option<&'a [u8]> {
        let is_wanted = |name: &[u8]| -> Option<bool> {
            let rest = std::str::from_utf8(name).ok()?.strip_prefix(prefix)?;
            let (number, rest) = rest.split_once('_').unwrap_or((rest, ""));
            Some(number.parse() == Ok(depth) && rest == part)
        };
        self.env().iter().find(|(name, _)| is_wanted(name) == Some(true)).map(|(_, value)| value)
    }
}

impl<'a> TlsFinal<'a> {
    /// The peer's common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&'a [u8]> {
        self.env().get("common_name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn reads_a_certificate() {
        let call =
            CallData::new().arg("1").arg("O=x, CN=ca").env("X509_1_CN", "ca").env("tls_serial_1", "42");
        let event: TlsVerify<'_> = call.event();
        assert_eq!(event.depth(), Some(1));
        assert_eq!(event.subject(), Some(&b"O=x, CN=ca"[..]));
        assert_eq!(event.subject_part(1, "CN"), Some(&b"ca"[..]));
        assert_eq!(event.serial(1), Some("42"));
        assert_eq!(event.serial(0), None);
        assert_eq!(event.digest_sha256(1), None);
        assert_eq!(event.subject_part(1, "C"), None);
        assert_eq!(event.subject_part(0, "CN"), None);
        assert!(event.certificate().is_none());
    }
}
