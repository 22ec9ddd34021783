//! The log as the host receives it: levels, one line a message, errno, forked children.

mod common;

use common::{PATIENCE, example, login, login_call, probe};
use ovpn_plugin_host::{FuncResult, Plugin, sys};

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

/// What OpenVPN would not show is not even made, unless it does not say.
#[test]
fn the_level_follows_verb() {
    for (verb, lines) in [("0", 2), ("1", 7), ("6", 7), ("7", 8), ("8", 8), ("9", 9), ("11", 9)] {
        let plugin = probe().env("verb", verb).open().unwrap();
        plugin.clear_log();
        assert_eq!(login(&plugin, "log"), FuncResult::Success);
        let found = plugin.log_lines().len();
        // `log_errno` is not asked for its level.
        assert_eq!(found, lines, "verb {verb}: {:?}", plugin.log_lines());
    }
    let plugin = probe().open().unwrap();
    plugin.clear_log();
    let call = login_call("log").env("verb", "3");
    assert_eq!(plugin.call(&call).unwrap().result, FuncResult::Success);
    assert_eq!(plugin.log_lines().len(), 7, "learnt with the first event: {:?}", plugin.log_lines());
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

/// The password of the call is not in a process forked in it, unless the plugin was given it before.
#[test]
fn a_forked_child_has_no_secret_of_the_call() {
    let plugin = probe().open().unwrap();
    for user in ["fork-secret", "fork-given", "fork-secret"] {
        let call = login_call(user).env("password", "hunter2").env("crresponse", "MTIz");
        assert_eq!(plugin.call(&call).unwrap().result, FuncResult::Success, "{user}");
    }
}

#[test]
fn a_forked_child_may_log_elsewhere() {
    let plugin = probe().open().unwrap();
    assert_eq!(login(&plugin, "fork-redirect"), FuncResult::Success);
    assert!(
        plugin.log_lines().iter().all(|line| !line.text.contains("redirected")),
        "{:?}",
        plugin.log_lines()
    );
    assert_eq!(login(&plugin, "log"), FuncResult::Success);
    plugin.wait_for_log_text("an error", PATIENCE).unwrap();
}

/// Until it is known where such a host logs to, lines of threads wait for its next call.
#[test]
fn a_host_of_one_thread_gets_the_lines_of_threads_in_its_calls() {
    let (threads, lines) = (2, 3000);
    let plugin = Plugin::new(example("threads")).args([threads.to_string(), lines.to_string()]);
    let plugin = plugin.env("verb", "4").log_for_one_thread().open().unwrap();
    assert_eq!(login(&plugin, "joe"), FuncResult::Success);
    let mut log = std::fs::File::open(plugin.log_file()).unwrap();
    // Waits for the threads, and is the last call.
    plugin.close();
    let text = std::io::read_to_string(&mut log).unwrap();
    let mut arrived = text.matches("\tTHREADS\tthread ").count();
    for (_, rest) in text.match_indices("\tTHREADS\t").map(|(at, word)| text.split_at(at + word.len())) {
        let lost =
            rest.split_once(" log lines of threads are lost").map(|(number, _)| number.parse::<usize>());
        arrived += lost.and_then(Result::ok).unwrap_or(0);
    }
    assert_eq!(arrived, threads * (lines + 1), "{text}");
    for thread in 0..threads {
        let numbers = text.lines().filter_map(|line| line.split_once(&format!("thread {thread} line ")));
        let numbers = numbers.map(|(_, rest)| rest.split(' ').next().unwrap().parse::<usize>().unwrap());
        assert!(numbers.is_sorted(), "{text}");
    }
}
