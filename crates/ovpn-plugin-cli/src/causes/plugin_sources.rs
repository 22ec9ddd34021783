//! The texts in the plugin's source, without those of its tests.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the project, without tests and comments.
pub(super) fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let text = text.split_once("#[cfg(test)]\nmod ").map_or(text.as_str(), |(before, _)| before);
    let text = text.split_once("#[cfg(test)]\npub mod ").map_or(text, |(before, _)| before);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// All files below a directory with their paths, but those of tests.
pub(super) fn all_below(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let entries = fs::read_dir(root().join(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
    for entry in entries.flatten() {
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(all_below(&path));
        } else if path.ends_with(".rs") && !path.ends_with("_tests.rs") {
            found.push((path.clone(), read(&path)));
        }
    }
    found
}

/// The texts in quotes. A line that goes on after a backslash is one with the next.
pub(super) fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once('"') {
        // The character, as in '"'.
        if before.ends_with('\'') && after.starts_with('\'') {
            rest = after;
            continue;
        }
        let (text, after) = literal(after);
        found.push(text);
        rest = after;
    }
    found
}

/// A text from behind its first quote, and what comes after it.
fn literal(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '\\']) {
        text += &rest[..at];
        if rest[at..].starts_with('"') {
            return (text, &rest[at + 1..]);
        }
        let escaped = &rest[at + 1..];
        rest = match escaped.strip_prefix('\n') {
            Some(next) => next.trim_start(),
            None => {
                text.extend(escaped.chars().next());
                escaped.get(1..).unwrap_or_default()
            }
        };
    }
    (text, "")
}

#[test]
fn texts_are_found_in_a_source() {
    let source = "f('\"', \"one \\\"1\\\"\"); g(\n  \"two \\\n   three\",\n); h(\"{x}\");";
    assert_eq!(literals(source), ["one \"1\"", "two three", "{x}"]);
}
