//! Logins without a password (`certificate-login`, `auth-gen-token ... external-auth`): what of OpenVPN's configuration keeps
//! them from working, or makes them mean something else than the administrator thinks.

use std::path::Path;

use log_lines::UnloggedLine;
use openvpn_config::OpenvpnConfig;
use ovpn_plugin::{OpenArgs, Version};
use secret::reading;

use crate::config::Config;

/// Read for a hint only.
const GROUPS: &str = "/etc/group";
const MAX_GROUPS_BYTES: usize = 4 * 1024 * 1024;

/// Whether `setenv` sets what only OpenVPN may say of a token: then everybody could come in.
pub fn refuse_preset_state(args: &OpenArgs<'_>) -> Result<(), String> {
    if args.env().get("session_state").is_none() {
        return Ok(());
    }
    Err(lines::passwordless::preset_state().to_string())
}

/// What to say.
pub fn warnings(
    config: &Config,
    openvpn: Option<&OpenvpnConfig>,
    version: Option<Version<'_>>,
) -> Vec<UnloggedLine> {
    let Some(openvpn) = openvpn else { return Vec::new() };
    let mut said = Vec::new();
    let tokens = openvpn.auth_gen_token;
    if tokens.is_some_and(|tokens| tokens.external_auth) && version.is_none_or(crashes) {
        let version = version.map_or("", |version| version.text);
        said.push(lines::passwordless::malformed_token_crashes(version).unlogged());
    }
    if config.certificate_login.is_none() {
        return said;
    }
    if !openvpn.user_pass_optional {
        said.push(lines::passwordless::without_optional().unlogged());
    }
    if openvpn.no_client_certificate {
        said.push(lines::passwordless::without_certificates().unlogged());
    }
    if tokens.is_some_and(|tokens| !tokens.external_auth) {
        said.push(lines::passwordless::token_with_any_certificate().unlogged());
    }
    if openvpn.username_as_common_name {
        said.push(lines::passwordless::same_empty_name().unlogged());
    }
    said
}

/// What to say of a service that forgets wrong passwords in its account phase, which is run without a right one.
pub fn forgets_failures(
    config: &Config,
    openvpn: Option<&OpenvpnConfig>,
    module: Option<&str>,
) -> Option<UnloggedLine> {
    let tokens = openvpn.and_then(|openvpn| openvpn.auth_gen_token);
    let without_password =
        config.certificate_login.is_some() || tokens.is_some_and(|tokens| tokens.external_auth);
    module.filter(|_| without_password).map(|module| lines::passwordless::forgets_failures(module).unlogged())
}

/// A hint if the group is perhaps misspelt. Nothing of the name service is loaded into OpenVPN for that.
pub fn unknown_group(config: &Config) -> Option<UnloggedLine> {
    let group = config.certificate_login.as_deref()?;
    let file = std::fs::File::open(Path::new(GROUPS)).ok()?;
    let text = reading::at_most(&file, MAX_GROUPS_BYTES).ok()?;
    let begin = format!("{group}:");
    let known = text.expose().split(|byte| *byte == b'\n').any(|line| line.starts_with(begin.as_bytes()));
    (!known).then(|| lines::passwordless::unknown_group(group, GROUPS).unlogged())
}

/// Whether this version has the defect.
fn crashes(version: Version<'_>) -> bool {
    let digits: String =
        version.patch.trim_start_matches('.').chars().take_while(char::is_ascii_digit).collect();
    let patch: u32 = digits.parse().unwrap_or(0);
    match (version.major, version.minor) {
        (2, 6) => patch < 21,
        (2, 7) => patch < 5,
        known => known < (2, 6),
    }
}

#[cfg(test)]
mod tests {
    use openvpn_config::Tokens;

    use super::*;

    fn config(words: &[&str]) -> Config {
        Config::parse(words.iter().map(|word| word.as_bytes())).unwrap()
    }

    #[test]
    fn what_makes_certificates_mean_something_else_is_said() {
        let by_certificate = config(&["certificate-login=vpn", "login"]);
        let good = OpenvpnConfig { user_pass_optional: true, ..OpenvpnConfig::default() };
        let tokens = |external_auth| Some(Tokens { external_auth });
        for (openvpn, said) in [
            (good.clone(), vec![]),
            (OpenvpnConfig::default(), vec!["without auth-user-pass-optional"]),
            (
                OpenvpnConfig { no_client_certificate: true, ..good.clone() },
                vec!["with verify-client-cert none"],
            ),
            (OpenvpnConfig { auth_gen_token: tokens(false), ..good.clone() }, vec!["add external-auth"]),
            (OpenvpnConfig { username_as_common_name: true, ..good.clone() }, vec!["the same empty name"]),
        ] {
            let found = warnings(&by_certificate, Some(&openvpn), None);
            assert_eq!(found.len(), said.len(), "{found:?}");
            assert!(found.iter().zip(&said).all(|(found, said)| found.contains(said)), "{found:?}");
            assert!(warnings(&config(&["login"]), Some(&openvpn), None).is_empty());
        }
        assert!(warnings(&by_certificate, None, None).is_empty());
        // Of an unknown version nothing good is known.
        let external = OpenvpnConfig { auth_gen_token: tokens(true), ..good };
        assert!(warnings(&by_certificate, Some(&external), None)[0].contains("malformed token"));
    }

    #[test]
    fn wrong_passwords_that_are_forgotten_are_said() {
        let external = |external_auth| OpenvpnConfig {
            auth_gen_token: Some(Tokens { external_auth }),
            ..OpenvpnConfig::default()
        };
        let said = |options: &[&str], openvpn: &OpenvpnConfig, module| {
            forgets_failures(&config(options), Some(openvpn), module).is_some()
        };
        let module = Some("pam_faillock.so");
        assert!(said(&["login"], &external(true), module));
        assert!(said(&["certificate-login=vpn", "login"], &external(false), module));
        assert!(!said(&["login"], &external(false), module));
        assert!(!said(&["login"], &external(true), None));
    }

    #[test]
    fn a_group_that_is_nowhere_is_said() {
        assert_eq!(unknown_group(&config(&["certificate-login=root", "login"])), None);
        assert_eq!(unknown_group(&config(&["login"])), None);
        assert!(unknown_group(&config(&["certificate-login=roo", "login"])).is_some());
    }
}
