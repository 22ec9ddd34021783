//! What `deny.toml` says of licences, sources and crates that are not wanted holds for each lock file. cargo-deny checks more
//! in public CI; this needs neither it nor the network.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{lines, root};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn settings() -> String {
    let file = root().join("deny.toml");
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What stands between quotation marks from `from` to the line `]`, comments aside.
fn list(text: &str, from: &str) -> Vec<String> {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("deny.toml has no {from}"));
    let (list, _) = rest.split_once("\n]").expect("an end of the list");
    let lines = list.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split('"').skip(1).step_by(2)).map(String::from).collect()
}

/// Whether one of the choices has only licences that are allowed: of `(A OR B) AND C`, C and one of A and B.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let mut depth = 0;
    // What binds less tightly is taken apart first.
    for word in [" OR ", " AND "] {
        for (at, letter) in expression.char_indices() {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            if depth == 0 && expression[at..].starts_with(word) {
                let both = [&expression[..at], &expression[at + word.len()..]];
                let mut each = both.into_iter().map(|part| is_allowed(part, allowed));
                return if word == " AND " { each.all(|is| is) } else { each.any(|is| is) };
            }
        }
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_allowed(inner, allowed),
        None => allowed.iter().any(|licence| licence == expression),
    }
}

/// The manifests that have a lock file of their own.
fn manifests() -> Vec<PathBuf> {
    let tracked = [
        "Cargo.lock",
        "plugins/examples/*/Cargo.lock",
        "plugins/*/fuzz/Cargo.lock",
        "crates/*/fuzz/Cargo.lock",
        "tests/*/Cargo.lock",
    ];
    let mut find = Command::new("sh");
    let found = lines(find.args(["-c", &format!("ls {}", tracked.join(" "))]));
    assert!(found.len() >= 4, "{found:?}");
    found.iter().map(|lock| root().join(lock).with_file_name("Cargo.toml")).collect()
}

/// All that cargo might take, of every lock file.
fn packages() -> Vec<Value> {
    manifests()
        .iter()
        .flat_map(|manifest| {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]).arg(manifest);
            let said: Value = serde_json::from_str(&lines(&mut cargo).concat()).expect("JSON");
            said["packages"].as_array().expect("packages").clone()
        })
        .collect()
}

#[test]
fn licences_and_sources_are_those_that_deny_toml_allows() {
    let (settings, packages) = (settings(), packages());
    let (allowed, unwanted) = (list(&settings, "\nallow = ["), list(&settings, "\ndeny = ["));
    assert!(allowed.contains(&"MIT".to_string()) && unwanted.contains(&"bindgen".to_string()), "{allowed:?}");
    assert!(settings.contains("\nunknown-registry = \"deny\"\nunknown-git = \"deny\"\n"));
    assert!(packages.len() > 100, "{}", packages.len());
    let mut wrong = Vec::new();
    for package in &packages {
        let (name, source) = (package["name"].as_str().expect("a name"), package["source"].as_str());
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        if source.is_some_and(|source| source != REGISTRY) {
            wrong.push(format!("{name} comes from {source:?}"));
        }
        if source.is_some() && unwanted.iter().any(|unwanted| unwanted == name) {
            wrong.push(format!("{name} is not wanted"));
        }
        if source.is_some() && !is_allowed(&licence, &allowed) {
            wrong.push(format!("{name} has the licence {licence}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn each_part_of_a_licence_counts() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(String::from);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-2.0", false),
        ("MIT OR GPL-2.0", true),
        ("GPL-2.0 OR LGPL-2.1 OR MIT", true),
        ("MIT AND GPL-2.0", false),
        ("MIT AND ISC", true),
        ("MIT OR ISC AND GPL-2.0", true),
        ("(MIT OR GPL-2.0) AND ISC", true),
        ("(MIT OR GPL-2.0) AND GPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
