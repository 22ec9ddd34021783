//! The packages, built once in a process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{kept, make, run};

/// Variable that, set to 1, has packages compiled without what makes them fast.
const QUICK: &str = "QUICK";
/// What has cargo compile a release in a third of the time: where it matters that it compiles, but not how fast it is.
pub const UNOPTIMIZED: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// Where packages are built: in the build directory, so that nothing of it stays elsewhere.
pub fn place(name: &str) -> PathBuf {
    let place = kept().join(name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    place
}

/// What `make deb` leaves, with the files beside it.
pub fn deb() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("deb", "deb", &[]))
}

/// The source package with the dependencies' sources, as `make deb VENDOR=1` makes it before it builds.
pub fn vendored_source() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("deb", "deb-vendor", &["VENDOR=1", "SOURCE=1"]))
}

/// What `make rpm` leaves.
pub fn rpm() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("rpm", "rpm", &[]))
}

/// The same of `make rpm VENDOR=1`.
pub fn vendored_rpm() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("rpm", "rpm-vendor", &["VENDOR=1"]))
}

fn built(target: &str, name: &str, variables: &[&str]) -> PathBuf {
    let place = place(name);
    run(make(target).args(variables).envs(compiled().iter().copied()).env("CARGO_TARGET_DIR", &place));
    place.join(target)
}

/// How packages are compiled: as they are shipped, or unoptimized where the tests shall be quick. What is looked at in them
/// does not depend on it.
fn compiled() -> &'static [(&'static str, &'static str)] {
    let is_quick = std::env::var_os(QUICK).is_some_and(|value| value == "1");
    if is_quick { &UNOPTIMIZED } else { &[] }
}

/// Builds the binary packages once more, from the source package in `from`: in another place, by another user's settings, at
/// another time zone, without network and without cargo's cache.
pub fn rebuilt(from: &Path, name: &str) -> PathBuf {
    let place = place(name);
    let source = one(from, |file| file.ends_with(".dsc"));
    run(Command::new("dpkg-source").arg("-x").arg(&source).arg("a-tree-of-another-name").current_dir(&place));
    let mut command = Command::new("unshare");
    command.args(["--net", "env", "CARGO_HOME=/nonexistent", "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8"]);
    command.args(["dpkg-buildpackage", "-us", "-uc", "-b", "-d"]);
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS"] {
        command.env(variable, "/nonexistent");
    }
    let tree = place.join("a-tree-of-another-name");
    run(harness::command::away_from_make(&mut command).current_dir(&tree));
    fs::remove_dir_all(&tree).unwrap_or_else(|error| panic!("{}: {error}", tree.display()));
    place
}

/// The one file in `directory` whose name is as wanted.
pub fn one(directory: &Path, wanted: impl Fn(&str) -> bool) -> PathBuf {
    let mut found = files(directory);
    found.retain(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(&wanted));
    match <[PathBuf; 1]>::try_from(found) {
        Ok([one]) => one,
        Err(others) => panic!("not exactly one in {}: {others:?}", directory.display()),
    }
}

/// The package of this name in `directory`, a .deb or an .rpm.
pub fn package(directory: &Path, name: &str) -> PathBuf {
    one(directory, |file| {
        file.strip_prefix(name).is_some_and(|rest| {
            rest.starts_with('_') && rest.ends_with(".deb")
                || rest.starts_with("-0") && rest.ends_with(".rpm") && !rest.ends_with(".src.rpm")
        })
    })
}

/// All files below `directory`.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.append(&mut files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// The binary packages in `directory`: names and contents.
pub fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(directory);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    found
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes)
        })
        .collect()
}
