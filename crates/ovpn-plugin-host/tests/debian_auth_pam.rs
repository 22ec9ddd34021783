//! The host against Debian's own auth-pam plugin: direct and deferred logins, and the log of its helper process.
//!
//! Without a test harness: the plugin forks a helper that leaves with `exit`, which hangs for ever on the locks of
//! other threads. OpenVPN has none, and neither has this process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ovpn_plugin_host::{FuncResult, Login, OpenPlugin, Plugin, Verdict};

const C_PLUGIN: &str = "/usr/lib/x86_64-linux-gnu/openvpn/plugins/openvpn-plugin-auth-pam.so";
const PATIENCE: Duration = Duration::from_secs(20);

/// A PAM service of its own for each test, removed when dropped.
struct Service {
    name: String,
    file: PathBuf,
}

impl Service {
    fn new(test: &str, module: &str) -> Self {
        let name = format!("ovpn-host-{test}-{}", std::process::id());
        let file = PathBuf::from("/etc/pam.d").join(&name);
        fs::write(&file, format!("auth required {module}\naccount required pam_permit.so\n"))
            .expect("cannot write to /etc/pam.d: this test needs root");
        Self { name, file }
    }

    fn open(&self) -> OpenPlugin {
        assert!(fs::exists(C_PLUGIN).unwrap(), "{C_PLUGIN} is missing: install the Debian package openvpn");
        Plugin::new(C_PLUGIN).arg(&self.name).env("verb", "4").open().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

fn direct_logins() {
    let permit = Service::new("direct", "pam_permit.so");
    let plugin = permit.open();
    let outcome = plugin.login(&Login::new("joe", "secret"), PATIENCE).unwrap();
    assert_eq!((outcome.result, outcome.verdict), (FuncResult::Success, None), "{outcome}");
    assert!(outcome.accepted());
}

fn refused_logins_are_logged_by_the_helper() {
    let deny = Service::new("refused", "pam_deny.so");
    let plugin = deny.open();
    let outcome = plugin.login(&Login::new("joe", "secret"), PATIENCE).unwrap();
    assert_eq!(outcome.result, FuncResult::Error, "{outcome}");
    assert!(!outcome.accepted());
    let line = plugin.wait_for_log_text("user 'joe' failed to authenticate", PATIENCE).unwrap();
    assert_eq!(line.name, "AUTH-PAM");
}

fn deferred_logins() {
    for (test, module, verdict) in [
        ("deferred-good", "pam_permit.so", Verdict::Accepted),
        ("deferred-bad", "pam_deny.so", Verdict::Rejected),
    ] {
        let service = Service::new(test, module);
        let plugin = service.open();
        let login = Login::new("joe", "secret").env("deferred_auth_pam", "1");
        let outcome = plugin.login(&login, PATIENCE).unwrap();
        assert_eq!((outcome.result, outcome.verdict), (FuncResult::Deferred, Some(verdict)), "{outcome}");
        assert_eq!(outcome.accepted(), verdict == Verdict::Accepted);
    }
}

fn main() {
    let cases: [(&str, fn()); 3] = [
        ("direct_logins", direct_logins),
        ("refused_logins_are_logged_by_the_helper", refused_logins_are_logged_by_the_helper),
        ("deferred_logins", deferred_logins),
    ];
    for (name, case) in cases {
        case();
        println!("test {name} ... ok");
    }
}
