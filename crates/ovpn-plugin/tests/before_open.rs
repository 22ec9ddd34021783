//! The log before OpenVPN has opened the plugin, as in a program that shares code with it: standard error.

use std::process::Command;

use log::Level;

const CHILD: &str = "OVPN_PLUGIN_TEST_LOGS_BEFORE_OPEN";

#[test]
fn lines_go_to_standard_error() {
    if std::env::var_os(CHILD).is_some() {
        ovpn_plugin::logging::install();
        ovpn_plugin::logging::install();
        log::error!("an error\nof two lines");
        log::debug!("a debug line");
        let denied = std::io::Error::from_raw_os_error(13);
        ovpn_plugin::log_errno(Level::Warn, &denied, format_args!("cannot read /x"));
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lines_go_to_standard_error", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words}");
    assert!(words.contains("an error\\nof two lines\n"), "{words}");
    assert!(words.contains("a debug line\n"), "{words}");
    assert!(words.contains("cannot read /x: Permission denied"), "{words}");
}
