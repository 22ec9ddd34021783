//! Builds packages once for all tests of a process, and runs a clean Debian root to use them in.

pub mod built;
pub mod clean_root;
pub mod listing;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The root of this project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where tests keep what is large: in cargo's build directory.
pub fn kept() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    // A test lives in <target>/<profile>/deps/<name>.
    let target = own.ancestors().nth(3).unwrap_or_else(|| panic!("{} is no test of cargo's", own.display()));
    target.join("tmp/packages")
}

/// Runs a command, which must succeed, and returns all it printed.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    let said = said(&output);
    assert!(output.status.success(), "{command:?} ({}):\n{said}", output.status);
    said
}

/// Runs a command to its end.
pub fn output(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{command:?}: {error} (see tests/install-deps)"))
}

/// All a command printed, what it complained of last.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A make of this project that is not part of the one that runs the tests.
pub fn make(target: &str) -> Command {
    let mut command = Command::new("make");
    harness::command::away_from_make(&mut command);
    command.args(["-s", "-C"]).arg(project()).arg(target);
    command
}
