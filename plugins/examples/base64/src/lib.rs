//! Shows the base64 helpers on the subjects of certificates, and accepts all that OpenVPN itself accepts.
//!
//! `plugin libexample_base64.so`

use ovpn_plugin::{OpenArgs, Plugin, Result, TlsVerify, TlsVerifyReply, base64, escape, wipe};

struct Base64;

#[ovpn_plugin::plugin]
impl Plugin for Base64 {
    const NAME: &'static str = "BASE64";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> Result<TlsVerifyReply> {
        let subject = event.subject().ok_or("no subject")?;
        let encoded = base64::encode(subject);
        log::info!("subject '{}' is {encoded} in base64", escape(subject));
        let mut decoded = base64::decode(encoded.as_bytes())?;
        let same = decoded == subject;
        // A subject is no secret. For what is one, this is how it goes away.
        wipe(&mut decoded);
        Ok(if same { TlsVerifyReply::Accept } else { TlsVerifyReply::Reject })
    }
}

ovpn_plugin::export!(Base64);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, Outcome, Running};

    use super::*;

    #[test]
    fn there_and_back() {
        let mut plugin = Running::<Base64>::open(&CallData::new()).unwrap();
        let reply = plugin.call(EventSet::TLS_VERIFY, &CallData::new().arg("0").arg("CN=joe"));
        assert_eq!(reply.outcome, Outcome::Success);
        assert!(plugin.logged("subject 'CN=joe' is Q049am9l in base64"));
        assert_eq!(plugin.call(EventSet::TLS_VERIFY, &CallData::new()).outcome, Outcome::Error);
        assert!(plugin.logged("TLS_VERIFY failed: no subject"));
    }
}
