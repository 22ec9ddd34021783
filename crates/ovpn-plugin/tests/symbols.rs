//! A plugin exports what the macro names, and nothing else.

mod common;

use std::process::Command;

fn exported_symbols(example: &str) -> Vec<String> {
    let file = common::example(example);
    let output = Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(file).output();
    let output = output.expect("cannot run nm: install the Debian package binutils");
    assert!(output.status.success(), "nm failed");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<String> =
        text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_plain_form_exports_what_every_plugin_has() {
    assert_eq!(
        exported_symbols("minimal"),
        [
            "openvpn_plugin_abort_v1",
            "openvpn_plugin_client_constructor_v1",
            "openvpn_plugin_client_destructor_v1",
            "openvpn_plugin_close_v1",
            "openvpn_plugin_func_v3",
            "openvpn_plugin_open_v3",
        ]
    );
}

#[test]
fn extra_forms_add_their_symbols() {
    assert_eq!(
        exported_symbols("probe"),
        [
            "openvpn_plugin_abort_v1",
            "openvpn_plugin_client_constructor_v1",
            "openvpn_plugin_client_destructor_v1",
            "openvpn_plugin_close_v1",
            "openvpn_plugin_func_v3",
            "openvpn_plugin_min_version_required_v1",
            "openvpn_plugin_open_v3",
            "openvpn_plugin_select_initialization_point_v1",
        ]
    );
}
