//! A package's plugin is built by its test, and an error says what is missing.

use std::path::Path;

use ovpn_plugin_host::{CdylibError, Plugin, build_cdylib};

fn package(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_plugin_lies_where_the_test_was_built() {
    let file = build_cdylib(package("plugins/examples/simple"), &["--locked"]).unwrap();
    let own = std::env::current_exe().unwrap();
    let place = own.ancestors().nth(2).unwrap();
    assert_eq!(file, place.join("libexample_simple.so"));
    Plugin::new(file).args(["joe", "secret"]).open().unwrap();
}

#[test]
fn a_library_openvpn_cannot_load_is_named() {
    let error = build_cdylib(package("crates/ovpn-plugin-sys"), &["--locked"]).unwrap_err();
    assert!(matches!(error, CdylibError::NoCdylib { .. }), "{error:?}");
    assert!(error.to_string().contains("crate-type = [\"cdylib\"]"), "{error}");
    let error =
        build_cdylib(package("plugins/examples/simple"), &["--locked", "--features", "none"]).unwrap_err();
    assert!(
        matches!(error, CdylibError::Build { .. }) && error.to_string().contains("cargo build"),
        "{error}"
    );
}
