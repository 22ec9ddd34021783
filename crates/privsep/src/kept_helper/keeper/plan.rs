//! What a keeper is to do.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use log_lines::UnloggedLine;

use super::WorkersPlan;
use crate::confine::{Cores, Output};

/// What a keeper is to do.
pub struct Plan<'a> {
    /// What the helper is called in the log.
    pub name: &'a str,
    /// As [`Confinement::title`](crate::confine::Confinement::title), for the keeper.
    pub title: &'a str,
    /// As [`Confinement::command`](crate::confine::Confinement::command), for the keeper.
    pub command: &'a CStr,
    /// Standard output and error of keeper and helpers.
    pub output: Output<'a>,
    /// As [`Confinement::cores`](crate::confine::Confinement::cores).
    pub cores: Cores,
    /// How the keeper learns which process OpenVPN is.
    pub openvpn: OpenVpn,
    /// The helper's workers, if it has any. They end with it, and so does what they left running. Without workers, what a
    /// dead helper left running goes on.
    pub workers: Option<WorkersPlan<'a>>,
    /// What the keeper holds for what it forks. All else is closed in it.
    pub hold: &'a [BorrowedFd<'a>],
    /// How long a helper may take to end in order when OpenVPN is gone; then the keeper kills it. Less than the front waits
    /// when it closes the plugin.
    pub orderly_end: Duration,
    /// What the helper may have connected to; must not wait.
    pub connect: Option<fn() -> nix::Result<OwnedFd>>,
    /// What the keeper does last of all, when no helper is left; must not wait.
    pub at_end: Option<&'a dyn Fn()>,
    /// Logs a line; must not wait.
    pub log: fn(&UnloggedLine),
}

/// Which process OpenVPN is. End of file on the life line also tells that OpenVPN has ended, but only if no other process
/// holds a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenVpn {
    /// The one that forks the keeper.
    Parent,
    /// One that the parent is going to fork before it ends, as `daemon` does. It says so itself: [`KeptHelper::introduce`](crate::kept_helper::KeptHelper::introduce).
    Introduced,
}
