//! A wrong plugin line: OpenVPN refuses to start, and the log names the word.

use harness::log::Mark;
use harness::{PamDir, ServerConfig, TestModule};

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

/// The line that is logged when OpenVPN may have dropped words.
const DROPPED: &str = "and drops the rest";

/// How a line is written: one word by one, or quoted together.
type Written = fn(ServerConfig<'static>, &str) -> ServerConfig<'static>;
const SINGLE: Written = |config, words| config.plugin_single_words(words);
const QUOTED: Written = |config, words| config.plugin(words);

/// Two options, the service and pairs, with names and values up to this number of words. The pairs are complete when
/// the number is odd.
fn line_of(words: usize, stack: &Stack) -> String {
    let first = format!("timeout=5 {} login USERNAME password PASSWORD", stack.service.words());
    let rest = words - first.split(' ').count();
    (0..rest).fold(first, |line, number| format!("{line} w{number}"))
}

#[test]
fn a_line_of_which_nothing_is_dropped_is_not_warned_about() {
    let stack = Stack::new();
    for (written, words) in [(SINGLE, 13), (QUOTED, 15)] {
        let server = written(ServerConfig::default(), &line_of(words, &stack)).start();
        assert_eq!(server.log().count(Mark::START, DROPPED), 0, "{words}:\n{}", server.log().text());
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

/// The last value is dropped, so the name before it has none. The log has both, the warning and the name.
#[test]
fn a_line_of_which_a_word_is_dropped() {
    let stack = Stack::new();
    for (written, words) in [(SINGLE, 15), (QUOTED, 17)] {
        let line = line_of(words, &stack);
        let log = written(ServerConfig::default(), &line).start_expecting_failure().log;
        assert_eq!(log.count(Mark::START, DROPPED), 1, "{words}:\n{}", log.text());
        let name = format!("'{}'", line.split(' ').nth(words - 2).unwrap_or_default());
        let named = |text: &str| text.contains("AUTH-PAM") && text.contains(&name);
        assert!(log.since(Mark::START).iter().any(|line| named(&line.text)), "{name}:\n{}", log.text());
    }
}

/// A line that is complete although it is as long as can be works, with the warning.
#[test]
fn the_longest_line_works_and_is_warned_about() {
    let module = TestModule::shared();
    let directory = PamDir::new();
    directory.service("login", &module.stack(&[&format!("auth/password={PASSWORD}")]));
    let place = directory.path().display();
    let mut quoted = format!("timeout=5 grace=0 max-workers=2 pam-confdir={place} syslog=auth login");
    let mut single = format!("timeout=5 max-workers=2 pam-confdir={place} login");
    for (line, words) in [(&mut quoted, 16), (&mut single, 14)] {
        line.push_str(" login USERNAME password PASSWORD");
        while line.split(' ').count() < words {
            line.push_str(" some thing");
        }
        assert_eq!(line.split(' ').count(), words);
    }
    for config in [
        ServerConfig::default().plugin(&quoted).dev_log(),
        ServerConfig::default().plugin_single_words(&single),
    ] {
        let server = config.start();
        assert_eq!(server.log().count(Mark::START, DROPPED), 1, "{}", server.log().text());
        server.client("alice", PASSWORD).start().wait_connected();
    }
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
