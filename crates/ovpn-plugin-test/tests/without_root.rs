//! A user who is not root starts servers and clients too, and learns what is missing where that is not possible.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ovpn_plugin_test::Scratch;
use ovpn_plugin_test::scratch::set_mode;

/// Runs the words after it as nobody, where /dev/net/tun has the mode $0.
const AS_NOBODY: &str = r#"
    set -e
    mount -t tmpfs -o mode=755 tmpfs /dev/net
    mknod /dev/net/tun c 10 200
    chmod "$0" /dev/net/tun
    exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@""#;

/// These examples of the project, built beside this test: `cargo test` does not always.
fn built() -> [PathBuf; 2] {
    let own = std::env::current_exe().expect("own path");
    let target = own.ancestors().nth(3).expect("a target directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "-p", "ovpn-plugin", "--example", "minimal"]);
    cargo.args(["-p", "ovpn-plugin-test", "--example", "log_in", "--target-dir"]).arg(target);
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(status.expect("cargo").success());
    ["log_in", "libminimal.so"].map(|name| target.join("debug/examples").join(name))
}

/// Logs a user in as nobody, with the SDK's smallest plugin, which lets in joe.
fn log_in(mode: &str, user: &str) -> Output {
    let scratch = Scratch::new();
    // Where everybody can read them.
    let [program, plugin] = built().map(|file| {
        let copy = scratch.join(&file.file_name().expect("a name").to_string_lossy());
        fs::copy(&file, &copy).expect("the example");
        set_mode(&copy, 0o755);
        copy
    });
    // A name that OpenVPN's configuration has to quote.
    let tmp = scratch.directory("a \"tmp' #1", 0o1777);
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", AS_NOBODY, mode]).arg(program).arg(plugin);
    command.args([user, "secret"]);
    let output = command.args(["joe", "secret"]).env("TMPDIR", &tmp).output().expect("unshare");
    assert_eq!(left(&tmp), [""; 0]);
    output
}

fn left(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory");
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn nobody_starts_a_server_and_clients() {
    for (user, outcome) in [("joe", "Connected("), ("jim", "Refused {")] {
        let output = log_in("666", user);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with(outcome), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn nobody_is_told_what_is_missing() {
    let output = log_in("600", "joe");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{said}");
    assert!(
        said.contains("/dev/net/tun cannot be opened") && said.contains("chmod 666 /dev/net/tun"),
        "{said}"
    );
}
