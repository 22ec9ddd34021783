//! Builds the example plugins, and the words the tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};

/// Longest wait for anything; far more than needed, so that a loaded machine fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Builds an example of this package and returns its file. Cargo itself builds examples only when all tests are run.
pub(crate) fn example(name: &str) -> PathBuf {
    let profile_directory = profile_directory();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--offline", "--package", "ovpn-plugin", "--example", name]);
    cargo.arg("--target-dir").arg(target_directory());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cannot run cargo");
    assert!(status.success(), "building the example {name} failed");
    profile_directory.join("examples").join(format!("lib{name}.so"))
}

/// Where Cargo put this test's profile.
fn profile_directory() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).expect("tests are in <target>/<profile>/deps").to_owned()
}

pub(crate) fn target_directory() -> PathBuf {
    profile_directory().parent().unwrap().to_owned()
}

pub(crate) fn probe() -> Plugin {
    Plugin::new(example("probe"))
}

pub(crate) fn login_call(username: &str) -> Call {
    Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY).env("username", username)
}

pub(crate) fn login(plugin: &OpenPlugin, username: &str) -> FuncResult {
    plugin.call(&login_call(username)).unwrap().result
}

/// The texts of the error lines.
pub(crate) fn errors(plugin: &OpenPlugin) -> Vec<String> {
    plugin.log_lines().into_iter().filter(|line| line.is_error()).map(|line| line.text).collect()
}
