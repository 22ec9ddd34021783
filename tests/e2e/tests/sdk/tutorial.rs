//! The tutorial does what it says: its blocks are run, in order, and the plugin they make answers real clients. And the
//! template builds wherever it is copied to.

use harness::needs::Need;
use harness::requires;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::plugin::{cargo_build, target_directory};
use harness::scratch::Scratch;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The blocks of this language in a text of Markdown.
pub(crate) fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("\n```{language}\n");
    text.split(begin.as_str()).skip(1).filter_map(|rest| rest.split("\n```\n").next()).collect()
}

/// Runs shell commands in a directory, and gives what they print; crates come from where the tests' own build had them from.
fn run(directory: &Path, script: &str) -> String {
    let target = target_directory();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(directory)
        .env("PATH", format!("{}:{path}", target.join("debug").display()))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .env_remove("RUSTFLAGS")
        .stderr(Stdio::inherit())
        .output()
        .expect("cannot run sh");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "failed: {script}\n{printed}");
    printed
}

/// The words in one after the other.
fn has(printed: &str, words: &[&str]) {
    for word in words {
        assert!(printed.contains(word), "no {word:?} in:\n{printed}");
    }
}

#[test]
fn the_tutorial_ends_with_a_real_client() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let text = fs::read_to_string(root().join("crates/ovpn-plugin/TUTORIAL.md")).unwrap();
    let (shell, rust, shown) = (blocks(&text, "sh"), blocks(&text, "rust"), blocks(&text, "text"));
    let [install, _from_package, new, test, test_all, right, wrong, release, on_a_server] = shell[..] else {
        panic!("blocks of the tutorial: {shell:?}");
    };
    let ([library, client], [told, server]) = (&rust[..], &shown[..]) else {
        panic!("blocks of the tutorial: {rust:?} {shown:?}");
    };
    // What these two lines do: the command from these sources, in the directory where the tutorial begins.
    assert_eq!(install, "cargo install --path openvpn-plugins-rs/crates/cargo-ovpn-plugin");
    cargo_build(&["--package=cargo-ovpn-plugin"], &target_directory());
    let scratch = Scratch::new();
    symlink(root(), scratch.join("openvpn-plugins-rs")).unwrap();

    let made = run(scratch.path(), new);
    has(&made, &["made users-plugin"]);
    let project = scratch.join("users-plugin");
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    for (file, text) in [("src/lib.rs", library), ("tests/client.rs", client)] {
        assert!(project.join(file).exists(), "`new` makes no {file}");
        fs::write(project.join(file), format!("{text}\n")).unwrap();
    }
    has(&run(&project, test), &["users_of_the_file_get_in ... ok", "users_of_the_file_get_in ... ignored"]);
    has(&run(&project, test_all), &["1 passed; 0 failed; 0 ignored"]);
    has(&run(&project, right), &["| the client is in, after ", "| result: the client got in"]);
    let refused = run(&project, wrong);
    has(&refused, &["user 'joe' is rejected", "exit status 1"]);
    has(&refused, &told.lines().collect::<Vec<_>>());
    run(&project, release);
    // What the last lines copy and name is what was built.
    let file = "libusers_plugin.so";
    assert!(project.join("target/release").join(file).exists());
    has(on_a_server, &["/usr/lib/openvpn/plugins target/release/libusers_plugin.so", "/etc/openvpn/users"]);
    has(server, &["plugin /usr/lib/openvpn/plugins/libusers_plugin.so /etc/openvpn/users"]);
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
    run(&to, "cargo test --quiet && cargo build --quiet --release");
}
