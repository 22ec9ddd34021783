//! Builds the example plugins beside the tests, once.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use harness::ServerConfig;
use harness::scratch::Scratch;

use crate::tutorial::{blocks, root};

pub(crate) use harness::plugin::EXAMPLES as NAMES;

/// Where Cargo puts this test's profile: tests are in `<target>/<profile>/deps`.
fn profile_directory() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    own.ancestors()
        .nth(2)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("{}: no test of cargo's", own.display()))
}

fn cargo(arguments: &[&str], target: &std::path::Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--locked"]).args(arguments).arg("--target-dir").arg(target);
    // Where Debian has OpenSSL; without these its crate looks for pkg-config.
    let libraries = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    if std::path::Path::new(&libraries).join("libssl.so").exists() {
        cargo.env("OPENSSL_LIB_DIR", libraries).env("OPENSSL_INCLUDE_DIR", "/usr/include");
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cannot run cargo");
    assert!(status.success(), "building the examples failed");
}

/// The file of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let directory = BUILT.get_or_init(|| {
        let target = profile_directory().parent().map(PathBuf::from).unwrap_or_default();
        let packages: Vec<String> =
            NAMES.iter().flat_map(|n| ["-p".into(), format!("example-{n}")]).collect();
        cargo(&packages.iter().map(String::as_str).collect::<Vec<_>>(), &target);
        target.join("debug")
    });
    directory.join(format!("libexample_{}.so", name.replace('-', "_")))
}

/// The file of an example as it is built to be used.
pub(crate) fn release_example(name: &str) -> PathBuf {
    let target = profile_directory().parent().map(PathBuf::from).unwrap_or_default();
    cargo(&["--release", "-p", &format!("example-{name}")], &target);
    target.join(format!("release/libexample_{}.so", name.replace('-', "_")))
}

/// The file of a test plugin of the SDK.
pub(crate) fn test_plugin(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let directory = BUILT.get_or_init(|| {
        let target = profile_directory().parent().map(PathBuf::from).unwrap_or_default();
        cargo(&["-p", "ovpn-plugin", "--examples"], &target);
        target.join("debug/examples")
    });
    directory.join(format!("lib{name}.so"))
}

/// `log-events` that looks into certificates with OpenSSL; built elsewhere, so that the other one stays as it is.
pub(crate) fn log_events_with_certificates() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let directory = BUILT.get_or_init(|| {
        let target = profile_directory().join("with-openssl");
        cargo(&["-p", "example-log-events", "--features", "certificate"], &target);
        target.join("debug")
    });
    directory.join("libexample_log_events.so")
}

/// The lines for server.conf in each README are right, but for their places.
#[test]
fn each_readme_has_lines_that_work() {
    let directory = root().join("plugins/examples");
    let table = std::fs::read_to_string(directory.join("README.md")).unwrap();
    let scratch = Scratch::new();
    let policy = scratch.write("policy", "client\n", 0o644);
    for name in NAMES {
        assert!(table.contains(&format!("| [{name}]({name}/README.md) |")), "{name} is not in the table");
        let text = std::fs::read_to_string(directory.join(name).join("README.md")).unwrap();
        let lines = blocks(&text, "text")[0];
        let file = example(name);
        let named = format!("/path/to/{}", file.file_name().unwrap().to_str().unwrap());
        assert!(lines.contains(&named), "{name}: no line with {named}");
        let lines = lines.replace(&named, file.to_str().unwrap());
        let lines = lines.replace("/etc/openvpn/policy", policy.to_str().unwrap());
        let server = lines.lines().fold(ServerConfig::default(), |config, line| config.line(line)).start();
        if name != "challenge" {
            server.client("joe", "secret").connect();
        }
    }
}

/// A server with this example, dropped to nobody.
pub(crate) fn server_with(name: &str, words: &str) -> ServerConfig<'static> {
    ServerConfig::default().plugin_file(&example(name), words).dropped()
}
