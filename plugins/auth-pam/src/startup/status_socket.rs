//! The place of the socket by which root asks (`status=`), and what a revoked user keeps all the same.

use std::path::Path;

use log_lines::Said;
use openvpn_config::OpenvpnConfig;
use privsep::local_socket;
use privsep::path_permissions::{RootsGroup, Sticky, Walk};

/// What the start has found.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// What is wrong with it; the server starts all the same.
    pub(super) warning: Option<Said>,
    /// What members of root's group could change.
    pub(super) by_roots_group: Vec<Said>,
}

/// Looks at the directory of the socket.
///
/// Errors: others than root could put something there, so OpenVPN should not start.
pub(super) fn check(path: Option<&Path>) -> Result<Place, String> {
    let mut place = Place::default();
    let Some(directory) = path.map(local_socket::directory) else { return Ok(place) };
    // A directory that is missing is no reason to stop a server, perhaps after SIGHUP in a chroot.
    let walk = match Walk::along(&directory, Sticky::Allowed) {
        Ok(walk) => walk,
        Err(error) => {
            place.warning = Some(lines::status::no_directory(error).said());
            return Ok(place);
        }
    };
    for problem in walk.problems {
        let found = lines::status::insecure(format_args!("{problem}; {}", problem.remedy())).said();
        if !problem.is_tolerable(RootsGroup::IsTrusted) {
            return Err(found.text);
        }
        place.by_roots_group.push(found);
    }
    Ok(place)
}

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
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use openvpn_config::Tokens;

    use super::*;

    #[test]
    fn nobody_else_may_write_where_the_socket_is() {
        let directory = tempfile::tempdir_in("/var/lib").unwrap();
        let path = directory.path().join("socket");
        assert!(check(Some(&path)).unwrap().warning.is_none() && check(None).unwrap().warning.is_none());
        for (mode, refused) in [(0o757, true), (0o1777, true), (0o755, false)] {
            fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
            let checked = check(Some(&path));
            assert_eq!(checked.is_err(), refused, "{mode:o}: {checked:?}");
        }
        fs::set_permissions(directory.path(), Permissions::from_mode(0o775)).unwrap();
        assert_eq!(check(Some(&path)).unwrap().by_roots_group.len(), 1);
        let missing = check(Some(Path::new("/nonexistent/socket"))).unwrap();
        assert!(missing.warning.unwrap().contains("/nonexistent"));
    }

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
