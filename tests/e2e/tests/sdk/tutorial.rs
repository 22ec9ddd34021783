//! The tutorial does what it says: its blocks are run, in order, and the plugin they make answers real clients. And the
//! template builds wherever it is copied to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::netns::NetNs;
use harness::scratch::Scratch;
use harness::{PATIENCE, proc_table};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The blocks of this language in a text of Markdown.
pub(crate) fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("\n```{language}\n");
    text.split(begin.as_str()).skip(1).filter_map(|rest| rest.split("\n```\n").next()).collect()
}

/// Runs shell commands in a directory; crates come from where the tests' own build had them from.
fn run(mut shell: Command, directory: &Path, script: &str) {
    let status = shell
        .args(["-e", "-c", script])
        .current_dir(directory)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cannot run sh");
    assert!(status.success(), "failed: {script}");
}

/// What the tutorial starts ends with this.
struct Started<'a>(&'a Path);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        for name in ["client", "server"] {
            if std::thread::panicking() {
                let log = fs::read_to_string(self.0.join(format!("{name}.log"))).unwrap_or_default();
                eprintln!("--- log of the {name} ---\n{log}");
            }
            let pid = fs::read_to_string(self.0.join(format!("{name}.pid"))).unwrap_or_default();
            if let Some(pid) = pid.trim().parse().ok().filter(|pid| !proc_table::wait_gone(*pid, PATIENCE)) {
                proc_table::kill9(pid);
            }
        }
    }
}

#[test]
fn the_tutorial_ends_with_a_real_client() {
    let text = fs::read_to_string(root().join("crates/ovpn-plugin/TUTORIAL.md")).unwrap();
    let (shell, rust, toml) = (blocks(&text, "sh"), blocks(&text, "rust"), blocks(&text, "toml"));
    let configs = blocks(&text, "text");
    assert_eq!((shell.len(), rust.len(), toml.len(), configs.len()), (5, 1, 1, 2), "blocks of the tutorial");
    let scratch = Scratch::new();
    run(Command::new("sh"), scratch.path(), shell[0]);
    let project = scratch.join("users-plugin");
    fs::write(project.join("Cargo.toml"), toml[0].replace("$SDK", root().to_str().unwrap())).unwrap();
    fs::write(project.join("src/lib.rs"), rust[0]).unwrap();
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    run(Command::new("sh"), &project, shell[1]);
    // The server and both clients in a namespace of their own, as written otherwise.
    let namespace = NetNs::new();
    let _started = Started(&project);
    fs::write(project.join("server.conf"), configs[0]).unwrap();
    fs::write(project.join("client.conf"), configs[1]).unwrap();
    for script in &shell[2..] {
        run(namespace.command("sh"), &project, script);
    }
}

#[test]
fn the_template_builds_where_it_is_copied_to() {
    let scratch = Scratch::new();
    let (from, to) = (root().join("crates/ovpn-plugin/template"), scratch.join("copy"));
    for directory in ["src", "tests"] {
        fs::create_dir_all(to.join(directory)).unwrap();
    }
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let sdk = root().join("crates/ovpn-plugin");
    let own = format!("path = \"{}\"", sdk.display());
    assert!(manifest.contains("path = \"..\""), "the place to change is gone");
    let beside = format!("path = \"{}/", root().join("crates").display());
    let manifest = manifest.replace("path = \"..\"", &own).replace("path = \"../../", &beside);
    fs::write(to.join("Cargo.toml"), manifest).unwrap();
    for file in ["src/lib.rs", "tests/client.rs"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    fs::copy(root().join("Cargo.lock"), to.join("Cargo.lock")).unwrap();
    run(Command::new("sh"), &to, "cargo test --quiet && cargo build --quiet --release");
}
