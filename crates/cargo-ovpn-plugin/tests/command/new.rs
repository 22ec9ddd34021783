//! From `new` to a real client, without network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::scratch::Scratch;

use crate::started::{COMMAND, Started};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn new(directory: &Path, words: &[&str]) -> Started {
    Started::new(Command::new(COMMAND).arg("new").args(words).current_dir(directory))
}

/// Cargo in a crate; what it needs comes from where the tests' own build had it from.
fn cargo(directory: &Path, words: &[&str]) -> Command {
    let program = Path::new(COMMAND).parent().unwrap().display();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(words).current_dir(directory);
    cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", directory.join("target"));
    cargo.env("PATH", format!("{program}:{}", std::env::var("PATH").unwrap())).env_remove("RUSTFLAGS");
    cargo
}

#[test]
fn a_new_plugin_is_tested_and_run() {
    is_tested_and_run(&[], "PLUGIN_AUTH_USER_PASS_VERIFY status=1");
}

#[test]
fn a_new_plugin_that_defers_is_tested_and_run() {
    is_tested_and_run(&["--deferred"], "PLUGIN_AUTH_USER_PASS_VERIFY status=2");
}

/// A refused login is answered so.
fn is_tested_and_run(options: &[&str], answer: &str) {
    let scratch = Scratch::new();
    let sdk = root().display().to_string();
    new(scratch.path(), &[&["ldap-users", "--sdk", &sdk], options].concat())
        .ends(0, &["made ldap-users", "cargo ovpn-plugin run"]);
    let plugin = scratch.join("ldap-users");
    fs::copy(root().join("Cargo.lock"), plugin.join("Cargo.lock")).unwrap();

    let tests = Started::new(&mut cargo(&plugin, &["test", "--quiet", "--", "--include-ignored"]));
    tests.ends(0, &["1 passed; 0 failed; 0 ignored"]);

    let run = ["ovpn-plugin", "run", "--user", "joe", "--password", "please", "--for", "0", "--"];
    let run = |word| Started::new(&mut cargo(&plugin, &[&run[..], &[word]].concat()));
    run("please").ends(0, &["target/debug/libldap_users.so", "| the client is in, after "]);
    let rejected = [
        answer,
        "PLUGIN LDAP-USERS: client/",
        " a login is rejected",
        "| the client gets AUTH_FAILED: that is not the word",
    ];
    run("now").ends(1, &rejected);

    // It does not build any more.
    fs::write(plugin.join("src/lib.rs"), "what").unwrap();
    run("please").ends(2, &["failed; its errors are above"]);
}

#[test]
fn nothing_is_overwritten_and_the_sdk_is_needed() {
    let scratch = Scratch::new();
    scratch.directory("there", 0o755);
    let sdk = root().display().to_string();
    new(scratch.path(), &["there", "--sdk", &sdk]).ends(2, &["there: File exists"]);
    new(scratch.path(), &["Users", "--sdk", &sdk]).ends(2, &["is no name for a crate"]);
    new(scratch.path(), &["users", "--sdk", "/nowhere"])
        .ends(2, &["there is no ovpn-plugin in /nowhere/crates"]);
    assert!(!scratch.join("users").exists());
}

/// The other way to the same crate.
#[test]
#[ignore = "needs cargo-generate: cargo install cargo-generate --version 0.23.5 --locked --no-default-features"]
fn cargo_generate_makes_the_same() {
    let scratch = Scratch::new();
    let (sdk, out) = (root(), scratch.directory("out", 0o755));
    new(scratch.path(), &["ldap-users", "--sdk", &sdk.display().to_string()]).ends(0, &[]);
    let mut generate = Command::new("cargo-generate");
    generate.args(["generate", "--silent", "--vcs", "none", "--name", "ldap-users", "--define"]);
    generate.arg(format!("sdk={}", sdk.display())).arg("--destination").arg(&out);
    generate.arg("--path").arg(sdk.join("crates/ovpn-plugin/template"));
    Started::new(&mut generate).ends(0, &[]);
    let (ours, theirs) = (scratch.join("ldap-users"), out.join("ldap-users"));
    // git's own file comes from git there.
    fs::remove_file(ours.join(".gitignore")).unwrap();
    Started::new(Command::new("diff").arg("-r").args([ours, theirs])).ends(0, &[]);
}
