//! `make test-versions`: the tests of servers with the OpenVPN, the PAM and the C library of several Debian releases.
//!
//! Each release has a root of its own, made by debootstrap and kept in the build directory. Plugins and tests are built in
//! the oldest one, and the same files are then run in each. What came of it is a record in `tests/versions/results`; README
//! and docs/versions.md are made from the records, so that they name no version without a run behind it.
//!
//! Usage: `versions [RELEASE]...`   With ONLY set, as `e2e:openvpn,status compatibility`, only these suites.

mod commit;
mod outcome;
#[cfg(test)]
mod page;
#[cfg(test)]
mod processors;
mod record;
mod release;
mod root;
mod run;

use std::process::ExitCode;

use release::{RELEASES, Release};
use root::Place;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let mut wanted: Vec<&Release> = Vec::new();
    for name in &names {
        match RELEASES.iter().find(|release| release.name == name) {
            Some(release) => wanted.push(release),
            None => {
                let known: Vec<&str> = RELEASES.iter().map(|release| release.name).collect();
                eprintln!("no release {name} is known; known are: {}", known.join(", "));
                return ExitCode::FAILURE;
            }
        }
    }
    if names.is_empty() {
        wanted.extend(&RELEASES);
    }
    // Before the runs: they take long, and somebody may go on working.
    let commit = commit::checked_out();
    let place = Place::new();
    place.build();
    let failed: Vec<&str> = wanted
        .into_iter()
        .filter(|release| !run::run(&place, release, &commit))
        .map(|release| release.name)
        .collect();
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("test-versions: failed with {}", failed.join(", "));
    ExitCode::FAILURE
}
