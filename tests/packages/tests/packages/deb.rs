//! The Debian packages.

use std::path::Path;
use std::process::Command;

use packages::built::{self, contents, deb, package, rebuilt, vendored_source};
use packages::{listing, run};

const BINARY: [&str; 3] = ["openvpn-plugins-rs", "openvpn-plugin-examples-rs", "openvpn-plugin-dev-rs"];

fn field(package: &Path, name: &str) -> String {
    run(Command::new("dpkg-deb").arg("-f").arg(package).arg(name)).trim().to_string()
}

#[test]
fn lintian_has_nothing_to_say() {
    for directory in [deb(), vendored_source()] {
        let changes = built::one(directory, |file| file.ends_with(".changes"));
        let mut lintian = Command::new("lintian");
        lintian.args(["--allow-root", "--fail-on", "error,warning", "--no-tag-display-limit"]).arg(changes);
        let said = run(&mut lintian);
        assert!(!said.contains("W: ") && !said.contains("E: "), "{said}");
    }
}

/// What `make install` installs, and where; shared objects as Debian has them, documents compressed as it wants them.
#[test]
fn they_hold_what_make_install_installs() {
    let mut promised = listing::of_make(&[
        "INSTALL_EXAMPLES=1",
        "INSTALL_DEV=1",
        "PAMDIR=",
        "ZSHDIR=/usr/share/zsh/vendor-completions",
    ]);
    // In debian/copyright, and the upstream changelog.
    promised
        .retain(|path, _| !path.contains("/openvpn-plugins-rs/LICENSE-") && !path.ends_with("/CHANGELOG.md"));
    let plain = |path: String| path.strip_suffix(".gz").map(String::from).unwrap_or(path);
    let mut held = listing::Files::new();
    for name in BINARY {
        let own = [format!("/usr/share/doc/{name}/"), format!("/usr/share/lintian/overrides/{name}")];
        for (path, mode) in listing::of_deb(&package(deb(), name)) {
            let path = plain(path);
            let debians =
                ["changelog", "changelog.Debian", "copyright"].map(|file| format!("{}{file}", own[0]));
            if debians.contains(&path) || path == own[1] {
                continue;
            }
            // Copies, where a Debian user looks for documents.
            if path.starts_with("/usr/share/doc/openvpn-plugin-dev-rs/") {
                continue;
            }
            assert_eq!(promised.get(&path), Some(&mode), "{name}: {path}");
            assert!(held.insert(path.clone(), mode).is_none(), "{path} is in two packages");
        }
    }
    assert_eq!(held, promised);
}

#[test]
fn dependencies_are_those_of_the_files() {
    let plugins = package(deb(), BINARY[0]);
    let depends = field(&plugins, "Depends");
    for wanted in ["openvpn", "libpam0g (>= ", "libc6 (>= ", "libgcc-s1 (>= ", "libpam-modules"] {
        assert!(depends.split(", ").any(|one| one.starts_with(wanted)), "{wanted}: {depends}");
    }
    let examples = field(&package(deb(), BINARY[1]), "Depends");
    assert!(examples.contains("openvpn") && !examples.contains("libpam"), "{examples}");
    assert_eq!(field(&package(deb(), BINARY[2]), "Architecture"), "all");
}

/// Two scripts of the maintainer see to the PAM service, which no package owns; nothing else runs, and there are no questions.
#[test]
fn nothing_is_in_etc_and_little_runs_when_they_are_installed() {
    for name in BINARY {
        let control = run(Command::new("dpkg-deb").arg("-I").arg(package(deb(), name)));
        for script in ["preinst", "postinst", "prerm", "postrm", "config", "templates", "conffiles"] {
            let wanted = name == BINARY[0] && ["postinst", "postrm"].contains(&script);
            assert_eq!(control.contains(&format!(" {script} ")), wanted, "{name}: {script}: {control}");
        }
        let files = listing::of_deb(&package(deb(), name));
        assert!(!files.keys().any(|path| path.starts_with("/etc/")), "{name}: {files:?}");
    }
}

#[test]
fn no_file_is_one_of_debians_openvpn() {
    let theirs = run(Command::new("dpkg").args(["-L", "openvpn"]));
    for name in BINARY {
        for path in listing::of_deb(&package(deb(), name)).into_keys() {
            assert!(!theirs.lines().any(|line| line == path), "{path}");
        }
    }
}

/// Symbols are in packages of their own, with paths that say nothing of the place of the build.
#[test]
fn symbols_are_apart() {
    let scratch = harness::scratch::Scratch::new();
    for name in ["openvpn-plugins-rs", "openvpn-plugins-rs-dbgsym"] {
        run(Command::new("dpkg-deb").arg("-x").arg(package(deb(), name)).arg(scratch.path()));
    }
    let files = built::files(scratch.path());
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "so")) {
        let sections = run(Command::new("readelf").arg("-SW").arg(path));
        assert!(!sections.contains(".symtab") && !sections.contains(".debug_"), "{}", path.display());
    }
    assert!(files.iter().any(|path| path.extension().is_some_and(|extension| extension == "debug")));
    // Not in the symbols, which are compressed: that the build has no influence on those another test shows.
    let project = packages::project().canonicalize().expect("the project").display().to_string();
    let mut grep = Command::new("grep");
    let output =
        packages::output(grep.args(["-rlF", "-e", &project, "-e", "registry/src"]).arg(scratch.path()));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "the place of the build is in there");
}

/// Built again from the vendored source package, in another place, without network and without any cache of cargo's: the same
/// bytes. So neither the place nor where the dependencies' sources came from makes a difference, and nothing else is needed.
#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn built_again_from_vendored_sources_they_are_identical() {
    let (first, second) = (contents(deb()), contents(&rebuilt(vendored_source(), "deb-again")));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    assert!(first.len() >= BINARY.len(), "{:?}", first.keys());
    let different: Vec<_> = first.iter().filter(|(name, bytes)| second.get(*name) != Some(*bytes)).collect();
    assert!(different.is_empty(), "{:?}", different.iter().map(|(name, _)| name).collect::<Vec<_>>());
    let vendor = built::one(vendored_source(), |file| file.ends_with(".orig-vendor.tar.xz"));
    let listing = run(Command::new("tar").arg("-tf").arg(vendor));
    let prebuilt =
        listing.lines().find(|name| [".dll", ".a", ".lib", ".exe"].iter().any(|end| name.ends_with(end)));
    assert_eq!(prebuilt, None);
}
