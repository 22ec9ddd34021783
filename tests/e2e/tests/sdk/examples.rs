//! The example plugins and the test plugins of the SDK, and what their READMEs say.

use std::path::PathBuf;
use std::sync::OnceLock;

use harness::ServerConfig;
use harness::plugin::{cargo_build, example_file, target_directory};
use harness::scratch::Scratch;

use crate::tutorial::{blocks, root};

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

/// The lines for server.conf in each README are right, but for their places.
#[test]
fn each_readme_has_lines_that_work() {
    let directory = root().join("plugins/examples");
    let table = std::fs::read_to_string(directory.join("README.md")).unwrap();
    let scratch = Scratch::new();
    // What the lines name.
    let files = [
        ("/etc/openvpn/policy", "client\n"),
        ("/etc/openvpn/settings", ""),
        ("/var/log/openvpn/accounts", ""),
    ];
    for name in NAMES {
        assert!(table.contains(&format!("| [{name}]({name}/README.md) |")), "{name} is not in the table");
        let text = std::fs::read_to_string(directory.join(name).join("README.md")).unwrap();
        let lines = blocks(&text, "text")[0];
        let file = example(name);
        let named = format!("/path/to/{}", file.file_name().unwrap().to_str().unwrap());
        assert!(lines.contains(&named), "{name}: no line with {named}");
        let lines = lines.replace(&named, file.to_str().unwrap());
        let lines = files.iter().fold(lines, |lines, (path, text)| {
            let file = scratch.write(path.rsplit('/').next().unwrap(), text, 0o644);
            lines.replace(path, file.to_str().unwrap())
        });
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
