//! What the unit keeps from the plugins beside home directories: `/tmp`, and system calls.

use std::path::PathBuf;

use crate::doctor::finding::Finding;
use crate::doctor::setup::{Kind, PluginLine, Setup, is_in_tmp};
use crate::doctor::systemd_unit::Unit;
use crate::known_options::{DeclaredOption, auth_pam};

/// What the plugins of this project call.
const CALLS: [&str; 11] = [
    "capset",
    "clone",
    "close_range",
    "epoll_create1",
    "kill",
    "pidfd_open",
    "prctl",
    "setsid",
    "signalfd4",
    "socketpair",
    "wait4",
];
/// What auth-pam calls beside that: it looks at what modules have changed in its process.
const CALLS_OF_AUTH_PAM: [&str; 6] =
    ["getitimer", "ioprio_get", "keyctl", "prlimit64", "sched_getaffinity", "setitimer"];

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let tmp = setup.plugins.iter().filter_map(|line| private_tmp(setup, line));
    let calls = setup.unit.iter().filter_map(|unit| system_calls(setup, unit));
    tmp.chain(calls).collect()
}

/// What a plugin line names below `/tmp`: the first thing.
fn in_tmp(line: &PluginLine) -> Option<(&'static str, PathBuf)> {
    let option = |option: DeclaredOption| line.pam.as_ref()?.words.option(option).map(PathBuf::from);
    let named = [
        ("the plugin", Some(line.file.clone())),
        ("the options file", option(const { auth_pam("options") })),
        ("the directory of PAM services", option(const { auth_pam("pam-confdir") })),
        ("the directory of client options", option(const { auth_pam("client-options") })),
    ];
    let scripts = line.scripts.iter().map(|script| ("the script", Some(script.path.clone())));
    let all = named.into_iter().chain(scripts);
    all.filter_map(|(what, path)| Some((what, path?))).find(|(_, path)| is_in_tmp(path))
}

fn private_tmp(setup: &Setup, line: &PluginLine) -> Option<Finding> {
    let (what, path) = in_tmp(line)?;
    let path = path.display();
    match &setup.unit {
        Some(unit) if unit.private_tmp => Some(
            Finding::error("private-tmp", format!("the unit hides {what} {path}"))
                .at(&line.place)
                .why(format!(
                    "{} has PrivateTmp=yes, so the server has its own /tmp and /var/tmp, without that file.",
                    unit.name
                ))
                .todo("Move it below /etc/openvpn or /var/lib, and write the new path."),
        ),
        Some(_) => None,
        None => Some(
            Finding::note("tmp", format!("a unit may hide {what} {path} from OpenVPN"))
                .at(&line.place)
                .why("It is below /tmp, and the units that come with OpenVPN have PrivateTmp=true. The server then does not see it.")
                .todo("Move it below /etc/openvpn or /var/lib. Or check with the unit: ovpn-plugin doctor --unit NAME"),
        ),
    }
}

fn system_calls(setup: &Setup, unit: &Unit) -> Option<Finding> {
    let has = |kind: Kind| setup.plugins.iter().any(|line| line.kind == kind);
    let (auth_pam, down_root) = (has(Kind::AuthPam), has(Kind::DownRoot));
    let of_both = CALLS.iter().filter(|_| auth_pam || down_root);
    let needed = of_both.chain(CALLS_OF_AUTH_PAM.iter().filter(|_| auth_pam));
    let missing: Vec<&str> = needed.copied().filter(|call| unit.forbids_call(call)).collect();
    (!missing.is_empty()).then(|| {
        let calls = missing.join(" ");
        Finding::error("system-calls", format!("the unit forbids system calls that the plugins make: {calls}"))
            .in_unit(&unit.name)
            .why("The unit has a SystemCallFilter, and the kernel kills a process that makes such a call. OpenVPN does not start, or no login is decided.")
            .todo(format!("Add to the unit (this keeps the calls that it allows): SystemCallFilter={calls}"))
    })
}
