//! What is shipped carries nothing of the tests and of what authors test with, and what they test with carries no command.

mod allowed;

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::command::away_from_make;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the root of the project")
}

fn lines(command: &mut Command) -> Vec<String> {
    let output = away_from_make(command).current_dir(root()).output().expect("it can be run");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect()
}

/// All that cargo takes for these packages of the project: names, versions and, of the project's own, directories.
fn tree(edges: &str, packages: &[String]) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", edges, "--prefix", "none", "--no-dedupe", "--format", "{p}"]);
    lines(cargo.args(packages.iter().flat_map(|name| ["-p", name])))
}

fn of_the_tests(tree: &[String]) -> Vec<&String> {
    let own = format!("({}/tests/", root().display());
    let for_tests = ["libtest-mimic ", "ovpn-plugin-test ", "cargo-ovpn-plugin "];
    let is_for_tests = |package: &&String| for_tests.iter().any(|name| package.starts_with(name));
    tree.iter().filter(|package| package.contains(&own) || is_for_tests(package)).collect()
}

#[test]
fn what_is_shipped_carries_nothing_of_the_tests() {
    let shipped = lines(Command::new("make").args(["-s", "packages", "INSTALL_EXAMPLES=1"]));
    assert!(shipped.contains(&"ovpn-plugin-cli".to_string()), "{shipped:?}");
    assert_eq!(of_the_tests(&tree("normal,build", &shipped)), [""; 0]);
    // Its tests need them, so they would be seen.
    assert!(!of_the_tests(&tree("normal,build,dev", &shipped)).is_empty());
}

#[test]
fn the_library_to_test_with_carries_no_command() {
    let carried = |package: &str| {
        let all = tree("normal,build", &[package.to_string()]);
        all.iter().filter(|name| name.starts_with("clap ") || name.starts_with("ovpn-plugin-cli ")).count()
    };
    assert_eq!(carried("ovpn-plugin-host"), 0);
    assert_eq!(carried("ovpn-plugin-test"), 0);
    assert!(carried("ovpn-plugin-cli") >= 2);
}

/// Futures are for plugins of others. A build of the plugins that run as root does not even compile a runtime.
#[test]
fn what_is_shipped_carries_no_runtime_for_futures() {
    let shipped = lines(Command::new("make").args(["-s", "packages", "INSTALL_EXAMPLES=1"]));
    let all = tree("normal,build", &shipped);
    let is_one = |package: &&String| {
        ["tokio", "hyper", "rustls"].iter().any(|name| package.split(['-', ' ']).next() == Some(name))
    };
    assert_eq!(all.iter().filter(is_one).collect::<Vec<_>>(), [""; 0]);
    // It is there for those who ask for it, and so would be seen.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "-p", "ovpn-plugin"]);
    let with = lines(cargo.args(["--features", "tokio"]));
    assert!(with.iter().any(|package| is_one(&package)), "{with:?}");
}
