//! The TLS negotiation: each certificate, and the end.

use std::path::Path;

use super::peer::{untrusted_peer, verified_peer};
use crate::{Certificate, CertificateInfo};

super::events! {
    /// A certificate of the peer's chain is to be judged.
    TlsVerify;
    /// The TLS negotiation with a peer is complete.
    TlsFinal;
}

untrusted_peer! { TlsVerify TlsFinal }
verified_peer! { TlsFinal }

impl<'a> TlsVerify<'a> {
    /// Place of the certificate in the chain; 0 is the peer's own.
    #[must_use]
    pub fn depth(&self) -> Option<u32> {
        self.context.word(0)?.parse().ok()
    }

    /// The certificate's subject as OpenVPN prints it, such as `C=KG, O=Example, CN=joe`.
    #[must_use]
    pub fn subject(&self) -> Option<&'a [u8]> {
        self.args().nth(1)
    }

    /// The certificate itself, for the time of the call.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.context.certificate
    }

    /// The name OpenVPN goes on with for this client, from the option `x509-username-field` (the last `CN` of the subject
    /// unless set). `None` before the peer's own certificate, depth 0: then it is not known yet. OpenVPN before 2.6 never
    /// tells it here.
    #[must_use]
    pub fn common_name(&self) -> Option<&'a [u8]> {
        // Later negotiations find the name of the one before.
        self.env().get("common_name").filter(|_| self.depth() == Some(0))
    }

    /// What variables say of the certificate that is to be judged: serial number, digests, parts of the subject.
    /// `None` if OpenVPN does not say which it is.
    #[must_use]
    pub fn info(&self) -> Option<CertificateInfo<'a>> {
        self.depth().map(|depth| self.certificate_info(depth))
    }

    /// The same of the certificate at `depth`. Those nearer to the peer's own come later.
    #[must_use]
    pub fn certificate_info(&self, depth: u32) -> CertificateInfo<'a> {
        CertificateInfo::new(self.env(), depth)
    }

    /// The file with the certificate in PEM, for the time of the call; only with the server's option
    /// `tls-export-cert` (`peer_cert`).
    #[must_use]
    pub fn certificate_file(&self) -> Option<&'a Path> {
        self.context.path("peer_cert")
    }
}

impl<'a> TlsFinal<'a> {
    /// The username, if the peer sent one.
    #[must_use]
    pub fn username(&self) -> Option<&'a [u8]> {
        self.env().get("username")
    }

    /// Key material both ends can derive, hexadecimal; only with the option `keying-material-exporter`. A secret.
    #[must_use]
    pub fn exported_keying_material(&self) -> Option<&'a str> {
        self.env().get_str("exported_keying_material")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn reads_a_certificate() {
        let call = CallData::new()
            .arg("1")
            .arg("O=x, CN=ca")
            .env("X509_1_CN", "ca")
            .env("tls_serial_1", "42")
            .env("untrusted_ip", "192.0.2.1")
            .env("untrusted_port", "1194")
            .env("peer_cert", "/tmp/pem");
        let event: TlsVerify<'_> = call.event();
        assert_eq!((event.depth(), event.subject()), (Some(1), Some(&b"O=x, CN=ca"[..])));
        let info = event.info().unwrap();
        assert_eq!((info.part("CN"), info.serial(), info.part("C")), (Some(&b"ca"[..]), Some("42"), None));
        assert_eq!(event.certificate_info(0).part("CN"), None);
        assert_eq!(event.untrusted_address(), Some(([192, 0, 2, 1], 1194).into()));
        assert_eq!(event.certificate_file(), Some(Path::new("/tmp/pem")));
        assert!(event.certificate().is_none());
        let own = CallData::new().arg("0").env("common_name", "joe");
        assert_eq!(own.event::<TlsVerify<'_>>().common_name(), Some(&b"joe"[..]));
        let issuer = CallData::new().arg("1").env("common_name", "joe");
        assert_eq!(issuer.event::<TlsVerify<'_>>().common_name(), None);
        let nothing = CallData::new();
        let event: TlsVerify<'_> = nothing.event();
        assert!(event.depth().is_none() && event.info().is_none() && event.certificate_file().is_none());
    }

    #[test]
    fn reads_the_end_of_a_negotiation() {
        let call = CallData::new()
            .env("common_name", "joe")
            .env("username", "joe@example.com")
            .env("exported_keying_material", "00ff")
            .env("untrusted_ip6", "2001:db8::1")
            .env("untrusted_port", "1194")
            .env("X509_0_CN", "joe")
            .env("IV_PLAT", "linux");
        let event: TlsFinal<'_> = call.event();
        assert_eq!(
            (event.common_name(), event.username()),
            (Some(&b"joe"[..]), Some(&b"joe@example.com"[..]))
        );
        assert_eq!(event.exported_keying_material(), Some("00ff"));
        assert_eq!(event.untrusted_address().map(|a| a.to_string()).as_deref(), Some("[2001:db8::1]:1194"));
        assert_eq!(event.certificate_info(0).part("CN"), Some(&b"joe"[..]));
        assert_eq!(event.peer_info().platform(), Some("linux"));
    }
}
