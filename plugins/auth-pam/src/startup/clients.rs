//! What connecting clients get: their options and their names.

use log_lines::UnloggedLine;
use ovpn_plugin::Version;

use crate::client_options;
use crate::config::Config;

/// What the start has found.
#[derive(Debug, Default)]
pub(super) struct ClientFindings {
    /// OpenVPN can give clients other names, and is to.
    pub(super) override_username: bool,
    /// What may fail.
    pub(super) warnings: Vec<UnloggedLine>,
    /// What members of root's group could change.
    pub(super) by_roots_group: Vec<UnloggedLine>,
}

/// The N of OpenVPN 2.N, if it is known.
pub(super) fn minor(version: Option<Version<'_>>) -> Option<u32> {
    version.map(|version| if version.major > 2 { u32::MAX } else { version.minor })
}

/// Checks it for OpenVPN 2.N.
///
/// Errors: why OpenVPN should not start.
pub(super) fn check(config: &Config, minor: Option<u32>) -> Result<ClientFindings, String> {
    let at_least = |wanted| minor.is_some_and(|minor| minor >= wanted);
    let mut findings = ClientFindings {
        override_username: config.override_username && at_least(7),
        ..ClientFindings::default()
    };
    if config.override_username && !findings.override_username {
        findings.warnings.push(lines::clients::no_override().unlogged());
    }
    let Some(directory) = &config.client_options else { return Ok(findings) };
    if !at_least(5) {
        findings.warnings.push(lines::clients::stands_still().unlogged());
    }
    let found = client_options::check(directory, minor);
    let found = found.map_err(|mistake| lines::clients::found(mistake).to_string())?;
    findings.warnings.extend(found.warnings);
    findings.by_roots_group = found.by_roots_group;
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(words: &[&str], minor: u32) -> (bool, Vec<UnloggedLine>) {
        let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
        let findings = check(&config, Some(minor)).unwrap();
        (findings.override_username, findings.warnings)
    }

    #[test]
    fn an_openvpn_that_cannot_rename_is_said() {
        assert_eq!(warnings(&["override-username=yes", "login"], 7), (true, vec![]));
        let (renames, said) = warnings(&["override-username=yes", "login"], 6);
        assert!(!renames && said[0].starts_with("override-username has no effect"), "{said:?}");
        assert_eq!(warnings(&["login"], 6), (false, vec![]));
    }

    #[test]
    fn an_openvpn_that_waits_itself_is_said() {
        let place = tempfile::Builder::new().prefix("client-options-").tempdir_in("/var/lib").unwrap();
        let option = format!("client-options={}", place.path().display());
        assert_eq!(warnings(&[&option, "login"], 5), (false, vec![]));
        let (_, said) = warnings(&[&option, "login"], 4);
        assert!(said[0].starts_with("client-options: OpenVPN before 2.5"), "{said:?}");
    }

    #[test]
    fn a_mistake_in_a_file_keeps_openvpn_from_starting() {
        let place = tempfile::Builder::new().prefix("client-options-").tempdir_in("/var/lib").unwrap();
        let option = format!("client-options={}", place.path().display());
        let config = Config::parse([option.as_bytes(), b"login"]).unwrap();
        assert!(check(&config, Some(6)).is_ok());
        let file = place.path().join("default");
        std::fs::write(&file, "route 10.0.0.0").unwrap();
        let refused = check(&config, Some(6)).unwrap_err();
        assert!(refused.starts_with(&format!("client-options: {}:1: 'route'", file.display())), "{refused}");
        std::fs::remove_dir_all(place.path()).unwrap();
        assert!(check(&config, Some(6)).unwrap_err().contains("No such file"));
        assert!(Config::parse([option.as_bytes(), b"login"]).is_err());
    }
}
