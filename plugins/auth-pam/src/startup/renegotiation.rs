//! When clients that stay connected need this plugin again: until then a user who was revoked keeps the connection.

use openvpn_config::OpenvpnConfig;

/// When clients that stay connected need this plugin again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renegotiation {
    /// OpenVPN renegotiates after so many seconds; 0: never. Nothing: that is not known.
    pub seconds: Option<u64>,
    /// OpenVPN takes tokens of its own (`auth-gen-token` without `external-auth`), and then asks nobody.
    pub own_tokens: bool,
}

impl Renegotiation {
    /// As OpenVPN's configuration has it.
    pub fn of(openvpn: Option<&OpenvpnConfig>) -> Self {
        let tokens = openvpn.and_then(|openvpn| openvpn.auth_gen_token);
        Renegotiation {
            seconds: openvpn.map(|openvpn| openvpn.reneg_sec),
            own_tokens: tokens.is_some_and(|tokens| !tokens.external_auth),
        }
    }
}

#[cfg(test)]
mod tests {
    use openvpn_config::Tokens;

    use super::*;

    #[test]
    fn when_clients_are_asked_again_is_known_from_the_configuration() {
        let of = |auth_gen_token| {
            let openvpn = OpenvpnConfig { auth_gen_token, reneg_sec: 0, ..OpenvpnConfig::default() };
            Renegotiation::of(Some(&openvpn)).own_tokens
        };
        assert!(of(Some(Tokens { external_auth: false })));
        assert!(!of(Some(Tokens { external_auth: true })) && !of(None));
        assert_eq!(Renegotiation::of(None), Renegotiation { seconds: None, own_tokens: false });
    }
}
