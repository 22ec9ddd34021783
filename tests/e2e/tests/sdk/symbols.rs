//! The examples export what OpenVPN looks up, and nothing else.

use harness::plugin::exported;

use crate::examples::{NAMES, example, release_example};

const ALWAYS: [&str; 4] = [
    "openvpn_plugin_abort_v1",
    "openvpn_plugin_close_v1",
    "openvpn_plugin_func_v3",
    "openvpn_plugin_open_v3",
];
const WITH_CLIENTS: [&str; 2] =
    ["openvpn_plugin_client_constructor_v1", "openvpn_plugin_client_destructor_v1"];
/// Those that keep something for each client.
const KEEP_STATE: [&str; 3] = ["challenge", "client-connect", "per-client-state"];

#[test]
fn nothing_else_is_exported() {
    for name in NAMES {
        let mut wanted = ALWAYS.to_vec();
        if KEEP_STATE.contains(&name) {
            wanted.extend(WITH_CLIENTS);
        }
        wanted.sort_unstable();
        assert_eq!(exported(&example(name)), wanted, "{name}");
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
    assert_eq!(exported(&file), ALWAYS);
}
