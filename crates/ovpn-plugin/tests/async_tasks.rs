//! Logins that futures decide, in a plugin that is loaded as OpenVPN loads it: panics, a client that is gone, and an end
//! that waits for nothing.
#![cfg(feature = "tokio")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use common::{PATIENCE, errors, login_call};
use ovpn_plugin::testing::LoginFiles;
use ovpn_plugin_host::{FuncResult, OpenPlugin, Plugin};

/// The test plugin, which takes the feature `tokio`.
fn file() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = common::target_directory();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "--quiet", "--offline", "--package", "ovpn-plugin", "--features", "tokio"]);
        cargo.args(["--example", "futures", "--target-dir"]).arg(&target);
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cannot run cargo");
        assert!(status.success(), "building the example failed");
        target.join("debug/examples/libfutures.so")
    })
}

fn plugin(mark: &str, limit: &str) -> OpenPlugin {
    Plugin::new(file()).args([mark, limit]).open().unwrap()
}

struct Login {
    files: LoginFiles,
    result: FuncResult,
}

impl Login {
    fn new(plugin: &OpenPlugin, user: &str) -> Self {
        let files = LoginFiles::new().unwrap();
        let control = files.control_file();
        let path = |name: &str| control.with_file_name(name).to_str().unwrap().to_owned();
        let call = login_call(user)
            .env("auth_control_file", path("control"))
            .env("auth_failed_reason_file", path("reason"))
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "4711")
            .env("IV_PROTO", "990");
        Self { result: plugin.call(&call).unwrap().result, files }
    }

    fn verdict(&self) -> Option<bool> {
        assert_eq!(self.result, FuncResult::Deferred);
        self.files.wait_for_verdict(PATIENCE)
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::yield_now();
    }
}

fn logged(plugin: &OpenPlugin, text: &str) -> bool {
    lines_with(plugin, text) > 0
}

fn lines_with(plugin: &OpenPlugin, text: &str) -> usize {
    plugin.log_lines().iter().filter(|line| line.text.contains(text)).count()
}

/// What the plugin logged until it was unloaded, and how long that took.
fn close(plugin: OpenPlugin) -> (String, std::time::Duration) {
    let mut log = fs::File::open(plugin.log_file()).unwrap();
    let begun = Instant::now();
    plugin.close();
    let time = begun.elapsed();
    (std::io::read_to_string(&mut log).unwrap(), time)
}

#[test]
fn a_future_decides() {
    let plugin = plugin("/nonexistent", "10");
    for (user, verdict) in [("accept", true), ("later", true), ("reject", false)] {
        let login = Login::new(&plugin, user);
        assert_eq!(login.verdict(), Some(verdict), "{user}");
        assert_eq!(login.files.reason(), if verdict { "" } else { "told to" });
    }
    assert_eq!(errors(&plugin), [""; 0]);
    let login = Login::new(&plugin, "error");
    assert_eq!((login.verdict(), &*login.files.reason()), (Some(false), ""));
    wait_until("the line", || !errors(&plugin).is_empty());
    assert_eq!(errors(&plugin), ["error/192.0.2.7:4711 login rejected: Permission denied (os error 13)"]);
}

#[test]
fn a_panic_costs_one_login_and_one_line() {
    let plugin = plugin("/nonexistent", "10");
    assert_eq!(Login::new(&plugin, "panic").verdict(), Some(false));
    wait_until("the line", || !errors(&plugin).is_empty());
    assert_eq!(Login::new(&plugin, "later").verdict(), Some(true));
    let errors = errors(&plugin);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("panic/192.0.2.7:4711 panic in the future 'login' at "), "{errors:?}");
    assert!(errors[0].contains("examples/futures.rs:") && errors[0].ends_with(": told to"), "{errors:?}");
}

#[test]
fn a_client_that_is_gone_ends_its_future() {
    let plugin = plugin("/nonexistent", "1");
    let login = Login::new(&plugin, "wait");
    assert_eq!(login.result, FuncResult::Deferred);
    fs::remove_file(login.files.control_file()).unwrap();
    wait_until("dropped", || logged(&plugin, "dropped: wait"));
    // And its place is free.
    wait_until("room", || Login::new(&plugin, "accept").result == FuncResult::Deferred);
}

#[test]
fn a_panic_at_the_end_of_a_future_is_one_line_too() {
    let plugin = plugin("/nonexistent", "1");
    let login = Login::new(&plugin, "drop-panic");
    fs::remove_file(login.files.control_file()).unwrap();
    wait_until("the line", || !errors(&plugin).is_empty());
    wait_until("room", || Login::new(&plugin, "accept").result == FuncResult::Deferred);
    let errors = errors(&plugin);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("drop-panic/192.0.2.7:4711 panic in the future 'login' at "), "{errors:?}");
}

#[test]
fn without_room_the_client_is_to_come_again() {
    let plugin = plugin("/nonexistent", "1");
    let first = Login::new(&plugin, "wait");
    let second = Login::new(&plugin, "accept");
    assert_eq!((first.result, second.result), (FuncResult::Deferred, FuncResult::Error));
    assert_eq!(second.files.reason(), "TEMP[backoff 5,advance no]: the server is busy");
    assert_eq!(second.files.verdict(), None, "a direct answer leaves the control file alone");
    assert!(logged(
        &plugin,
        "accept/192.0.2.7:4711 refused: the job cannot be started: 1 futures are running, which is the limit"
    ));
}

#[test]
fn the_end_rejects_what_waits_and_takes_no_time() {
    let plugin = plugin("/nonexistent", "10");
    let logins: Vec<_> = (0..5).map(|_| Login::new(&plugin, "wait")).collect();
    // One that has not begun is dropped without having made its witness.
    wait_until("all wait", || lines_with(&plugin, "waits") == 5);
    let (log, time) = close(plugin);
    assert!(logins.iter().all(|login| login.files.verdict() == Some(false)));
    assert_eq!(log.matches("dropped: wait").count(), 5, "{log}");
    assert!(!log.contains("left alone"), "{log}");
    assert!(time < PATIENCE);
}

/// The thread wakes up after the plugin was closed and unloaded, and its code is still there.
#[test]
fn what_does_not_end_is_named_and_runs_on() {
    for (user, line) in [
        ("stuck", "login of stuck/192.0.2.7:4711 has not ended; left alone after 1 s"),
        ("blocking", "have not ended; left alone after 1 s"),
    ] {
        let mark = common::target_directory().join(format!("mark-{}-{user}", std::process::id()));
        let plugin = plugin(mark.to_str().unwrap(), "10");
        let (stuck, waiting) = (Login::new(&plugin, user), Login::new(&plugin, "wait"));
        wait_until("in its call", || logged(&plugin, "blocks"));
        let (log, _) = close(plugin);
        assert!(log.contains(line), "{log}");
        assert_eq!((stuck.verdict(), waiting.verdict()), (Some(false), Some(false)));
        assert!(!mark.exists(), "the end waited for it");
        wait_until("its code runs on", || mark.exists());
        assert_eq!(stuck.files.verdict(), Some(false), "what it says now counts no more");
        fs::remove_file(&mark).unwrap();
    }
}

#[test]
fn no_thread_takes_openvpns_signals() {
    let plugin = plugin("/nonexistent", "10");
    assert_eq!(Login::new(&plugin, "signals").verdict(), Some(true));
    for thread in ["worker", "blocking"] {
        let text = format!("{thread}: SigBlk:");
        let line = plugin.log_lines().into_iter().find(|line| line.text.contains(&text)).expect("a line");
        let mask = line.text.rsplit('\t').next().and_then(|mask| mask.rsplit("\\t").next());
        let mask = mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).expect("a mask");
        for signal in [1, 2, 10, 12, 15] {
            assert_ne!(mask & (1 << (signal - 1)), 0, "{thread}: signal {signal}");
        }
    }
}
