//! Which client OpenVPN disconnects when another one connects: a session that ends then does not stand in the way of the new one.

use openvpn_config::OpenvpnConfig;

/// Whose place a connecting client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaces {
    /// Nobody's (`duplicate-cn`).
    Nobody,
    /// That of a client with the same common name.
    CommonName,
    /// That of a client of the same user; or it is not known what stands in the configuration.
    User,
}

impl Replaces {
    /// As OpenVPN's configuration has it.
    pub fn by(config: Option<&OpenvpnConfig>) -> Self {
        match config {
            Some(config) if config.duplicate_cn => Replaces::Nobody,
            Some(config) if !config.username_as_common_name => Replaces::CommonName,
            _ => Replaces::User,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_refuses_nobody() {
        let config = |duplicate_cn, username_as_common_name| OpenvpnConfig {
            duplicate_cn,
            username_as_common_name,
            ..OpenvpnConfig::default()
        };
        for (config, expected) in [
            (Some(config(true, false)), Replaces::Nobody),
            (Some(config(true, true)), Replaces::Nobody),
            (Some(config(false, false)), Replaces::CommonName),
            (Some(config(false, true)), Replaces::User),
            (None, Replaces::User),
        ] {
            assert_eq!(Replaces::by(config.as_ref()), expected, "{config:?}");
        }
    }
}
