//! Unsafe code lives in few named files. This test reads the sources and fails when it turns up anywhere else.

use std::fs;
use std::path::{Path, PathBuf};

/// The files, and the directories (ending in `/`), that may hold unsafe code.
const ALLOWED: [&str; 14] = [
    "crates/ovpn-plugin-sys/src/",
    "crates/ovpn-plugin/src/boundary/",
    // A macro that only names symbols: #[unsafe(no_mangle)] and calls into boundary/.
    "crates/ovpn-plugin/src/export.rs",
    "crates/ovpn-plugin-host/src/ffi/",
    "crates/pam/src/c_heap.rs",
    "crates/pam/src/callback.rs",
    "crates/pam/src/calls.rs",
    "crates/privsep/src/attributes.rs",
    "crates/privsep/src/argument_area.rs",
    "crates/privsep/src/capabilities.rs",
    "crates/privsep/src/code_pages.rs",
    "crates/privsep/src/os.rs",
    "crates/privsep/src/seccomp.rs",
    "crates/privsep/src/scoreboard.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All `.rs` files below `directory`, as paths from the root of the project.
fn sources(directory: &str, found: &mut Vec<String>) {
    let entries = fs::read_dir(root().join(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
    for entry in entries.flatten() {
        let name = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            if !name.ends_with("/target") {
                sources(&name, found);
            }
        } else if name.ends_with(".rs") {
            found.push(name);
        }
    }
}

/// Whether the keyword, or a switch that lets it in, stands in the code of this text; comments do not count.
fn holds_unsafe(text: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).any(|code| {
        code.split(|character| !is_word(character)).any(|word| word == "unsafe" || word == "unsafe_code")
    })
}

fn allowed(file: &str) -> bool {
    ALLOWED.iter().any(|place| file == *place || (place.ends_with('/') && file.starts_with(place)))
}

#[test]
fn unsafe_code_is_where_it_may_be() {
    let mut files = Vec::new();
    ["crates", "plugins", "tests"].iter().for_each(|directory| sources(directory, &mut files));
    assert!(files.len() > 20, "the sources were not found: {files:?}");
    let own = file!().rsplit('/').next().unwrap_or_default();
    let elsewhere: Vec<_> = files
        .iter()
        .filter(|file| !allowed(file) && !file.ends_with(own))
        .filter(|file| holds_unsafe(&fs::read_to_string(root().join(file)).unwrap_or_default()))
        .collect();
    assert!(elsewhere.is_empty(), "unsafe code outside the files named for it: {elsewhere:#?}");
}

/// A place that holds none any more does not stay on the list.
#[test]
fn the_list_is_not_longer_than_it_must_be() {
    let mut files = Vec::new();
    ["crates", "plugins", "tests"].iter().for_each(|directory| sources(directory, &mut files));
    for place in ALLOWED {
        let used = files
            .iter()
            .filter(|file| *file == place || (place.ends_with('/') && file.starts_with(place)))
            .any(|file| holds_unsafe(&fs::read_to_string(root().join(file)).unwrap_or_default()));
        assert!(used, "{place} holds no unsafe code");
    }
}

#[test]
fn comments_and_longer_words_are_not_the_keyword() {
    assert!(holds_unsafe("    unsafe { call() }"));
    assert!(holds_unsafe("#![allow(unsafe_code)]"));
    assert!(holds_unsafe("let x = unsafe{1};"));
    assert!(!holds_unsafe("// unsafe { }\nlet unsafely = 1;"));
}
