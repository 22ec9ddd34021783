//! Whether OpenVPN is still the process that the administrator started: then, and only then, may a helper be forked.

use std::os::unix::fs::MetadataExt;

use nix::unistd::{Gid, Uid};

/// Who and where the process was when OpenVPN opened the plugin. A helper is forked only as long as that is so: then
/// the environment it gets is the administrator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    user: Uid,
    group: Gid,
    root: Option<(u64, u64)>,
}

impl Identity {
    /// Who and where it is now.
    pub fn now() -> Self {
        let root = std::fs::metadata("/").map(|root| (root.dev(), root.ino())).ok();
        Identity { user: nix::unistd::geteuid(), group: nix::unistd::getegid(), root }
    }

    /// Whether it is root.
    pub fn is_root(&self) -> bool {
        self.user.is_root()
    }

    /// Its effective user.
    pub fn user(&self) -> Uid {
        self.user
    }
}
