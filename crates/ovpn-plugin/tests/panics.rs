//! A panic anywhere is a failure of that call, one line in the log, and nothing else.

mod common;

use std::io::Read;

use common::{errors, login, login_call, probe};
use ovpn_plugin_host::{Call, FuncResult, sys};

#[test]
fn payloads_of_each_kind_are_logged_and_the_next_call_works() {
    let plugin = probe().open().unwrap();
    for (user, text) in [
        ("panic-str", r": a literal\nof two lines"),
        ("panic-string", ": a formatted text"),
        ("panic-any", ": (payload is no text)"),
        ("panic-in-log", ": while being shown"),
        ("panic-in-drop", ": while being dropped"),
    ] {
        plugin.clear_log();
        assert_eq!(login(&plugin, user), FuncResult::Error, "{user}");
        let errors = errors(&plugin);
        assert_eq!(errors.len(), 1, "{user}: {errors:?}");
        assert!(
            errors[0].starts_with(&format!("{user} panic in AUTH_USER_PASS_VERIFY at ")),
            "{}",
            errors[0]
        );
        assert!(errors[0].contains("examples/probe/lib.rs:"), "{}", errors[0]);
        assert!(errors[0].ends_with(text), "{}", errors[0]);
        assert!(plugin.log_lines().iter().all(|line| line.name == "PROBE"), "{:?}", plugin.log_lines());
        assert_eq!(login(&plugin, "accept"), FuncResult::Success, "after {user}");
    }
}

/// A panic in a destructor while another one is under way ends the process, as Rust has it. The log says where both were.
/// The test runs itself in a process that may end.
#[test]
fn two_panics_at_once_are_named() {
    const IN_CHILD: &str = "OVPN_PLUGIN_TEST_TWO_PANICS";
    if std::env::var_os(IN_CHILD).is_some() {
        let plugin = probe().open().unwrap();
        println!("log: {}", plugin.log_file().display());
        login(&plugin, "panic-twice");
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let this = ["--exact", "two_panics_at_once_are_named", "--nocapture"];
    let output = child.args(this).env(IN_CHILD, "yes").output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    let log =
        text.lines().find_map(|line| line.split_once("log: ")).unwrap_or_else(|| panic!("{output:?}")).1;
    let lines = std::fs::read_to_string(log).unwrap();
    std::fs::remove_file(log).unwrap();
    let last = lines.lines().last().unwrap();
    assert!(last.contains("two panics at once end OpenVPN: the first at "), "{lines}");
    assert_eq!(last.matches("examples/probe/lib.rs:").count(), 2, "{lines}");
}

#[test]
fn events_that_decide_nothing_fail_too() {
    let plugin = probe().open().unwrap();
    let down = |signal: &str| plugin.call(&Call::new(sys::PLUGIN_DOWN).env("signal", signal)).unwrap().result;
    assert_eq!(down("panic"), FuncResult::Error);
    assert!(errors(&plugin)[0].contains("panic in DOWN"), "{:?}", errors(&plugin));
    assert_eq!(down("sigterm"), FuncResult::Success);
    assert_eq!(down("sighup"), FuncResult::Error);
}

#[test]
fn threads_of_the_plugin_are_heard() {
    let plugin = probe().open().unwrap();
    assert_eq!(login(&plugin, "panic-in-thread"), FuncResult::Success);
    let errors = errors(&plugin);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("panic in a thread of the plugin at "), "{errors:?}");
    assert!(errors[0].ends_with(": in a thread"), "{errors:?}");
}

#[test]
fn abort_and_close_survive_theirs() {
    let plugin = probe().args(["abort-panic", "drop-panic"]).open().unwrap();
    assert!(plugin.abort());
    assert!(errors(&plugin)[0].contains("panic in abort"), "{:?}", errors(&plugin));
    let mut log = std::fs::File::open(plugin.log_file()).unwrap();
    plugin.close();
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(text.contains("panic in close") && text.contains("told to panic when dropped"), "{text}");
}

#[test]
fn a_client_whose_state_cannot_be_made_has_none() {
    let plugin = probe().open().unwrap();
    assert_eq!(login(&plugin, "client-panic-next"), FuncResult::Success);
    let client = plugin.client();
    assert!(!client.has_state());
    assert!(errors(&plugin)[0].contains("panic in client constructor"), "{:?}", errors(&plugin));
    assert_eq!(client.call(&login_call("count")).unwrap().result, FuncResult::Error);
    assert!(plugin.client().has_state(), "the next client has state again");
}

#[test]
fn a_client_that_panics_when_dropped_is_gone() {
    let plugin = probe().open().unwrap();
    let client = plugin.client();
    for _ in 0..13 {
        assert_eq!(client.call(&login_call("count")).unwrap().result, FuncResult::Success);
    }
    drop(client);
    assert!(errors(&plugin)[0].contains("panic in client destructor"), "{:?}", errors(&plugin));
    assert_eq!(login(&plugin, "accept"), FuncResult::Success);
}
