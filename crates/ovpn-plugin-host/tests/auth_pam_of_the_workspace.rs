//! The auth-pam plugin of this workspace in hosts as old as OpenVPN 2.4: every version of the structs, with the
//! events those releases have.
//!
//! Each case is a process of one thread, as the plugin forks; see `auth_pam_of_the_distribution.rs`.

use std::process::ExitCode;
use std::time::Duration;

use case_runner::{Case, Suite};
use harness::proc_table::{self, Process};
use harness::{PamService, TestModule, plugin};
use ovpn_plugin_host::{FuncResult, Login, OpenPlugin, Plugin, Verdict, sys};

const PATIENCE: Duration = Duration::from_secs(20);
/// Lets joe in and nobody else.
const STACK: &str = "auth [success=1 default=ignore] pam_succeed_if.so quiet user = joe\n\
                     auth requisite pam_deny.so\nauth required pam_permit.so\naccount required pam_permit.so\n";

/// An OpenVPN release: its number, and that of its last event.
const RELEASES: [(u32, u32, i32); 4] = [
    (2, 4, sys::PLUGIN_ROUTE_PREDOWN),
    (2, 5, sys::PLUGIN_CLIENT_CONNECT_DEFER_V2),
    (2, 6, sys::PLUGIN_CLIENT_CRRESPONSE),
    (2, 7, sys::PLUGIN_CLIENT_CRRESPONSE),
];

fn open(words: &str, version: i32, release: (u32, u32, i32)) -> OpenPlugin {
    let (major, minor, last) = release;
    let opened = Plugin::new(plugin::auth_pam())
        .args(words.split(' '))
        .env("verb", "4")
        .struct_version(version)
        .offered_events((1 << (last + 1)) - 1)
        .openvpn_version(major, minor, ".1")
        .open();
    opened.unwrap_or_else(|error| panic!("struct version {version}, OpenVPN {major}.{minor}: {error}"))
}

fn helpers() -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let mut found = proc_table::all();
    found.retain(|process| process.parent == own && process.name.starts_with("auth-pam"));
    found
}

/// Good and bad logins, direct and deferred; their lines in the log; and nothing is left after closing.
fn works(plugin: OpenPlugin) {
    assert_eq!(plugin.events(), sys::plugin_mask(sys::PLUGIN_AUTH_USER_PASS_VERIFY));
    assert_eq!(plugin.init_point(), sys::PLUGIN_INIT_PRE_DAEMON);
    drop(plugin.client());
    for deferred in [false, true] {
        for (user, good) in [("joe", true), ("mallory", false)] {
            let mut login = Login::new(user, "secret");
            if deferred {
                login = login.env("deferred_auth_pam", "1");
            }
            let outcome = plugin.login(&login, PATIENCE).unwrap();
            assert_eq!(outcome.accepted(), good, "{user}, deferred {deferred}: {outcome}");
            match outcome.result {
                FuncResult::Success => assert!(good),
                FuncResult::Error => assert!(!good),
                FuncResult::Deferred => {
                    assert!(deferred);
                    let verdict = if good { Verdict::Accepted } else { Verdict::Rejected };
                    assert_eq!(outcome.verdict, Some(verdict));
                }
                FuncResult::Other(code) => panic!("{code}"),
            }
        }
    }
    let line = plugin.wait_for_log_text("user 'mallory' failed to authenticate", PATIENCE).unwrap();
    assert_eq!(line.name, "AUTH-PAM");
    assert!(!helpers().is_empty());
    // Its thread makes the C library keep its code.
    drop(plugin.close());
    let gone = proc_table::wait_until(PATIENCE, || helpers().is_empty());
    assert!(gone, "{:?}", helpers());
}

/// Before 2.6 plugins can neither ask clients nor tell them anything. That is said at the start, once, and only if it was
/// asked for; a login that needs it is refused.
fn says_what_is_too_new(release: (u32, u32, i32), struct_version: i32) {
    let module = TestModule::shared();
    let asks = PamService::new(&module.stack(&["auth/ask=Code:"]));
    let words =
        format!("challenge=yes change-expired=yes reasons=all {} login USERNAME code ASK", asks.words());
    let plugin = open(&words, struct_version, release);
    let warnings = |plugin: &OpenPlugin| -> Vec<String> {
        let lines = plugin.log_lines().into_iter();
        lines.filter(|line| line.text.contains("use OpenVPN 2.6 or later")).map(|line| line.text).collect()
    };
    let said = warnings(&plugin);
    if (release.0, release.1) >= (2, 6) && struct_version >= 3 {
        assert_eq!(said, [""; 0]);
        let reason = plugin.login(&Login::new("joe", "secret"), PATIENCE).unwrap().reason;
        assert!(reason.is_some_and(|reason| reason.starts_with("CRV1:R:")));
        drop(plugin.close());
        return;
    }
    let openvpn = if struct_version >= 3 {
        format!("OpenVPN {}.{}.1", release.0, release.1)
    } else {
        "this OpenVPN".into()
    };
    let expected = format!(
        "{openvpn} cannot pass questions or reasons to clients, so these options have no effect: challenge, ASK, \
         change-expired, reasons; use OpenVPN 2.6 or later"
    );
    assert_eq!(said, [expected]);
    let outcome = plugin.login(&Login::new("joe", "secret"), PATIENCE).unwrap();
    assert!(!outcome.accepted() && outcome.reason.is_none(), "{outcome}");
    plugin
        .wait_for_log_text("the prompt 'Code:' cannot be asked: OpenVPN 2.6 or later is needed", PATIENCE)
        .unwrap();
    drop(plugin.close());
    let ordinary = PamService::new(STACK);
    assert_eq!(warnings(&open(&ordinary.words(), struct_version, release)), [""; 0]);
}

fn main() -> ExitCode {
    let all = RELEASES.into_iter().flat_map(|release| (1..=5).map(move |version| (release, version)));
    let cases = all.map(|(release, version)| {
        let name = format!("OpenVPN {}.{}, struct version {version}", release.0, release.1);
        Case::new(name, move || {
            TestModule::adopt(&case_runner::prepared());
            let service = PamService::new(STACK);
            works(open(&service.words(), version, release));
            says_what_is_too_new(release, version);
        })
    });
    Suite::new(cases).prepare(|scratch| drop(TestModule::compile(scratch))).run()
}
