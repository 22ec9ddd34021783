//! The examples export what OpenVPN looks up, and nothing else.

use harness::plugin::exported;

use crate::examples::{NAMES, example, release_example};

const EXPORTED: [&str; 6] = [
    "openvpn_plugin_abort_v1",
    "openvpn_plugin_client_constructor_v1",
    "openvpn_plugin_client_destructor_v1",
    "openvpn_plugin_close_v1",
    "openvpn_plugin_func_v3",
    "openvpn_plugin_open_v3",
];

#[test]
fn nothing_else_is_exported() {
    for name in NAMES {
        assert_eq!(exported(&example(name)), EXPORTED, "{name}");
    }
}

/// Most an example may have on disk, stripped.
const MAX_BYTES: u64 = 500_000;

#[test]
fn a_small_plugin_is_small() {
    let file = release_example("simple");
    let bytes = std::fs::metadata(&file).unwrap().len();
    println!("{}: {bytes} bytes", file.display());
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
    assert_eq!(exported(&file), EXPORTED);
}
