//! `syslog=auth`: one line a login, of the form that packaging/fail2ban matches.

use std::path::{Path, PathBuf};

use harness::dev_log::as_syslog_line;
use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{Server, ServerConfig, command};

use crate::stack::{PASSWORD, Stack, WRONG};

/// A name that tries to look like another line.
const FORGER: &str = "x' address=203.0.113.9 reason='";

fn audited() -> (Stack, Server) {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam_with("syslog=auth", &stack.service, "").dropped().dev_log().start();
    (stack, server)
}

fn audit_lines(server: &Server) -> Vec<String> {
    let lines = server.syslog().since(Mark::START).into_iter().map(|line| line.text);
    lines.filter(|text| text.contains("AUTH-PAM: login ")).collect()
}

#[test]
fn one_line_a_login() {
    let (_stack, server) = audited();
    server.client("alice", PASSWORD).start().wait_connected();
    let accepted = "AUTH-PAM: login accepted: address=127.0.0.1 port=";
    let line = server.syslog().wait_for(Mark::START, accepted, harness::PATIENCE).text;
    assert!(line.ends_with(" reason='Success' user='alice'"), "{line}");
    server.client("bob", WRONG).start().wait_refused();
    let rejected = "AUTH-PAM: login rejected: address=127.0.0.1 port=";
    let line = server.syslog().wait_for(Mark::START, rejected, harness::PATIENCE).text;
    assert!(line.ends_with(" reason='Authentication failure' user='bob'"), "{line}");
    // Facility auth is 4; the priority is facility * 8 + severity.
    let priority: u32 =
        line.trim_start_matches('<').split('>').next().unwrap_or("").parse().expect("a priority");
    assert_eq!(priority / 8, 4, "{line}");
    assert_eq!(audit_lines(&server).len(), 2, "{:?}", audit_lines(&server));
}

/// What modules say to a user whose login fails stands in both lines, without control characters, and without what was
/// typed.
#[test]
fn what_modules_say_of_a_failed_login() {
    let (stack, server) = audited();
    stack.change(&["bob:error=The account is locked.", "bob:info=it's \x1b[2J so", "alice:error=Hello"]);
    server.client("bob", WRONG).start().wait_refused();
    let line =
        server.wait_for(Mark::START, "user 'bob' failed to authenticate: Authentication failure; PAM says: ");
    let said = r"The account is locked.; it\'s \\x1b[2J so";
    assert!(line.text.contains(&format!("; PAM says: {said} (")), "{line:?}");
    let audit = server.syslog().wait_for(Mark::START, "user='bob'", harness::PATIENCE).text;
    assert!(audit.contains(&format!(" reason='Authentication failure; PAM says: {said}' ")), "{audit}");
    // It repeats the password.
    let secret = "tr0mbone-4-two";
    stack.change(&[&format!("eve:error=no, {secret} is wrong"), &format!("eve:info=({secret})")]);
    server.client("eve", secret).start().wait_refused();
    let line = server.wait_for(Mark::START, "user 'eve' failed to authenticate: ");
    assert!(line.text.contains("; PAM says: (a message that holds what was typed); (a message"), "{line:?}");
    server.client("alice", PASSWORD).start().wait_connected();
    server.syslog().wait_for(Mark::START, "reason='Success' user='alice'", harness::PATIENCE);
    server.stop();
    let (log, audit) = (server.log().text(), audit_lines(&server));
    assert!(!log.contains(secret) && !audit.iter().any(|line| line.contains(secret)), "{log}{audit:?}");
    assert!(!log.contains("PAM says: Hello"), "{log}");
}

#[test]
fn a_crash_is_no_rejection() {
    let (stack, server) = audited();
    stack.change(&["eve:crash"]);
    server.client("eve", PASSWORD).start().wait_refused();
    let crashed = "AUTH-PAM: login not decided: address=127.0.0.1 port=";
    server.syslog().wait_for(Mark::START, crashed, harness::PATIENCE);
    assert_eq!(audit_lines(&server).len(), 1);
}

#[test]
fn without_the_option_nothing_is_sent() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().dev_log().start();
    server.client("alice", PASSWORD).start().wait_connected();
    server.stop();
    assert_eq!(audit_lines(&server), Vec::<String>::new());
}

/// The filter beside fail2ban's own common.conf, as in /etc/fail2ban/filter.d.
fn installed_filter(scratch: &Scratch) -> PathBuf {
    const NAME: &str = "openvpn-auth-pam.conf";
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/fail2ban").join(NAME);
    let theirs = Path::new("/etc/fail2ban/filter.d/common.conf");
    for (from, name) in [(ours.as_path(), NAME), (theirs, "common.conf")] {
        std::fs::copy(from, scratch.join(name)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
    scratch.join(NAME)
}

/// The expression in the document is the one that is installed and tried here.
#[test]
fn the_document_shows_the_filter_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let [shown, filter] = ["docs/logs.md", "packaging/fail2ban/openvpn-auth-pam.conf"].map(|file| {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let found: Vec<String> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("failregex"))
            .map(Into::into)
            .collect();
        found
    });
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_eq!(shown, filter);
}

/// fail2ban sees the rejected logins, all of them, and no others.
#[test]
fn fail2ban_matches_rejections_only() {
    let (stack, server) = audited();
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("bob", WRONG).start().wait_refused();
    server.client(FORGER, WRONG).start().wait_refused();
    let end = std::time::Instant::now() + harness::PATIENCE;
    let third = server.syslog().wait_match(Mark::START, end, |text| text.contains("user='x"));
    assert!(third.is_some(), "{}", server.syslog().text());
    stack.change(&["eve:crash"]);
    server.client("eve", PASSWORD).start().wait_refused();
    server.syslog().wait_for(Mark::START, "user='eve'", harness::PATIENCE);

    let scratch = Scratch::new();
    let text: String =
        audit_lines(&server).iter().map(|line| format!("{}\n", as_syslog_line(line))).collect();
    let log = scratch.write("auth.log", &text, 0o600);
    let filter = installed_filter(&scratch);
    let (log, filter) = (log.to_string_lossy(), filter.to_string_lossy());
    let output = command::run("fail2ban-regex", &["--print-all-matched", &log, &filter]);
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("Lines: 4 lines, 0 ignored, 2 matched, 2 missed"), "{text}{report}");
    assert!(report.contains("user='bob'"), "{report}");

    let output = command::run("fail2ban-regex", &["--out", "ip", &log, &filter]);
    let banned = String::from_utf8_lossy(&output.stdout);
    assert_eq!(banned.split_whitespace().collect::<Vec<_>>(), ["127.0.0.1", "127.0.0.1"], "{text}");
}
