//! What is shipped: OpenVPN's interface and nothing else, and little of it.

use harness::{command, plugin};

const FILE: &str = "libopenvpn_plugin_down_root.so";
const EXPORTED: [&str; 6] = [
    "openvpn_plugin_abort_v1",
    "openvpn_plugin_client_constructor_v1",
    "openvpn_plugin_client_destructor_v1",
    "openvpn_plugin_close_v1",
    "openvpn_plugin_func_v3",
    "openvpn_plugin_open_v3",
];

#[test]
fn only_the_plugin_interface_is_exported() {
    let output = command::run("nm", &["-D", "--defined-only", &plugin::built(FILE).to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<_> = text.lines().filter_map(|line| line.split_whitespace().last()).collect();
    names.sort_unstable();
    assert_eq!(names, EXPORTED);
}

/// Less than 1 MB on disk, stripped.
#[test]
fn it_is_small() {
    let length = plugin::built(FILE).metadata().expect("it exists").len();
    assert!(length < 1_000_000, "{length} bytes");
}
