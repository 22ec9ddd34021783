//! What C plugins find in OpenVPN, and so here: libcrypto, certificates, the words of their line until they are unloaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use ovpn_plugin_host::{Call, Login, Plugin, libraries_of_openvpn, sys};
use tempfile::TempDir;

/// tests/c/samples_like.c without libcrypto, as OpenVPN's Makefile builds its samples.
fn built(directory: &TempDir) -> PathBuf {
    let plugin = directory.path().join("plugin.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/samples_like.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"]).arg(&plugin).arg(source);
    let output = cc.output().expect("cannot run the C compiler: install the Debian package gcc");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "needs the Debian packages openvpn and libssl-dev:\n{words}");
    plugin
}

/// What the plugin uses without naming its library, and the library. Found before any test of this process opens the plugin:
/// from then on the library is there.
static BORROWED: LazyLock<Option<(String, String)>> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let exports = Plugin::new(built(&directory)).exports().unwrap();
    exports.borrowed.map(|(symbol, library)| (symbol.to_string(), library.to_string()))
});

#[test]
fn openvpns_libraries_are_there_for_a_plugin_that_names_none() {
    assert!(libraries_of_openvpn().iter().any(|name| name.starts_with("libcrypto.")));
    let (symbol, library) = BORROWED.as_ref().expect("it names no libcrypto");
    let directory = tempfile::tempdir().unwrap();
    let plugin = Plugin::new(built(&directory));
    assert!(symbol.starts_with("X509_") && library.starts_with("libcrypto.so"), "{symbol} of {library}");
    plugin.open().unwrap();
}

#[test]
fn certificates_come_with_tls_verify() {
    LazyLock::force(&BORROWED);
    let directory = tempfile::tempdir().unwrap();
    let plugin = Plugin::new(built(&directory)).open().unwrap();
    let login = Login::new("joe", "secret").env("common_name", "jöe & co");
    assert!(plugin.server_life(&login, std::time::Duration::ZERO).unwrap().connected);
    plugin.call(&Call::new(sys::PLUGIN_TLS_VERIFY)).unwrap();
    let lines: Vec<_> = plugin.log_lines().into_iter().map(|line| line.text).collect();
    assert_eq!(
        lines,
        [
            "depth 1: /CN=authority by /CN=authority",
            "depth 0: /CN=j\\xC3\\xB6e & co by /CN=authority",
            "depth -1: none by none",
        ]
    );
}

/// OpenVPN unloads a plugin before it frees the words of its line.
#[test]
fn the_words_outlive_the_plugin() {
    LazyLock::force(&BORROWED);
    let directory = tempfile::tempdir().unwrap();
    let told = directory.path().join("told");
    let plugin = Plugin::new(built(&directory)).arg(told.to_str().unwrap()).open().unwrap();
    assert!(plugin.close().unloaded);
    assert_eq!(fs::read_to_string(told).unwrap(), "unloaded\n");
}
