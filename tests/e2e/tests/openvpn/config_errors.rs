//! A wrong plugin line: OpenVPN refuses to start, and the log names the word.

use harness::{PamDir, ServerConfig};

use crate::stack::{PASSWORD, Stack};

/// The log of a start with these words, which must fail and say `said`.
fn refused(words: &str, said: &[&str]) {
    let failed = ServerConfig::auth_pam_words(words).start_expecting_failure();
    let lines = failed.log.text();
    let named =
        lines.lines().any(|line| line.contains("AUTH-PAM") && said.iter().all(|word| line.contains(word)));
    assert!(named, "no AUTH-PAM line with all of {said:?} for {words:?}:\n{lines}");
}

#[test]
fn no_service() {
    refused("", &["service"]);
    refused("timeout=5", &["service"]);
}

#[test]
fn a_name_without_a_value() {
    refused("login password", &["'password'"]);
    refused("login password PASSWORD user", &["'user'"]);
}

/// OpenVPN passes on sixteen words after the plugin's path and drops the rest without a word.
#[test]
fn more_pairs_than_openvpn_passes_on() {
    let pairs: String = (0..17).map(|number| format!(" n{number} V")).collect();
    refused(&format!("login{pairs}"), &["'n7'"]);
}

#[test]
fn as_many_pairs_as_openvpn_passes_on() {
    let stack = Stack::new();
    let pairs: String = (0..5).map(|number| format!(" n{number} V")).collect();
    let pairs = format!("login USERNAME password PASSWORD{pairs}");
    let server = ServerConfig::auth_pam_with("", &stack.service, &pairs).start();
    server.client("alice", PASSWORD).start().wait_connected();
}

#[test]
fn an_unknown_option() {
    refused("foo=bar login", &["foo"]);
}

#[test]
fn malformed_values() {
    for (words, said) in [
        ("timeout=abc login", "timeout"),
        ("timeout=-1 login", "timeout"),
        ("timeout= login", "timeout"),
        ("max-workers=0 login", "max-workers"),
        ("max-workers=many login", "max-workers"),
        ("syslog=nowhere login", "nowhere"),
        ("grace=1.5 login", "grace"),
        ("deferred=maybe login", "maybe"),
        ("timeout=99999999999999999999999 login", "timeout"),
    ] {
        refused(words, &[said]);
    }
}

#[test]
fn a_pam_directory_that_is_not_there() {
    refused("pam-confdir=/nonexistent login", &["/nonexistent"]);
}

/// PAM would fall back to the stack `other` without a word.
#[test]
fn a_missing_service_file_is_warned_about() {
    let directory = PamDir::new();
    directory.service("other", "auth required pam_deny.so\naccount required pam_deny.so\n");
    let place = directory.path().display();
    let server = ServerConfig::auth_pam_words(&format!("pam-confdir={place} nosuch")).start();
    let lines = server.log().text();
    let file = format!("{place}/nosuch");
    let warned =
        lines.lines().any(|line| line.contains("AUTH-PAM") && line.contains(&file) && line.contains("other"));
    assert!(warned, "{lines}");
    server.client("alice", PASSWORD).start().wait_refused();
}
