//! What a test needs that not every release has: a later OpenVPN, or an older PAM module.
//!
//! The first line of such a test is [`requires!`](crate::requires). If the need is not met, the test fails: it must not pass
//! because it did not run. Only where `SKIPPED_TESTS` names a file, it is noted there and left out. `make test` sets that
//! variable and prints the notes at its end. `make test-versions` runs the tests with other releases and publishes the notes. A test that needs a later OpenVPN than this
//! machine's distribution has is marked as ignored besides: `make test-versions` runs these too.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::command::{find, try_run};

/// Names the file for the notes.
const SKIPPED: &str = "SKIPPED_TESTS";

/// A version that a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Of the program openvpn, or later.
    Openvpn(u32, u32, u32),
    /// Of the C library glibc, or later.
    Glibc(u32, u32),
    /// Of this Debian package, before this version; another distribution has what is needed.
    Before(&'static str, &'static str),
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Openvpn(major, minor, patch) => openvpn() >= [major, minor, patch],
            Self::Glibc(major, minor) => glibc() >= [major, minor, 0],
            Self::Before(package, version) => is_before(package, version),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Openvpn(major, minor, 0) => write!(out, "OpenVPN {major}.{minor} or later"),
            Self::Openvpn(major, minor, patch) => write!(out, "OpenVPN {major}.{minor}.{patch} or later"),
            Self::Glibc(major, minor) => write!(out, "glibc {major}.{minor} or later"),
            Self::Before(package, version) => write!(out, "{package} before {version}"),
        }
    }
}

/// Leaves the test out if the need is not met; the reason says what older releases lack.
///
/// ```no_run
/// # use harness::{needs::Need, requires};
/// fn a_client_is_told_why() {
///     requires!(Need::Openvpn(2, 6, 0), "the reason of a rejection reaches the client");
/// }
/// ```
#[macro_export]
macro_rules! requires {
    ($need:expr, $why:literal) => {{
        fn here() {}
        if $crate::needs::is_left_out($need, $why, env!("CARGO_PKG_NAME"), std::any::type_name_of_val(&here))
        {
            return;
        }
    }};
}

/// Whether the test of this package that `place` is a function in is left out; notes it then.
///
/// # Panics
/// If the need is not met, and nobody has said where to note it.
pub fn is_left_out(need: Need, why: &str, package: &str, place: &str) -> bool {
    if need.is_met() {
        return false;
    }
    let file = std::env::var_os(SKIPPED)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("this test needs {need}: {why}"));
    let note = note(need, why, package, place);
    println!("skipped: {note}");
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| writeln!(file, "{note}"));
    written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    true
}

/// One line: the package with its test program, the test, what is needed and why.
fn note(need: Need, why: &str, package: &str, place: &str) -> String {
    let test = place.strip_suffix("::here").unwrap_or(place);
    let (program, test) = test.split_once("::").unwrap_or(("", test));
    format!("{package} {program} | {test} | {need} | {why}")
}

fn glibc() -> [u32; 3] {
    let said = String::from_utf8_lossy(&try_run("getconf", &["GNU_LIBC_VERSION"]).stdout).into_owned();
    version(said.strip_prefix("glibc ").unwrap_or_default())
        .unwrap_or_else(|| panic!("getconf GNU_LIBC_VERSION says no version: {said}"))
}

fn is_before(package: &str, version: &str) -> bool {
    let Some(installed) =
        find("dpkg-query").map(|_| try_run("dpkg-query", &["--show", "--showformat=${Version}", package]))
    else {
        return true;
    };
    let installed = String::from_utf8_lossy(&installed.stdout).into_owned();
    try_run("dpkg", &["--compare-versions", &installed, "lt", version]).status.success()
}

/// Version of the openvpn that servers of tests are.
fn openvpn() -> [u32; 3] {
    static FOUND: OnceLock<[u32; 3]> = OnceLock::new();
    *FOUND.get_or_init(|| {
        // Its exit status says nothing: older ones have 1.
        let said = String::from_utf8_lossy(&try_run("openvpn", &["--version"]).stdout).into_owned();
        version(said.strip_prefix("OpenVPN ").unwrap_or_default())
            .unwrap_or_else(|| panic!("openvpn --version says no version: {said}"))
    })
}

/// The first three numbers; the third may be missing.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    let mut next = || numbers.next().flatten();
    Some([next()?, next()?, next().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("2.5.1 x86_64-pc-linux-gnu"), Some([2, 5, 1]));
        assert_eq!(version("2.7_beta2 x86_64"), Some([2, 7, 0]));
        assert_eq!(version("git"), None);
    }

    #[test]
    fn a_note_names_the_test() {
        assert_eq!(
            note(Need::Openvpn(2, 5, 6), "why", "e2e", "openvpn::reasons::all::here"),
            "e2e openvpn | reasons::all | OpenVPN 2.5.6 or later | why"
        );
    }

    #[test]
    fn what_is_there_leaves_nothing_out() {
        requires!(Need::Openvpn(2, 0, 0), "nothing");
        requires!(Need::Before("libc6", "99"), "nothing");
        requires!(Need::Glibc(2, 17), "nothing");
        assert!(!Need::Openvpn(99, 0, 0).is_met());
    }

    /// Unless it is a run with older releases, which has a place for the note.
    #[test]
    fn what_is_missing_fails_a_test() {
        if std::env::var_os(SKIPPED).is_none() {
            let result =
                std::panic::catch_unwind(|| is_left_out(Need::Openvpn(99, 0, 0), "why", "e2e", "a::b::here"));
            let message = result.unwrap_err();
            assert_eq!(
                message.downcast_ref::<String>().map(String::as_str),
                Some("this test needs OpenVPN 99.0 or later: why")
            );
        }
    }
}
