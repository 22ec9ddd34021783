//! Whether OpenVPN, having given up root, is still of root's group: then it may write where that group may.

use nix::unistd::{Pid, getppid};
use privsep::path_permissions::RootsGroup;

/// The groups of OpenVPN's process, as the kernel has them.
pub(super) struct OpenVpnsGroups {
    status: String,
}

impl OpenVpnsGroups {
    /// Of this process. Its number is its own as long as the helper serves it.
    pub(super) fn of(openvpn: Pid) -> Self {
        // In another namespace of processes the number means somebody else.
        let known = getppid().as_raw() != 0;
        let number = if known { openvpn.to_string() } else { String::new() };
        OpenVpnsGroups { status: format!("/proc/{number}/status") }
    }

    /// What holds now. Without root OpenVPN cannot change its groups any more, so none was another one before.
    pub(super) fn now(&self) -> RootsGroup {
        match std::fs::read_to_string(&self.status) {
            Ok(status) => judge(&status),
            // It cannot be found out.
            Err(_) => RootsGroup::IsOpenVpns,
        }
    }
}

/// What `/proc/PID/status` says.
fn judge(status: &str) -> RootsGroup {
    let numbers = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(|numbers| numbers.split_ascii_whitespace().map(str::parse::<u32>).collect::<Vec<_>>())
    };
    let has_root = |name| numbers(name).is_none_or(|all| all.contains(&Ok(0)));
    // Root may write anywhere as it is.
    let is_root = numbers("Uid:").is_some_and(|all| all.get(1) == Some(&Ok(0)));
    if !is_root && (has_root("Gid:") || has_root("Groups:")) {
        RootsGroup::IsOpenVpns
    } else {
        RootsGroup::IsTrusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_root_s_group_who_is_not_root_is_found() {
        let status = |uid: &str, gid: &str, groups: &str| {
            format!("Name:\tx\nUid:\t{uid}\nGid:\t{gid}\nFDSize:\t64\nGroups:\t{groups} \n")
        };
        let nobody = "65534\t65534\t65534\t65534";
        for (uid, gid, groups, expected) in [
            ("0\t0\t0\t0", "0\t0\t0\t0", "0", RootsGroup::IsTrusted),
            (nobody, nobody, "", RootsGroup::IsTrusted),
            (nobody, nobody, "100 20", RootsGroup::IsTrusted),
            (nobody, "0\t0\t0\t0", "", RootsGroup::IsOpenVpns),
            (nobody, "65534\t65534\t0\t65534", "", RootsGroup::IsOpenVpns),
            (nobody, nobody, "100 0", RootsGroup::IsOpenVpns),
        ] {
            assert_eq!(judge(&status(uid, gid, groups)), expected, "{uid} {gid} {groups}");
        }
        assert_eq!(judge("unreadable"), RootsGroup::IsOpenVpns);
    }
}
