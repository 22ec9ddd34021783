//! What is linked into the plugins has licences of its own: each package file says which, and their texts are installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use packages::{make, project, run};

/// A package that is not under the MIT licence or the Apache licence at one's choice.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Other {
    name: String,
    version: String,
    licence: String,
}

/// All of them that cargo takes to build what is shipped.
fn others() -> BTreeSet<Other> {
    let shipped = run(make("packages").arg("INSTALL_EXAMPLES=1"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}|"]);
    cargo.args(shipped.lines().flat_map(|name| ["-p", name])).current_dir(project());
    let tree = String::from_utf8_lossy(&packages::output(&mut cargo).stdout).into_owned();
    let all: Vec<Other> = tree.lines().filter_map(of_line).collect();
    assert!(all.iter().any(|one| one.licence == "MIT OR Apache-2.0"), "{tree}");
    all.into_iter().filter(|one| !is_dual(&one.licence)).collect()
}

/// `nix v0.31.3|MIT|`; packages of the project have a path behind the version.
fn of_line(line: &str) -> Option<Other> {
    let (package, rest) = line.split_once('|')?;
    let (name, version) = package.split_once(" v")?;
    let version = version.split(' ').next()?.to_string();
    Some(Other { name: name.to_string(), version, licence: rest.split('|').next()?.to_string() })
}

fn is_dual(licence: &str) -> bool {
    let choices: Vec<&str> = licence.split(" OR ").collect();
    choices.contains(&"MIT") && choices.contains(&"Apache-2.0") && !licence.contains(" AND ")
}

fn read(file: &str) -> String {
    fs::read_to_string(project().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Texts may be broken into lines differently.
fn words(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != ".").collect::<Vec<_>>().join(" ")
}

/// The licence that comes with the package, in cargo's cache.
fn text_of(other: &Other) -> Option<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).expect("HOME");
    let caches = fs::read_dir(home.join("registry/src")).expect("cargo's cache").flatten();
    let directory = format!("{}-{}", other.name, other.version);
    let found: Vec<PathBuf> =
        caches.map(|cache| cache.path().join(&directory)).filter(|path| path.exists()).collect();
    assert!(!found.is_empty(), "{directory} is not in cargo's cache");
    fs::read_to_string(found[0].join("LICENSE")).ok()
}

/// The licence of the last stanza of debian/copyright whose pattern has the file, as the format has it.
fn in_debian_copyright(file: &str) -> Option<String> {
    let text = read("packaging/debian/copyright");
    let stanzas = text.split("\n\n").filter(|stanza| {
        let patterns = stanza.lines().find_map(|line| line.strip_prefix("Files: ")).unwrap_or_default();
        patterns
            .split(' ')
            .any(|pattern| pattern.strip_suffix('*').is_some_and(|rest| file.starts_with(rest)))
    });
    let licence = stanzas.last()?.lines().find_map(|line| line.strip_prefix("License: "))?;
    Some(licence.to_string())
}

#[test]
fn each_licence_is_named_and_its_text_installed() {
    let others = others();
    assert!(others.iter().any(|other| other.licence == "ISC") && others.len() > 4, "{others:?}");
    let texts = read("LICENSE-THIRD-PARTY");
    for other in &others {
        let debians = if other.licence == "MIT" { "Expat" } else { &other.licence };
        let file = format!("vendor/{}-{}/src/lib.rs", other.name, other.version);
        assert_eq!(in_debian_copyright(&file).as_deref(), Some(debians), "debian/copyright: {other:?}");
        let named = texts.lines().any(|line| line.split(", ").any(|name| name == other.name));
        assert!(named, "LICENSE-THIRD-PARTY does not name {other:?}");
        if let Some(text) = text_of(other) {
            assert!(words(&texts).contains(&words(&text)), "LICENSE-THIRD-PARTY lacks the text of {other:?}");
        }
        for (file, line) in [
            ("packaging/rpm/openvpn-plugins-rs.spec", "License:        "),
            ("packaging/arch/PKGBUILD", "license="),
            ("packaging/alpine/APKBUILD", "license="),
        ] {
            let text = read(file);
            let first = text.lines().find_map(|text| text.strip_prefix(line)).unwrap_or_default();
            let licences: Vec<&str> = first.trim_matches(['(', ')', '\'', '"']).split(" AND ").collect();
            assert!(licences.contains(&other.licence.as_str()), "{file}: {licences:?} lacks {other:?}");
        }
    }
    // And none that is not there any more.
    let debian = read("packaging/debian/copyright");
    for name in debian.lines().filter_map(|line| line.strip_prefix("Files: vendor/")?.strip_suffix("-*")) {
        assert!(others.iter().any(|other| other.name == name), "debian/copyright: {name} is not taken");
    }
}
