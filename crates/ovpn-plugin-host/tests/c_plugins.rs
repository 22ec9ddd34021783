//! The host against plugins in C: every interface version, the functions it offers, and what it refuses.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ovpn_plugin_host::{Call, FuncResult, Login, OpenFailed, Plugin, sys};
use tempfile::TempDir;

/// A plugin built from tests/c, gone when dropped.
struct Built {
    directory: TempDir,
}

impl Built {
    fn new(source: &str, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(source);
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
            .arg(directory.path().join("plugin.so"))
            .args(flags)
            .arg(source)
            .output()
            .expect("cannot run the C compiler: install the Debian package gcc");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "needs the Debian packages openvpn and libssl-dev:\n{words}");
        Self { directory }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("plugin.so")
    }

    fn plugin(&self) -> Plugin {
        Plugin::new(self.file())
    }
}

fn texts(plugin: &ovpn_plugin_host::OpenPlugin) -> Vec<String> {
    plugin.log_lines().into_iter().map(|line| line.text).collect()
}

#[test]
fn the_hosts_functions_work() {
    let built = Built::new("probe_v3.c", &[]);
    let plugin = built.plugin().open().unwrap();
    assert!(plugin.wants(sys::PLUGIN_AUTH_USER_PASS_VERIFY) && !plugin.wants(sys::PLUGIN_UP));
    let call = Call::new(sys::PLUGIN_CLIENT_CONNECT_V2).arg("word").env("name", "value");
    let reply = plugin.call(&call).unwrap();
    assert_eq!(reply.result, FuncResult::Other(17));
    assert_eq!(reply.returned, [("config".to_owned(), "push \"x\"".to_owned())]);
    let file = built.file();
    assert_eq!(
        texts(&plugin),
        [
            format!("event 9, words {} word, first variable name=value", file.display()),
            "line 1".to_owned(),
            "and another: Permission denied (errno=13)".to_owned(),
            "from a child without descriptors".to_owned(),
            "wiped 1, encoded 8 aGVsbG8=".to_owned(),
            "decoded 5 hello, too small -1, bad -1".to_owned(),
        ]
    );
    assert_eq!(plugin.log_lines()[1].flags, sys::PLOG_WARN | sys::PLOG_ERRNO);
    assert_eq!(plugin.log_lines()[2].name, "", "a second line of one message has no name");
    plugin.clear_log();
    assert_eq!(texts(&plugin), [""; 0]);
    assert!(!plugin.abort(), "it has no abort");
    assert!(!plugin.client().has_state());
    assert!(plugin.close().unloaded);
}

#[test]
fn a_log_without_end_does_not_fill_the_disk() {
    let (built, place) = (Built::new("logs_much.c", &[]), tempfile::tempdir().unwrap());
    let file = place.path().join("log");
    let plugin = built.plugin().log_to(&file).open().unwrap();
    assert_eq!(plugin.call(&Call::new(sys::PLUGIN_UP)).unwrap().result, FuncResult::Success);
    let bytes = std::fs::metadata(&file).unwrap().len();
    assert!((64 << 20..65 << 20).contains(&bytes), "{bytes}");
    let lines = texts(&plugin);
    let ends = (lines.first().map(String::as_str), lines.last().map(String::as_str));
    assert_eq!(ends, (Some("the first"), Some("the log is full: further lines are lost")));
}

/// The whole life of a server and of a client, for plugins in C too.
#[test]
fn a_life_passes_what_a_c_plugin_wants() {
    let built = Built::new("../../benches/c/one_user.c", &[]);
    let plugin = built.plugin().args(["joe", "secret"]).open().unwrap();
    let patience = Duration::from_secs(20);
    for (password, gets_in) in [("secret", true), ("wrong", false)] {
        let life = plugin.server_life(&Login::new("joe", password).renegotiates(1), patience).unwrap();
        let wanted = vec![sys::PLUGIN_AUTH_USER_PASS_VERIFY; if gets_in { 2 } else { 1 }];
        assert_eq!((life.events(), life.connected), (wanted, gets_in));
    }
    let life = plugin.client_life().unwrap();
    assert_eq!((life.events(), life.connected), (vec![], true));
}

#[test]
fn debug_lines_are_dropped_as_openvpn_drops_them() {
    let built = Built::new("probe_v3.c", &[]);
    for (verb, shown) in [(3, false), (7, true)] {
        let plugin = built.plugin().verb(verb).open().unwrap();
        plugin.call(&Call::new(1)).unwrap();
        let lines = texts(&plugin);
        assert_eq!(lines.iter().any(|line| line.starts_with("event 1")), shown, "{lines:?}");
        assert!(lines.contains(&"line 1".to_owned()), "{lines:?}");
    }
}

#[test]
fn two_plugins_keep_their_logs_apart() {
    let built = Built::new("probe_v3.c", &[]);
    let (first, second) = (built.plugin().open().unwrap(), built.plugin().open().unwrap());
    second.call(&Call::new(1)).unwrap();
    assert_eq!(first.log_lines(), []);
    assert!(!second.log_lines().is_empty());
}

#[test]
fn older_interfaces_work() {
    for flags in [&[][..], &["-DV2"]] {
        let built = Built::new("probe_old.c", flags);
        let plugin = built.plugin().open().unwrap();
        assert_eq!(plugin.events(), 1 << sys::PLUGIN_UP);
        assert_eq!(plugin.call(&Call::new(sys::PLUGIN_UP)).unwrap().result, FuncResult::Success);
        assert_eq!(plugin.call(&Call::new(sys::PLUGIN_DOWN)).unwrap().result, FuncResult::Error);
        let failed = built.plugin().arg("fail").open().unwrap_err();
        assert!(matches!(failed, OpenFailed::Refused { .. }), "{failed}");
    }
}

#[test]
fn refuses_what_openvpn_refuses() {
    let wants_too_much = Built::new("probe_v3.c", &["-DMASK=0x10001"]);
    let failed = wants_too_much.plugin().open().unwrap_err();
    assert!(matches!(failed, OpenFailed::UnknownEvents { wanted: 0x10001, offered: 0xffff }), "{failed}");

    let without_handle = Built::new("probe_v3.c", &["-DHANDLE=NULL"]);
    let failed = without_handle.plugin().open().unwrap_err();
    assert!(matches!(failed, OpenFailed::Refused { result: FuncResult::Success, .. }), "{failed}");

    let too_new = Built::new("probe_v3.c", &["-DMIN_VERSION=4"]);
    let failed = too_new.plugin().open().unwrap_err();
    assert!(matches!(failed, OpenFailed::NeedsNewerInterface { version: 4 }), "{failed}");

    let without_close = Built::new("probe_v3.c", &["-Dopenvpn_plugin_close_v1=renamed"]);
    let failed = without_close.plugin().open().unwrap_err();
    assert!(failed.to_string().contains("openvpn_plugin_close_v1 is missing"), "{failed}");

    let failed = Plugin::new("/nonexistent/plugin.so").open().unwrap_err();
    assert!(matches!(failed, OpenFailed::Load(_)), "{failed}");
}

#[test]
fn a_line_that_does_not_come_is_an_error_with_the_log() {
    let built = Built::new("probe_v3.c", &[]);
    let plugin = built.plugin().open().unwrap();
    plugin.call(&Call::new(1)).unwrap();
    let missing = plugin.wait_for_log_text("never", Duration::from_millis(20)).unwrap_err();
    assert!(missing.to_string().contains("encoded 8"), "{missing}");
}
