//! Attacks on the plugin's privilege border, from a hostile OpenVPN on one side and from PAM modules on the other: each
//! must cost the attacker its own login or its own process, and nobody else anything.
//!
//! The plugin forks, so each case is a process of its own with a single thread, as OpenVPN is.

mod cases;
mod dev_log;
mod raw;
mod stage;

use std::process::ExitCode;

use case_runner::{Case, Suite};

/// A mount namespace whose /dev has the devices a process needs, and room for a /dev/log.
const PRIVATE_DEV: &str = r#"
    set -e
    dev=$(mktemp -d) && mount --rbind /dev "$dev" && mount -t tmpfs -o mode=755 tmpfs /dev
    for name in null zero full random urandom tty; do touch "/dev/$name"; mount --bind "$dev/$name" "/dev/$name"; done
    umount -l "$dev" && rmdir "$dev"
    exec "$0" "$@""#;

fn main() -> ExitCode {
    let cases = cases::CASES.iter().map(|case| {
        let through = ["unshare", "--mount", "sh", "-c", PRIVATE_DEV];
        Case::new(case.name, case.run).through(if case.private_dev { &through } else { &[] })
    });
    // They wait more than they work.
    Suite::new(cases).at_once(4).prepare(stage::compile).run()
}
