//! openvpn-plugin-dev-rs: an author copies the template, says where the SDK is, and has a plugin.

use std::fs;
use std::process::Command;

use harness::scratch::Scratch;
use packages::built::{deb, package};
use packages::run;

#[test]
fn the_template_builds_with_the_installed_sdk() {
    let (root, work) = (Scratch::new(), Scratch::new());
    run(Command::new("dpkg-deb").arg("-x").arg(package(deb(), "openvpn-plugin-dev-rs")).arg(root.path()));
    let sdk = root.join("usr/share/openvpn-plugin-dev-rs/crates/ovpn-plugin");
    let plugin = work.join("plugin");
    run(Command::new("cp").arg("-R").arg(sdk.join("template")).arg(&plugin));
    let manifest = plugin.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("the manifest");
    let crates = sdk.with_file_name("");
    let changed = text
        .replace(r#"path = "..""#, &format!("path = \"{}\"", sdk.display()))
        .replace(r#"path = "../../"#, &format!("path = \"{}", crates.display()));
    assert_ne!(text, changed, "the template's manifest has another form");
    fs::write(&manifest, changed).expect("write");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--quiet"]).current_dir(&plugin).env("CARGO_TARGET_DIR", work.join("target"));
    run(&mut cargo);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]).current_dir(&plugin).env("CARGO_TARGET_DIR", work.join("target"));
    run(&mut cargo);
    assert!(work.join("target/debug/libmy_plugin.so").exists());
}

/// Copied to where it can be written to, for cargo's lock file.
#[test]
fn the_examples_build_with_the_installed_sdk() {
    let root = Scratch::new();
    run(Command::new("dpkg-deb").arg("-x").arg(package(deb(), "openvpn-plugin-dev-rs")).arg(root.path()));
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--quiet", "--workspace"]).current_dir(root.join("usr/share/openvpn-plugin-dev-rs"));
    run(cargo.env("CARGO_TARGET_DIR", root.join("target")));
}
