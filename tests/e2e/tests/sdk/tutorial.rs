//! The tutorial does what it says: its blocks are run, in order, and the plugin they make answers real clients. And the
//! template builds wherever it is copied to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{Outcome, ServerConfig};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The blocks of this language in a text of Markdown.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("\n```{language}\n");
    text.split(begin.as_str()).skip(1).filter_map(|rest| rest.split("\n```\n").next()).collect()
}

/// Runs shell commands in a directory; crates come from where the tests' own build had them from.
fn run(directory: &Path, script: &str) {
    let status = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(directory)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cannot run sh");
    assert!(status.success(), "failed: {script}");
}

#[test]
fn the_tutorial_ends_with_a_real_client() {
    let text = fs::read_to_string(root().join("crates/ovpn-plugin/TUTORIAL.md")).unwrap();
    let (shell, rust, toml) = (blocks(&text, "sh"), blocks(&text, "rust"), blocks(&text, "toml"));
    assert_eq!((shell.len(), rust.len(), toml.len()), (2, 1, 1), "blocks of the tutorial");
    let scratch = Scratch::new();
    run(scratch.path(), shell[0]);
    let project = scratch.join("users-plugin");
    fs::write(project.join("Cargo.toml"), toml[0].replace("$SDK", root().to_str().unwrap())).unwrap();
    fs::write(project.join("src/lib.rs"), rust[0]).unwrap();
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    run(&project, shell[1]);
    let users = scratch.write("users", "joe:secret\n", 0o600);
    let plugin = project.join("target/release/libusers_plugin.so");
    let config = ServerConfig::default().plugin_file(&plugin, users.to_str().unwrap()).dropped();
    let server = config.start();
    server.wait_for(Mark::START, "USERS: 1 users");
    server.client("joe", "secret").connect();
    let refused = server.client("joe", "wrong").outcome();
    assert!(
        matches!(&refused, Outcome::Refused { reason, .. } if reason == "wrong name or password"),
        "{refused:?}"
    );
    server.wait_for(Mark::START, "USERS: user 'joe' is rejected");
}

#[test]
fn the_template_builds_where_it_is_copied_to() {
    let scratch = Scratch::new();
    let (from, to) = (root().join("crates/ovpn-plugin/template"), scratch.join("copy"));
    fs::create_dir_all(to.join("src")).unwrap();
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let sdk = root().join("crates/ovpn-plugin");
    let own = format!("path = \"{}\"", sdk.display());
    assert!(manifest.contains("path = \"..\""), "the place to change is gone");
    fs::write(to.join("Cargo.toml"), manifest.replace("path = \"..\"", &own)).unwrap();
    fs::copy(from.join("src/lib.rs"), to.join("src/lib.rs")).unwrap();
    fs::copy(root().join("Cargo.lock"), to.join("Cargo.lock")).unwrap();
    run(&to, "cargo test --quiet");
}
