//! From the crate openvpn-plugin: both plugins of the page are built as they stand there, and judge real clients.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use harness::generated::root;
use harness::log::Mark;
use harness::needs::Need;
use harness::scratch::Scratch;
use harness::{ServerConfig, requires};

use super::{AFTER, BEFORE};
use crate::document::{Document, matches};

const LATER_BEFORE: &str = "Later: before";
const LATER: &str = "Later: after";
const MANIFEST: &str = "`Cargo.toml`";
const SOURCE: &str = "`src/lib.rs`";

pub(super) fn follow(page: &Document) {
    // The old crate is not among what this project is built with.
    for (section, title) in [(BEFORE, MANIFEST), (BEFORE, SOURCE), (LATER_BEFORE, "In `event`")] {
        page.quoted(section, title);
    }
    let manifest = manifest(&page.quoted(AFTER, MANIFEST));
    at_once(page, &manifest);
    later(page, &manifest);
    names_are_those_of_the_sdk();
    page.all_tried();
}

/// The SDK is here, and not in the registry.
fn manifest(lines: &[String]) -> String {
    let here = format!("ovpn-plugin = {{ path = \"{}\" }}", root().join("crates/ovpn-plugin").display());
    let by_version = |line: &&String| line.starts_with("ovpn-plugin = \"");
    assert_eq!(lines.iter().filter(by_version).count(), 1, "{lines:?}");
    let lines = lines.iter().map(|line| if by_version(&line) { here.clone() } else { line.clone() });
    lines.chain(["[workspace]".to_owned()]).collect::<Vec<_>>().join("\n")
}

/// The plugin of a section, built with what the tests' own build has used.
fn built(page: &Document, section: &str, manifest: &str, scratch: &Scratch) -> PathBuf {
    scratch.directory("src", 0o755);
    fs::write(scratch.join("Cargo.toml"), manifest).expect("write");
    fs::write(scratch.join("src/lib.rs"), page.quoted(section, SOURCE).join("\n")).expect("write");
    fs::copy(root().join("Cargo.lock"), scratch.join("Cargo.lock")).expect("copy");
    build(scratch.path());
    scratch.join("target/debug/libone_user.so")
}

fn build(directory: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet"]).current_dir(directory);
    cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", directory.join("target"));
    let status = cargo.env_remove("RUSTFLAGS").status().expect("cargo");
    assert!(status.success(), "cargo build failed in {}", directory.display());
}

fn at_once(page: &Document, manifest: &str) {
    let scratch = Scratch::new();
    let plugin = built(page, AFTER, manifest, &scratch);
    let server = ServerConfig::default().plugin_file(&plugin, "alice").start();
    server.client("alice", "x").connect().disconnect();
    server.client("bob", "x").start().wait_refused();
    server.stop();
    let end = Instant::now() + harness::PATIENCE;
    for quoted in page.quoted(AFTER, "OpenVPN's log") {
        let line = server.log().wait_match(Mark::START, end, |line| matches(line, &quoted));
        assert!(line.is_some(), "nothing logs '{quoted}':\n{}", server.log().text());
    }
}

fn later(page: &Document, manifest: &str) {
    let scratch = Scratch::new();
    let plugin = built(page, LATER, manifest, &scratch);
    let server = ServerConfig::default().plugin_file(&plugin, "alice").start();
    server.client("alice", "x").connect();
    let bob = server.client("bob", "x").start();
    bob.wait_refused();
    let told = page.quoted(LATER, "The client's log");
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    for quoted in told {
        bob.log().wait_for(Mark::START, &quoted, harness::PATIENCE);
    }
}

/// Each row of the page's table of events has a method of the SDK, and no method is left out.
fn names_are_those_of_the_sdk() {
    let page = fs::read_to_string(root().join("docs/from/openvpn-plugin-crate.md")).expect("the page");
    let (_, table) = page.split_once("| openvpn-plugin | method of ovpn-plugin |").expect("the table");
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let said: Vec<&str> = rows.filter_map(|row| row.split("` | `").nth(1)?.split('`').next()).collect();
    let events = fs::read_to_string(root().join("crates/ovpn-plugin-sys/src/events.rs")).expect("the events");
    for method in &said {
        assert!(events.contains(&format!(" {method}(")), "there is no method {method}");
    }
    assert_eq!(said.len(), ovpn_plugin_host::sys::EVENT_NAMES.len(), "{said:?}");
}
