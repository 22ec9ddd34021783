//! docs/architecture.md: what it names is there, and nothing is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use harness::generated::root;

use crate::markdown::text;

const PAGE: &str = "docs/architecture.md";
/// All that log use it, so the page leaves it out.
const OF_ALL: &str = "log-lines";

/// Whether there is such a file or directory, with `.rs` or without.
fn is_there(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    if let Some((before, after)) = path.split_once("*/") {
        let all = fs::read_dir(root().join(before)).expect("a directory").flatten();
        return all.into_iter().any(|one| one.path().join(after).exists());
    }
    root().join(path).exists() || root().join(format!("{path}.rs")).exists()
}

#[test]
fn every_path_leads_somewhere() {
    let page = text(PAGE);
    let words = page.split('`').skip(1).step_by(2);
    let beginnings = ["crates/", "plugins/", "tests/", "docs/", "packaging/"];
    let paths: Vec<&str> = words
        .filter(|word| beginnings.iter().any(|begin| word.starts_with(begin)) && !word.contains("*-"))
        .collect();
    assert!(paths.len() > 30, "{paths:?}");
    let missing: Vec<&&str> = paths.iter().filter(|path| !is_there(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // In the way of a login, below auth-pam.
    let (_, way) = page.split_once("## The way of a login").expect("the section");
    let way = way.split("\n## ").next().expect("its end");
    let parts: Vec<&str> = way
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| ["front/", "supervisor/", "worker/"].iter().any(|begin| word.starts_with(begin)))
        .collect();
    assert!(parts.len() > 6, "{parts:?}");
    let missing: Vec<&&str> =
        parts.iter().filter(|part| !is_there(&format!("plugins/auth-pam/src/{part}"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The functions and types that the answers name are in the files that they name.
#[test]
fn every_name_is_in_the_file_beside_it() {
    let page = text(PAGE);
    let mut count = 0;
    let (_, answers) = page.split_once("## Where is\n").expect("the section");
    for (before, rest) in answers.match_indices("`: `").map(|(at, mark)| answers.split_at(at + mark.len())) {
        let path = before.rsplit('`').nth(2).expect("a path");
        let name = rest.split('`').next().expect("its end");
        let file = [format!("{path}.rs"), format!("{path}/mod.rs")]
            .into_iter()
            .find(|file| root().join(file).is_file())
            .unwrap_or_else(|| panic!("{path}"));
        let source = text(&file);
        let is_declared =
            ["fn ", "struct ", "enum "].iter().any(|kind| source.contains(&format!("{kind}{name}")));
        assert!(is_declared, "{file} has no {name}");
        count += 1;
    }
    assert!(count > 2, "{count}");
}

/// The packages of the project that are neither tests nor examples, with those of them that each uses.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let mut manifests: Vec<_> = fs::read_dir(root().join("crates"))
        .expect("the crates")
        .flatten()
        .map(|entry| (entry.file_name().to_str().expect("UTF-8").to_owned(), entry.path()))
        .collect();
    for plugin in ["auth-pam", "down-root"] {
        manifests.push((plugin.to_owned(), root().join("plugins").join(plugin)));
    }
    let names: BTreeSet<String> = manifests.iter().map(|(name, _)| name.clone()).collect();
    let mut found = BTreeMap::new();
    for (name, directory) in manifests.iter().filter(|(name, _)| name != OF_ALL) {
        let uses = uses(&directory.join("Cargo.toml"));
        found.insert(
            name.clone(),
            uses.into_iter().filter(|one| names.contains(one) && one != OF_ALL).collect(),
        );
    }
    found
}

/// The names in the table of dependencies.
fn uses(manifest: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
    let (_, table) = text.split_once("\n[dependencies]\n").unwrap_or(("", ""));
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split(['.', ' ', '=']).next().map(String::from)).collect()
}

#[test]
fn the_picture_of_the_crates_is_that_of_cargo() {
    let page = text(PAGE);
    let (_, section) = page.split_once("## Crates\n").expect("the section");
    let lines = section.lines().filter(|line| line.starts_with("    ")).take_while(|line| !line.is_empty());
    let drawn: BTreeMap<String, BTreeSet<String>> = lines
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, uses)| (name.to_owned(), uses.split(',').map(|one| one.trim().to_owned()).collect()))
        .collect();
    let mut real = packages();
    // Those that use none of the others have no line, but a row in the table.
    for name in real.keys().filter(|name| root().join("crates").join(name).exists()) {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in the table");
    }
    real.retain(|_, uses| !uses.is_empty());
    assert_eq!(drawn, real);
}
