//! How much there may be, and where which user may write.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use nix::sys::resource::{Resource, setrlimit};
use ovpn_plugin_host::{Call, FuncResult, sys};

use crate::Case;
use crate::stage::{NOBODY, Stage, answer, down, drop_root, logged, up};

pub(crate) const CASES: &[Case] = &[
    ("hundreds of routes reach the script", many_routes),
    ("64 kib of variables reach the script and more is left out", large_environment),
    (
        "a server that pushes thousands of variables does not keep the scripts from running",
        pushed_without_end,
    ),
    ("a script has the limit on core files of openvpn", core_files),
    ("a script that root's group may write to is not run if OpenVPN kept that group", root_s_group_kept),
    ("a script that root's group may write to is run if OpenVPN gave it up", root_s_group_given_up),
];

fn many_routes(stage: &Stage) {
    let script = stage.script("up.sh", "env | grep -c ^route_ > \"$D/seen\"");
    let plugin = stage.open(&[&format!("up={script}"), "/bin/true"]);
    up(&plugin);
    drop_root(None);
    let again = (1..=500).fold(Call::new(sys::PLUGIN_UP), |call, number| {
        let parts =
            [("network", "10.0.0.0"), ("netmask", "255.0.0.0"), ("gateway", "10.8.0.1"), ("metric", "50")];
        parts.iter().fold(call, |call, (part, value)| call.env(&format!("route_{part}_{number}"), *value))
    });
    assert_eq!(answer(&plugin, &again), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "2000\n");
}

fn large_environment(stage: &Stage) {
    let script = stage.script("route.sh", "env | grep -c ^UV_ > \"$D/seen\"");
    let plugin = stage.open(&[&format!("on=route-up:{script}"), "/bin/true"]);
    up(&plugin);
    drop_root(None);
    let routes = |count| {
        // With the lengths of both: 204 bytes each.
        (0..count).fold(Call::new(sys::PLUGIN_ROUTE_UP), |call, number| {
            call.env(&format!("UV_{number:03}"), "x".repeat(190))
        })
    };
    assert_eq!(answer(&plugin, &routes(321)), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "321\n");
    assert_eq!(answer(&plugin, &routes(330)), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "321\n");
    assert!(logged(&plugin, "9 are left out (at most 64 KiB)"), "{:?}", plugin.log_lines());
}

/// The kernel takes about two megabytes; these are three.
fn pushed_without_end(stage: &Stage) {
    let tell = |name: &str| format!("echo \"{name} $dev $OWN $(env | grep -c ^OPENVPN_)\" >> \"$D/seen\"");
    let route = stage.script("route.sh", &tell("route"));
    let plugin = stage.open(&[&format!("on=route-up:{route}"), &stage.script("down.sh", &tell("down"))]);
    let pushed = |event| {
        let call = Call::new(event).env("OWN", "a");
        (0..11_000)
            .fold(call, |call, number| call.env(&format!("OPENVPN_{number:045}"), "x".repeat(200)))
            .env("dev", "tun7")
    };
    assert_eq!(answer(&plugin, &pushed(sys::PLUGIN_UP)), FuncResult::Success);
    let warnings = plugin.log_lines().iter().filter(|line| line.text.contains("left out")).count();
    assert_eq!(warnings, 1, "{:?}", plugin.log_lines());
    assert_eq!(
        answer(&plugin, &pushed(sys::PLUGIN_ROUTE_UP)),
        FuncResult::Success,
        "{:?}",
        plugin.log_lines()
    );
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "route tun7 a 251\ndown tun7 a 249\n");
}

/// In units of 512 bytes, as dash has them.
fn core_files(stage: &Stage) {
    setrlimit(Resource::RLIMIT_CORE, 2 * 512, 8 * 512).expect("setrlimit");
    let script = stage.script("down.sh", "echo $(ulimit -Sc) $(ulimit -Hc) > \"$D/seen\"");
    let plugin = stage.open(&[&script]);
    up(&plugin);
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "2 8\n");
}

/// A script that root's group may write to; OpenVPN gives up root with this group, or without changing its own.
fn root_s_group(stage: &Stage, group: Option<u32>, runs: bool) {
    let script = stage.script("down.sh", "echo ran > /proc/self/fd/2; : > \"$D/ran\"");
    std::fs::set_permissions(&script, Permissions::from_mode(0o775)).expect("chmod");
    let plugin = stage.open(&[&script]);
    assert!(logged(&plugin, "is writable by group 0"), "{:?}", plugin.log_lines());
    up(&plugin);
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    std::fs::remove_file(stage.path("ran")).expect("it ran as long as OpenVPN was root");
    drop_root(group);
    let expected = if runs { FuncResult::Success } else { FuncResult::Error };
    assert_eq!(down(&plugin), expected, "{:?}", plugin.log_lines());
    assert_eq!(stage.path("ran").exists(), runs);
}

fn root_s_group_kept(stage: &Stage) {
    root_s_group(stage, None, false);
}

fn root_s_group_given_up(stage: &Stage) {
    root_s_group(stage, Some(NOBODY), true);
}
