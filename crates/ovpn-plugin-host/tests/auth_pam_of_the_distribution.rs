//! The host against the C auth-pam plugin of the distribution: direct and deferred logins, and the log of its helper process.
//!
//! Each case is a process of one thread: the plugin forks a helper that leaves with `exit`, which hangs for ever on the
//! locks of other threads. OpenVPN has none, and neither has this process.

use std::process::ExitCode;
use std::time::Duration;

use case_runner::{Case, Suite};
use harness::{EtcPamService, plugin};
use ovpn_plugin_host::{FuncResult, Login, OpenPlugin, Plugin, Verdict};

const PATIENCE: Duration = Duration::from_secs(20);

fn service(module: &str) -> EtcPamService {
    EtcPamService::new(&format!("auth required {module}\naccount required pam_permit.so\n"))
}

fn open(service: &EtcPamService) -> OpenPlugin {
    Plugin::new(plugin::c_auth_pam()).arg(service.name()).env("verb", "4").open().unwrap()
}

fn direct_logins() {
    let permit = service("pam_permit.so");
    let plugin = open(&permit);
    let outcome = plugin.login(&Login::new("joe", "secret"), PATIENCE).unwrap();
    assert_eq!((outcome.result, outcome.verdict), (FuncResult::Success, None), "{outcome}");
    assert!(outcome.accepted());
}

fn refused_logins_are_logged_by_the_helper() {
    let deny = service("pam_deny.so");
    let plugin = open(&deny);
    let outcome = plugin.login(&Login::new("joe", "secret"), PATIENCE).unwrap();
    assert_eq!(outcome.result, FuncResult::Error, "{outcome}");
    assert!(!outcome.accepted());
    let line = plugin.wait_for_log_text("user 'joe' failed to authenticate", PATIENCE).unwrap();
    assert_eq!(line.name, "AUTH-PAM");
}

fn deferred_logins() {
    for (module, verdict) in [("pam_permit.so", Verdict::Accepted), ("pam_deny.so", Verdict::Rejected)] {
        let service = service(module);
        let plugin = open(&service);
        let login = Login::new("joe", "secret").env("deferred_auth_pam", "1");
        let outcome = plugin.login(&login, PATIENCE).unwrap();
        assert_eq!((outcome.result, outcome.verdict), (FuncResult::Deferred, Some(verdict)), "{outcome}");
        assert_eq!(outcome.accepted(), verdict == Verdict::Accepted);
    }
}

fn main() -> ExitCode {
    let cases: [(&str, fn()); 3] = [
        ("direct_logins", direct_logins),
        ("refused_logins_are_logged_by_the_helper", refused_logins_are_logged_by_the_helper),
        ("deferred_logins", deferred_logins),
    ];
    Suite::new(cases.map(|(name, play)| Case::new(name, play))).run()
}
