//! The options of a client that connects (`client-options`): a worker asks the name service for the user's groups, and reads
//! the files. It does so as root and outside of a chroot, which OpenVPN cannot.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{Gid, Group};

use super::groups;
use super::reports::{Reports, cut};
use crate::client_options::{Mistake, Values, collect};
use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::{MAX_TEXT, StepResult, WorkerNews};
use crate::quoted::shown;
use crate::settings::Settings;

/// Puts them together, and sends them piece by piece; whether that worked.
pub fn report(settings: &Settings, wanted: &ClientOptionsRequest, reports: &mut Reports<'_>) -> bool {
    let Some(directory) = &settings.config.client_options else { return false };
    let (done, text) = match of_client(directory, wanted, settings.openvpn_minor) {
        Ok(text) => (StepResult { code: 0, text: Vec::new() }, text),
        Err(mistake) => (StepResult { code: 1, text: cut(&mistake.to_string()) }, String::new()),
    };
    text.as_bytes().chunks(MAX_TEXT).all(|part| reports.send(WorkerNews::OptionsPart(part.to_vec())))
        && reports.send(WorkerNews::OptionsDone(done))
}

fn of_client(
    directory: &Path,
    wanted: &ClientOptionsRequest,
    version: Option<u32>,
) -> Result<String, Mistake> {
    let ClientOptionsRequest { username, common_name, address, assigned } = wanted;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let values = Values {
        username: text(username),
        common_name: text(common_name),
        tunnel_ip: assigned.ipv4,
        tunnel_ip6: assigned.ipv6,
        address: text(address),
    };
    let mut groups = Groups::Unasked(username);
    collect(directory, username, |name| groups.contains(name), &values, version)
}

/// The groups of a user. If no group is needed, no name service is asked.
enum Groups<'a> {
    Unasked(&'a [u8]),
    Known(&'a [u8], Vec<Gid>),
}

impl Groups<'_> {
    /// Whether the user is in the group of this name. The name service is asked for those that have a file, and not for the
    /// names of all groups that the user is in: there may be hundreds, with members in thousands.
    fn contains(&mut self, name: &OsStr) -> Result<bool, Mistake> {
        if let Groups::Unasked(user) = self {
            *self = Groups::Known(user, groups_of(user)?);
        }
        let Groups::Known(user, groups) = self else { return Ok(false) };
        if groups.is_empty() {
            return Ok(false);
        }
        let Some(asked) = name.to_str() else { return Ok(false) };
        let group = Group::from_name(asked)
            .map_err(|errno| away(format!("group '{}'", shown(name.as_bytes())), errno))?;
        // getgrouplist(3) does not say that a name service has not answered, and leaves out what that knows.
        let lists = |group: &Group| group.mem.iter().any(|member| member.as_bytes() == *user);
        Ok(group.is_some_and(|group| groups.contains(&group.gid) || lists(&group)))
    }
}

/// None for a user that the name service does not know.
fn groups_of(user: &[u8]) -> Result<Vec<Gid>, Mistake> {
    let away = |errno| away(format!("user '{}'", shown(user)), errno);
    let Ok(name) = CString::new(user) else { return Ok(Vec::new()) };
    groups::of_user(&name).map(Option::unwrap_or_default).map_err(away)
}

/// The C library has no error for a name that nobody knows. ENOENT is one like others: parts of name services give it when
/// their daemon is not there.
fn away(asked: String, errno: Errno) -> Mistake {
    Mistake::NameService { asked, why: errno.desc() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_in_its_group_and_unknown_users_are_in_none() {
        let mut root = Groups::Unasked(b"root");
        assert_eq!(root.contains(OsStr::new("root")), Ok(true));
        assert_eq!(root.contains(OsStr::new("nogroup")), Ok(false));
        assert_eq!(root.contains(OsStr::new("there is no such group")), Ok(false));
        for user in [&b"there is no such user"[..], b"", b"\xff", b"a\0b"] {
            assert_eq!(Groups::Unasked(user).contains(OsStr::new("root")), Ok(false));
        }
    }
}
