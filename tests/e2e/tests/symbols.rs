//! The shipped plugin exports what OpenVPN looks up, and nothing else.

use harness::plugin;

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
    assert_eq!(plugin::exported(&plugin::built("libopenvpn_plugin_auth_pam.so")), EXPORTED);
}

/// Less than 2 MiB on disk, stripped: a dependency that brings much more is noticed. Sessions, status and figures each took a
/// tenth of that.
#[test]
fn it_is_small() {
    let path = plugin::built("libopenvpn_plugin_auth_pam.so");
    let length = path.metadata().expect("it exists").len();
    assert!(length < 2 << 20, "{length} bytes");
}
