//! What the build refuses: plugins that could end OpenVPN or its log.

mod common;

use std::process::Command;

#[test]
fn panic_abort_does_not_build() {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["rustc", "--quiet", "--offline", "--package", "ovpn-plugin", "--example", "minimal"])
        .arg("--target-dir")
        .arg(common::target_directory())
        .args(["--", "-C", "panic=abort"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cannot run cargo");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was built");
    assert!(words.contains("a plugin needs panic = \"unwind\""), "{words}");
}
