//! The directory of the socket by which root asks (`status=`).

use std::path::Path;

use log_lines::UnloggedLine;
use privsep::local_socket;
use privsep::path_permissions::{RootsGroup, Sticky, Walk};

/// What the start has found.
#[derive(Debug, Default)]
pub(super) struct SocketFindings {
    /// What is wrong with it; the server starts all the same.
    pub(super) warning: Option<UnloggedLine>,
    /// What members of root's group could change.
    pub(super) by_roots_group: Vec<UnloggedLine>,
}

/// Looks at the directory of the socket.
///
/// Errors: others than root could put something there, so OpenVPN should not start.
pub(super) fn check(path: Option<&Path>) -> Result<SocketFindings, String> {
    let mut findings = SocketFindings::default();
    let Some(directory) = path.map(local_socket::directory) else { return Ok(findings) };
    // A directory that is missing is no reason to stop a server, perhaps after SIGHUP in a chroot.
    let walk = match Walk::along(&directory, Sticky::Allowed) {
        Ok(walk) => walk,
        Err(error) => {
            findings.warning = Some(lines::status::no_directory(error).unlogged());
            return Ok(findings);
        }
    };
    for problem in walk.problems {
        let found = lines::status::insecure(format_args!("{problem}; {}", problem.remedy())).unlogged();
        if !problem.is_tolerable(RootsGroup::IsTrusted) {
            return Err(found.text);
        }
        findings.by_roots_group.push(found);
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

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
}
