//! Unique names and scratch directories, and the sweep of what killed test processes left behind.

use std::sync::Once;

pub(crate) use ovpn_plugin_test::scratch::is_stale;
pub use ovpn_plugin_test::scratch::{Scratch, set_mode};

use crate::{isolation, pids_cgroup};

/// A name no other test uses, for an account, a PAM service or a cgroup; sweeps those of dead owners when first called.
pub fn unique_name() -> String {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(sweep);
    ovpn_plugin_test::scratch::unique_name()
}

fn sweep() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    isolation::sweep();
    pids_cgroup::sweep();
}
