//! Which shared object is tested.
//!
//! `PLUGIN_DIR` names the directory with `libopenvpn_plugin_auth_pam.so`; without it the release build beside the
//! test's own build is taken, for that is what ships. `PLUGIN_UNDER_TEST=c` runs the tests against the C plugin
//! instead, to see which of them its defects fail.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::command;

/// The example plugins: their directories below `plugins/examples`.
pub const EXAMPLES: [&str; 11] = [
    "accounting",
    "base64",
    "challenge",
    "client-connect",
    "deferred-auth",
    "log-events",
    "per-client-state",
    "policy",
    "reload",
    "simple",
    "two-factors",
];

/// The example with a workspace and dependencies of its own.
pub const EXAMPLE_ALONE: &str = "http-auth";

/// Which of two plugins that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// OpenVPN's own, in C.
    C,
    /// Ours.
    Ours,
}

impl Side {
    /// Its auth-pam plugin.
    pub fn auth_pam(self) -> PathBuf {
        match self {
            Side::C => c_auth_pam(),
            Side::Ours => auth_pam(),
        }
    }

    /// Its down-root plugin.
    pub fn down_root(self) -> PathBuf {
        match self {
            Side::C => c_auth_pam().with_file_name("openvpn-plugin-down-root.so"),
            Side::Ours => built("libopenvpn_plugin_down_root.so"),
        }
    }
}

const RUST_FILE: &str = "libopenvpn_plugin_auth_pam.so";
const C_FILE: &str = "openvpn-plugin-auth-pam.so";

/// Whether `PLUGIN_UNDER_TEST=c` asks for the C plugin, which knows no options.
pub fn is_c() -> bool {
    std::env::var_os("PLUGIN_UNDER_TEST").is_some_and(|value| value == "c")
}

/// The auth-pam plugin under test; panics with what to do when there is none.
pub fn auth_pam() -> PathBuf {
    if is_c() { c_auth_pam() } else { built(RUST_FILE) }
}

/// The C plugin of the distribution.
pub fn c_auth_pam() -> PathBuf {
    let arch = format!("/usr/lib/{}-linux-gnu/openvpn/plugins", std::env::consts::ARCH);
    [&arch, "/usr/lib/openvpn", "/usr/lib64/openvpn/plugins"]
        .iter()
        .map(|directory| Path::new(directory).join(C_FILE))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{C_FILE} is not installed: install the package openvpn"))
}

/// The file `name` among the plugins built; panics with what to do when it is missing.
pub fn built(name: &str) -> PathBuf {
    let directory = match std::env::var_os("PLUGIN_DIR") {
        Some(directory) => PathBuf::from(directory),
        None => target_directory().join("release"),
    };
    let path = directory.join(name);
    assert!(path.exists(), "{} is missing: run `make build`", path.display());
    path.canonicalize().unwrap_or(path)
}

/// The file of an example plugin. The test that asks first builds all of them.
pub fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let target = target_directory();
    BUILT.get_or_init(|| {
        let packages = EXAMPLES.map(|name| format!("--package=example-{name}"));
        cargo_build(&packages.each_ref().map(String::as_str), &target);
    });
    built_in(&target).join("debug").join(example_file(name))
}

/// The file of an example plugin as it is built to be used.
pub fn release_example(name: &str) -> PathBuf {
    let target = target_directory();
    cargo_build(&["--release", &format!("--package=example-{name}")], &target);
    built_in(&target).join("release").join(example_file(name))
}

/// The file of [`EXAMPLE_ALONE`].
pub fn example_alone() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let target = target_directory();
    let manifest = format!("--manifest-path=../../plugins/examples/{EXAMPLE_ALONE}/Cargo.toml");
    BUILT.get_or_init(|| cargo_build(&[&manifest], &target));
    built_in(&target).join("debug").join(example_file(EXAMPLE_ALONE))
}

/// Where cargo puts what [`cargo_build`] builds: it may have been told for which machine.
fn built_in(target: &Path) -> PathBuf {
    std::env::var_os("CARGO_BUILD_TARGET").map_or_else(|| target.to_owned(), |machine| target.join(machine))
}

/// What cargo calls the file of an example plugin.
pub fn example_file(name: &str) -> String {
    format!("libexample_{}.so", name.replace('-', "_"))
}

/// Has cargo build what these words say of this workspace, into the directory `target`.
pub fn cargo_build(words: &[&str], target: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--locked"]).args(words).arg("--target-dir").arg(target);
    // Where Debian has OpenSSL; without these its crate looks for pkg-config.
    let libraries = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    if Path::new(&libraries).join("libssl.so").exists() {
        cargo.env("OPENSSL_LIB_DIR", libraries).env("OPENSSL_INCLUDE_DIR", "/usr/include");
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    let status = status.unwrap_or_else(|error| panic!("cannot run cargo: {error}"));
    assert!(status.success(), "cargo build {} failed", words.join(" "));
}

/// The names a shared object exports, sorted.
pub fn exported(file: &Path) -> Vec<String> {
    let output = command::run("nm", &["-D", "--defined-only", &file.to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<_> =
        text.lines().filter_map(|line| line.split_whitespace().last()).map(String::from).collect();
    names.sort_unstable();
    names
}

/// Cargo's target directory: a test lives in `deps` of one of its profiles.
pub fn target_directory() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    own.ancestors()
        .nth(3)
        .map(Path::to_path_buf)
        .unwrap_or_else(|| panic!("{} is no test of cargo's", own.display()))
}
