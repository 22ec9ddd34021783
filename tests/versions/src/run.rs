//! Runs the tests with one release.

use std::fs::{self, File};
use std::process::Stdio;

use crate::outcome::Outcome;
use crate::record::Record;
use crate::release::{Release, SUITES};
use crate::root::{Keeps, Place};

/// Variable with the suites to run instead of all.
const ONLY: &str = "ONLY";
/// Test programs at a time, each with four tests at a time.
const AT_ONCE: &str = "2";

/// Prints which versions the root has: of OpenVPN, its package, PAM and the C library; and the day.
const VERSIONS: &str = r#"
    openvpn --version | sed -n '1s/^OpenVPN \([^ ]*\).*/openvpn: \1/p'
    dpkg-query --show --showformat 'package: ${Version}\n' openvpn
    dpkg-query --show --showformat 'pam: ${source:Upstream-Version}\n' libpam0g
    dpkg-query --show --showformat 'glibc: ${source:Upstream-Version}\n' libc6
    date --utc '+date: %F'"#;

/// Whether all tests have passed. The suites that have are recorded.
pub(crate) fn run(place: &Place, release: &Release, commit: &str) -> bool {
    place.prepare(release);
    let results = place.results().join(release.name);
    let (log, skipped) = (results.join("log"), results.join("skipped"));
    let prepared = fs::create_dir_all(&results).and_then(|()| fs::write(&skipped, ""));
    let log_file = prepared.and_then(|()| File::create(&log));
    let log_file = log_file.unwrap_or_else(|error| panic!("{}: {error}", results.display()));

    let versions = packages::run(&mut place.command(release, Keeps::Results, &["sh", "-ec", VERSIONS]));
    let facts = format!("{versions}commit: {commit}\n");
    println!("{}: running the tests; output: {}", release.name, log.display());
    let suites = std::env::var(ONLY).ok().filter(|only| !only.is_empty()).unwrap_or_else(all);
    let script = format!("exec tests/suites {AT_ONCE} {suites} 2>&1");
    let note = format!("SKIPPED_TESTS=/results/{}/skipped", release.name);
    let mut command = place.command(
        release,
        Keeps::Results,
        &["env", "RUST_TEST_THREADS=4", "IGNORED=1", &note, "sh", "-ec", &script],
    );
    let status = command.stdin(Stdio::null()).stdout(log_file).status();
    let passed = status.unwrap_or_else(|error| panic!("{command:?}: {error}")).success();

    let read = |path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}"));
    let outcome = Outcome::new(&read(&log), &read(&skipped));
    println!("{outcome}");
    Record::new(release, &facts, &outcome).write(release, &outcome);
    passed
}

/// As words for `tests/suites`.
fn all() -> String {
    SUITES.map(|(package, names)| format!("{package}:{}", names.join(","))).join(" ")
}
