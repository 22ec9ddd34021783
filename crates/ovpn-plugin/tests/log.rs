//! The log as the host receives it: levels, one line a message, errno, forked children.

mod common;

use common::{PATIENCE, login, probe};
use ovpn_plugin_host::{FuncResult, sys};

#[test]
fn levels_and_lines() {
    let plugin = probe().open().unwrap();
    plugin.clear_log();
    assert_eq!(login(&plugin, "log"), FuncResult::Success);
    let lines: Vec<(i32, String)> =
        plugin.log_lines().into_iter().map(|line| (line.flags, line.text)).collect();
    assert_eq!(
        lines,
        [
            (sys::PLOG_ERR, "an error".to_owned()),
            (sys::PLOG_WARN, "a warning".to_owned()),
            (sys::PLOG_NOTE, "a notice".to_owned()),
            (sys::PLOG_DEBUG, "a debug line".to_owned()),
            (sys::PLOG_DEBUG, "a trace line".to_owned()),
            (sys::PLOG_NOTE, r"two\nlines, a NUL\x00, a bell\x07, %s%n%d, a \ and \u{202e}text".to_owned()),
            (sys::PLOG_NOTE, format!("{}...", "x".repeat(1021))),
            (sys::PLOG_WARN | sys::PLOG_ERRNO, "cannot read /x: Permission denied (errno=13)".to_owned()),
            (sys::PLOG_WARN, "cannot read /y: own words".to_owned()),
        ]
    );
}

#[test]
fn a_forked_child_logs_to_the_same_place() {
    let plugin = probe().open().unwrap();
    assert_eq!(login(&plugin, "fork"), FuncResult::Success);
    let line = plugin.wait_for_log_text("from the child", PATIENCE).unwrap();
    assert_eq!((line.name.as_str(), line.text.as_str()), ("PROBE", r"from the child\nin one line"));
}

/// It is logged in the child: what logs the panics of events is not there.
#[test]
fn a_panic_in_a_forked_child_is_one_line() {
    let plugin = probe().open().unwrap();
    assert_eq!(login(&plugin, "fork-panic"), FuncResult::Success);
    let line = plugin.wait_for_log_text("in the child", PATIENCE).unwrap();
    assert!(line.is_error(), "{line:?}");
    assert!(line.text.starts_with("panic in a process forked from the plugin at "), "{line:?}");
    assert!(
        line.text.contains("fork.rs:") && line.text.ends_with(r": in the child\nin two lines"),
        "{line:?}"
    );
    // The plugin's own panics are logged as before.
    assert_eq!(login(&plugin, "panic-str"), FuncResult::Error);
    plugin.wait_for_log_text("panic in AUTH_USER_PASS_VERIFY", PATIENCE).unwrap();
}
