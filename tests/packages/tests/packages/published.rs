//! The crates for plugin authors: cargo would publish them, each has what a registry shows, and the template builds with
//! nothing but what is in them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::scratch::Scratch;
use packages::built::{files, place};
use packages::{project, run};

const CRATES: [&str; 6] = [
    "log-lines",
    "ovpn-plugin",
    "ovpn-plugin-host",
    "ovpn-plugin-macros",
    "ovpn-plugin-sys",
    "ovpn-plugin-test",
];
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a registry takes at most.
const KEYWORDS: usize = 5;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A home of cargo's that has the index and the downloads of the real one. What is unpacked from packages made here stays
/// in it: another run would take that for its own packages, which have the same version.
fn home() -> Scratch {
    let home = Scratch::new();
    home.directory("registry", 0o755);
    let real = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let real = real.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).expect("HOME");
    for name in ["registry/index", "registry/cache", "config.toml", "config"] {
        if real.join(name).exists() {
            symlink(real.join(name), home.join(name)).expect("a link");
        }
    }
    home
}

/// The directory in which `cargo publish` has unpacked what it would upload, and compiled each package by itself.
fn published() -> &'static Path {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        let (home, place) = (home(), place("published"));
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["publish", "--workspace", "--dry-run", "--locked", "--allow-dirty"])
            .current_dir(project());
        cargo.env("CARGO_HOME", home.path()).env("CARGO_TARGET_DIR", &place).env_remove("RUSTFLAGS");
        let said = run(&mut cargo);
        let name = |line: &str| Some(line.trim().strip_prefix("Uploading ")?.split(' ').next()?.to_owned());
        let uploaded: BTreeSet<String> = said.lines().filter_map(name).collect();
        assert_eq!(uploaded, CRATES.map(String::from).into(), "{said}");
        place.join("package")
    })
}

fn directory(name: &str) -> PathBuf {
    published().join(format!("{name}-{VERSION}"))
}

#[test]
#[ignore = "compiles each crate by itself: `make publish-check`"]
fn each_has_what_a_registry_shows() {
    for name in CRATES {
        let package = directory(name);
        let manifest = read(&package.join("Cargo.toml"));
        for key in
            ["description", "documentation", "readme", "keywords", "categories", "license", "rust-version"]
        {
            assert!(manifest.contains(&format!("\n{key} = ")), "{name}: no {key} in {manifest}");
        }
        let (_, keywords) = manifest.split_once("\nkeywords = [").expect("keywords");
        let keywords = keywords.split(']').next().expect("their end").matches('"').count() / 2;
        assert!((1..=KEYWORDS).contains(&keywords), "{name}: {keywords} keywords");
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert_eq!(read(&package.join(licence)), read(&project().join(licence)), "{name}");
        }
        assert!(read(&package.join("README.md")).starts_with(&format!("# {name}\n")), "{name}");
        // A path would lead out of the package.
        assert!(!manifest.contains("path = \".."), "{manifest}");
    }
}

/// Those of the project's that are in a package were compiled by `cargo publish`; tests are not, and need what is not there.
#[test]
#[ignore = "compiles each crate by itself: `make publish-check`"]
fn tests_stay_here() {
    for name in CRATES {
        let package = directory(name);
        let strange: Vec<PathBuf> = files(&package)
            .into_iter()
            .map(|path| path.strip_prefix(&package).expect("below it").to_owned())
            .filter(|path| ["tests", "benches", "template", "target"].iter().any(|one| path.starts_with(one)))
            .collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
    }
}

/// As an author has it who depends on `ovpn-plugin = "0.1"`, with a real server and client.
#[test]
#[ignore = "compiles each crate by itself: `make publish-check`"]
fn the_template_is_tested_with_what_is_published() {
    let (home, work) = (home(), Scratch::new());
    let plugin = work.join("plugin");
    run(Command::new("cp").arg("-R").arg(project().join("crates/ovpn-plugin/template")).arg(&plugin));
    let manifest = read(&plugin.join("Cargo.toml"));
    let (minor, _) = VERSION.rsplit_once('.').expect("a version");
    let mut lines: Vec<String> = Vec::new();
    for line in manifest.lines() {
        let name = line.split_once(" = { path = ").map(|(name, _)| name);
        lines.push(name.map_or(line.to_owned(), |name| format!("{name} = \"{minor}\"")));
    }
    let by_version = lines.iter().filter(|line| line.ends_with(&format!(" = \"{minor}\""))).count();
    assert_eq!(by_version, 2, "the template's manifest has another form: {manifest}");
    lines.push("[patch.crates-io]".to_owned());
    lines.extend(CRATES.map(|name| format!("{name} = {{ path = \"{}\" }}", directory(name).display())));
    fs::write(plugin.join("Cargo.toml"), lines.join("\n") + "\n").expect("write");
    fs::copy(project().join("Cargo.lock"), plugin.join("Cargo.lock")).expect("copy");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--quiet", "--", "--include-ignored"]).current_dir(&plugin);
    cargo.env("CARGO_HOME", home.path()).env("CARGO_TARGET_DIR", work.join("target")).env_remove("RUSTFLAGS");
    let said = run(&mut cargo);
    assert_eq!(said.matches("1 passed; 0 failed; 0 ignored").count(), 2, "{said}");
}
