//! What is installed for authors of plugins, used as the tutorial says, by somebody who cannot write there.

use std::process::Command;

use harness::scratch::Scratch;

use crate::installation::{Installation, project, read, run, said};

/// Where packages have the SDK.
const SDK: &str = "/usr/share/openvpn-plugin-dev-rs";

/// The commands with the SDK at `$0`, which is read only.
const READ_ONLY: &str = r#"mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; "#;

/// The line of the tutorial for who has the package.
fn line() -> String {
    let text = read(&project().join("crates/ovpn-plugin/TUTORIAL.md"));
    let text = String::from_utf8(text).expect("text");
    let blocks = text.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("\n```\n").next());
    blocks
        .filter(|block| block.contains(SDK))
        .map(str::to_owned)
        .next()
        .expect("a line with the package's SDK")
}

#[test]
fn the_command_is_installed_from_a_directory_that_is_read_only() {
    let (place, home) = (Installation::new(&["INSTALL_DEV=1"]), Scratch::new());
    place.make("install");
    let sdk = place.scratch.join(SDK.trim_start_matches('/'));
    let line = line();
    assert!(line.contains("~/.cache/"), "{line}");
    let home_text = home.path().display().to_string();
    let line = line.replace(SDK, &sdk.display().to_string()).replace("~/", &format!("{home_text}/"));
    let new = format!("\n'{home_text}/bin/cargo-ovpn-plugin' new users --sdk \"$0\"");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", &format!("{READ_ONLY}{line} --quiet --debug{new}")]).arg(&sdk);
    command.current_dir(home.path()).env("CARGO_INSTALL_ROOT", home.path()).env("CARGO_NET_OFFLINE", "true");
    let output = run(command.env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR"));
    assert!(output.status.success(), "{line}: {}", said(&output));
    assert!(home.join("users/src/lib.rs").exists());
}
