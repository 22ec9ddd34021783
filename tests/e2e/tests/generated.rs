//! What is made from declarations: nothing looks made without something that makes it, so that no page goes stale because it was
//! forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use harness::generated::root;

/// Directories with nothing in them but what is made, and the source that reads it.
const MADE: [&str; 3] =
    ["docs/reference", "packaging/completions", "crates/ovpn-plugin-cli/src/known_options"];
/// What makes something, and where the file is that it names.
const MAKERS: [(&str, &str); 3] =
    [("Generated::file(", ""), ("Generated::part(", ""), ("reference::compare(", "docs/reference/")];

/// A file, or a part of one, and the source that makes it.
struct Made {
    file: String,
    part: Option<String>,
    source: PathBuf,
}

/// All files of the project with this ending, by their place below its directory.
fn files(ending: &str) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![root()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_kind = entry.file_type().expect("a kind");
            if is_kind.is_dir() && name != "target" && !name.as_encoded_bytes().starts_with(b".") {
                left.push(path);
            } else if path.extension().is_some_and(|one| one == ending) {
                found.push(path.strip_prefix(root()).expect("below it").to_owned());
            }
        }
    }
    found
}

fn text(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What the lists and tests in the sources name.
fn declared() -> Vec<Made> {
    let mut all = Vec::new();
    // Those that make nothing themselves.
    let of_tests = ["tests/harness/src/generated.rs", "tests/e2e/tests/generated.rs"];
    for source in files("rs").into_iter().filter(|file| of_tests.iter().all(|other| file != Path::new(other)))
    {
        let text = text(&source);
        for (maker, place) in MAKERS {
            for (at, _) in text.match_indices(maker) {
                let mut words = text[at + maker.len()..].split('"').skip(1).step_by(2);
                let mut next = || words.next().unwrap_or_default().to_owned();
                let file = format!("{place}{}", next());
                let part = maker.contains("part").then(next);
                all.push(Made { file, part, source: source.clone() });
            }
        }
    }
    assert!(all.len() > 12, "only {} are found", all.len());
    all
}

#[test]
fn each_file_of_these_directories_is_made() {
    let is: BTreeSet<String> = MADE
        .iter()
        .flat_map(|directory| fs::read_dir(root().join(directory)).expect("a directory").flatten())
        .map(|entry| entry.path().strip_prefix(root()).expect("below it").display().to_string())
        .filter(|file| !file.ends_with(".rs"))
        .collect();
    let whole: BTreeSet<String> =
        declared().into_iter().filter(|made| made.part.is_none()).map(|made| made.file).collect();
    // What is made elsewhere stands beside files by hand.
    let (here, elsewhere): (BTreeSet<_>, BTreeSet<_>) =
        whole.into_iter().partition(|file| MADE.iter().any(|directory| file.starts_with(directory)));
    assert_eq!(is, here);
    assert!(elsewhere.iter().all(|file| root().join(file).is_file()), "{elsewhere:?}");
}

#[test]
fn each_marked_part_is_made_and_stands_there_once() {
    let mut is = Vec::new();
    for file in ["md", "scd"].into_iter().flat_map(files) {
        for line in text(&file).lines() {
            let line =
                ["<!-- generated: ", "; generated: "].iter().find_map(|begin| line.strip_prefix(begin));
            let part = line.map(|rest| rest.trim_end_matches(" -->").to_owned());
            is.extend(part.map(|part| (file.display().to_string(), part)));
        }
    }
    is.sort();
    let mut parts: Vec<_> = declared().into_iter().filter_map(|made| Some((made.file, made.part?))).collect();
    parts.sort();
    assert_eq!(is, parts);
}

/// `make generate` writes them, and `make lint` compares.
#[test]
fn each_package_that_makes_something_is_asked() {
    let makefile = text(Path::new("Makefile"));
    let line = makefile.lines().find_map(|line| line.strip_prefix("GENERATING := ")).expect("the packages");
    let asked: BTreeSet<&str> = line.split("-p ").skip(1).map(str::trim).collect();
    let packages: BTreeSet<String> = declared().iter().map(|made| package(&made.source)).collect();
    assert_eq!(asked, packages.iter().map(String::as_str).collect());
    // Where it is set already, nothing would be compared.
    assert!(makefile.lines().any(|line| line == "unexport UPDATE_GENERATED"));
}

/// The name in the nearest Cargo.toml above.
fn package(source: &Path) -> String {
    let manifest =
        source.ancestors().map(|one| one.join("Cargo.toml")).find(|one| root().join(one).is_file());
    let text = text(&manifest.expect("a package"));
    let name = text.lines().find_map(|line| line.strip_prefix("name = "));
    name.expect("its name").trim_matches('"').to_owned()
}
