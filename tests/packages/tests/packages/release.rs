//! The files of a release: made in two places, they are the same bytes, and the list of what is inside is true.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use packages::{kept, project, run};

/// Unpacks the sources in `place` and makes a release of them there.
fn released(place: &Path, settings: &[&str]) -> PathBuf {
    let _ = fs::remove_dir_all(place);
    fs::create_dir_all(place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let tar = place.join("source.tar.xz");
    run(Command::new(project().join("packaging/source-tar")).arg(&tar).args(["tree", "1700000000"]));
    run(Command::new("tar").arg("-C").arg(place).arg("-xf").arg(&tar));
    let mut command = Command::new("env");
    harness::command::away_from_make(&mut command).args(settings).arg("SOURCE_DATE_EPOCH=1764300000");
    run(command.arg("packaging/make-release").arg(place.join("files")).current_dir(place.join("tree")));
    run(Command::new("rm").arg("-rf").arg(place.join("tree")));
    place.join("files")
}

#[test]
#[ignore = "four more builds: `make test-packages` without QUICK=1"]
fn made_in_two_places_it_is_identical() {
    let one = released(&kept().join("release"), &["TZ=UTC"]);
    let other = released(&kept().join("release-in-another-place"), &["TZ=Asia/Tokyo", "LC_ALL=C.UTF-8"]);
    let [sums, others] =
        [&one, &other].map(|files| fs::read_to_string(files.join("SHA256SUMS")).expect("sums"));
    assert_eq!(sums, others);
    for directory in [&one, &other] {
        run(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(directory));
    }
    let sources = concat!("-", env!("CARGO_PKG_VERSION"), ".tar.xz");
    for end in [".deb", ".dsc", ".noarch.rpm", "-vendor.tar.xz", sources, ".cdx.json"] {
        assert!(sums.lines().any(|line| line.ends_with(end)), "{sums}");
    }
}

fn printed(command: &mut Command) -> String {
    let output = packages::output(command);
    assert!(output.status.success(), "{command:?}:\n{}", packages::said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// It has what cargo takes to build what is shipped, by name and version.
#[test]
fn the_list_of_what_is_inside_is_complete_and_the_same_each_time() {
    let list = |time: &str| printed(Command::new(project().join("packaging/sbom")).arg(time));
    let first = list("1764300000");
    assert_eq!(first, list("1764300000"));
    let json: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let word = |one: &serde_json::Value, name: &str| one[name].as_str().expect("text").to_string();
    let listed: BTreeSet<String> = json["components"]
        .as_array()
        .expect("components")
        .iter()
        .map(|one| format!("{} {}", word(one, "name"), word(one, "version")))
        .collect();
    let taken = printed(&mut Command::new(project().join("packaging/shipped-crates")));
    assert_eq!(listed, taken.lines().map(String::from).collect());
    assert!(listed.iter().any(|name| name.starts_with("libpam-sys ")), "{listed:?}");
    let from_elsewhere =
        json["components"].as_array().into_iter().flatten().filter(|one| one["purl"].is_string());
    assert!(from_elsewhere.clone().count() > 10);
    assert!(from_elsewhere.clone().all(|one| one["hashes"][0]["content"].is_string()), "{first}");
}
