//! The RPMs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::scratch::Scratch;
use packages::built::{self, package, rpm, vendored_rpm};
use packages::{listing, project, run};

const BINARY: [&str; 3] = ["openvpn-plugins-rs", "openvpn-plugin-examples-rs", "openvpn-plugin-devel-rs"];

fn query(name: &str, what: &[&str]) -> String {
    run(Command::new("rpm").args(["--query", "--package"]).args(what).arg(package(rpm(), name)))
}

/// Where the spec file puts things here: its %{_libdir} is not that of Debian.
fn places() -> [String; 5] {
    let libdir = run(Command::new("rpm").args(["--eval", "%{_libdir}"])).trim().to_string();
    let plugins = format!("PLUGINDIR={libdir}/openvpn/plugins/rs");
    ["INSTALL_EXAMPLES=1".into(), "INSTALL_DEV=1".into(), "PLUGINMODE=0755".into(), "PAMDIR=".into(), plugins]
}

/// Unpacked with rpm2cpio they are what `make install` installs.
#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn they_hold_what_make_install_installs() {
    let mut promised = listing::of_make(&places().each_ref().map(String::as_str));
    promised.retain(|path, _| !path.contains("/openvpn-plugins-rs/LICENSE-"));
    let plain = |path: String| path.strip_suffix(".gz").map(String::from).unwrap_or(path);
    let mut held = listing::Files::new();
    for name in BINARY {
        let scratch = Scratch::new();
        for (path, mode) in listing::of_rpm(&package(rpm(), name), scratch.path()) {
            let beside = ["/usr/share/licenses/", "/usr/share/doc/openvpn-plugin-devel-rs/"];
            if beside.iter().any(|place| path.starts_with(place)) {
                continue;
            }
            assert!(held.insert(plain(path.clone()), mode).is_none(), "{path} is in two packages");
        }
    }
    assert_eq!(held, promised);
}

/// No package owns it.
#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn the_service_file_is_the_administrators() {
    for name in BINARY {
        assert_eq!(query(name, &["--configfiles"]).trim(), "");
        let files = query(name, &["--list"]);
        assert!(!files.lines().any(|path| path.starts_with("/etc/")), "{files}");
    }
    let scripts = query(BINARY[0], &["--scripts"]);
    assert_eq!(scripts.matches("service-file ").count(), 2, "{scripts}");
}

#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn dependencies_are_those_of_the_files() {
    let requires = query(BINARY[0], &["--requires"]);
    for wanted in ["openvpn", "pam", "libpam.so.0"] {
        assert!(requires.lines().any(|line| line.starts_with(wanted)), "{wanted}: {requires}");
    }
    let scripts = [BINARY[1], BINARY[2]].map(|name| query(name, &["--scripts"])).concat();
    assert_eq!(scripts, "", "something runs when they are installed");
}

#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn rpmlint_has_nothing_to_say() {
    let mut packages: Vec<_> = built::files(rpm());
    packages.retain(|path| path.extension().is_some_and(|extension| extension == "rpm"));
    assert_eq!(packages.len(), BINARY.len() + 1, "{packages:?}");
    let directory = project().join("packaging/rpm");
    let mut rpmlint = Command::new("rpmlint");
    rpmlint.arg("--config").arg(directory.join("rpmlint.toml"));
    let said = run(rpmlint.arg(directory.join("openvpn-plugins-rs.spec")).args(packages));
    assert!(said.contains(" 0 errors, 0 warnings"), "{said}");
}

/// What is in an RPM, by path.
fn content(file: &Path) -> BTreeMap<String, Vec<u8>> {
    let scratch = Scratch::new();
    let paths = listing::of_rpm(file, scratch.path()).into_keys();
    paths
        .map(|path| (path.clone(), fs::read(scratch.join(path.trim_start_matches('/'))).expect("a file")))
        .collect()
}

#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn nothing_says_where_they_were_built() {
    let project = project().canonicalize().expect("the project").display().to_string();
    for name in BINARY {
        for (path, bytes) in content(&package(rpm(), name)) {
            let text = String::from_utf8_lossy(&bytes);
            let found = [&project[..], "registry/src"].into_iter().find(|place| text.contains(place));
            assert_eq!(found, None, "{name}: {path}");
        }
    }
}

/// rpmbuild runs without network, and what it makes holds the same files with the same bytes.
#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn vendored_sources_are_enough() {
    let source = built::one(vendored_rpm(), |file| file.ends_with(".src.rpm"));
    let files = run(Command::new("rpm").args(["--query", "--package", "--list"]).arg(source));
    assert!(files.lines().any(|file| file.ends_with("-vendor.tar.xz")), "{files}");
    for name in BINARY {
        let [one, other] = [rpm(), vendored_rpm()].map(|directory| content(&package(directory, name)));
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{name}");
        let different: Vec<_> = one.iter().filter(|(path, bytes)| other[*path] != **bytes).collect();
        assert!(different.is_empty(), "{:?}", different.iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
}
