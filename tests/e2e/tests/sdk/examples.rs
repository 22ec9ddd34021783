//! The example plugins and the test plugins of the SDK.

use std::path::PathBuf;
use std::sync::OnceLock;

use harness::ServerConfig;
use harness::plugin::{cargo_build, example_file, target_directory};

pub(crate) use harness::plugin::{EXAMPLES as NAMES, example, release_example};

/// The file of a test plugin of the SDK.
pub(crate) fn test_plugin(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| cargo_build(&["--package=ovpn-plugin", "--examples"], &target_directory()));
    target_directory().join(format!("debug/examples/lib{name}.so"))
}

/// `log-events` that looks into certificates with OpenSSL; built elsewhere, so that the other one stays as it is.
pub(crate) fn log_events_with_certificates() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let target = target_directory().join("debug/with-openssl");
    BUILT.get_or_init(|| cargo_build(&["--package=example-log-events", "--features=certificate"], &target));
    target.join("debug").join(example_file("log-events"))
}

/// A server with this example, dropped to nobody.
pub(crate) fn server_with(name: &str, words: &str) -> ServerConfig<'static> {
    ServerConfig::default().plugin_file(&example(name), words).dropped()
}
