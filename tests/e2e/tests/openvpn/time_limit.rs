//! The time limit in deferred mode lies below the time that OpenVPN itself gives a pending login.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::scratch::Scratch;
use harness::{Outcome, PATIENCE, ServerConfig};

use crate::stack::{PASSWORD, Stack};

/// The limit that a server with these lines has, in seconds.
#[track_caller]
fn limit(lines: &[&str]) -> u64 {
    let stack = Stack::new();
    let config = ServerConfig::auth_pam(&stack.service).deferred();
    let server = lines.iter().fold(config, |config, line| config.line(line)).start();
    let line = server.log().wait_for(Mark::START, "a deferred login may take", PATIENCE).text;
    let number = line.split("may take ").nth(1).and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn it_follows_openvpns_own() {
    assert_eq!(limit(&[]), 50);
    assert_eq!(limit(&["hand-window 300"]), 290);
    assert_eq!(limit(&["hand-window 300", "reneg-sec 300 200"]), 90);
    assert_eq!(limit(&["hand-window 300", "reneg-sec 0", "hand-window 80"]), 70);
    let place = Scratch::new();
    let more = place.write("more.conf", "# further options\nhand-window 300\n", 0o644);
    assert_eq!(limit(&[&format!("config {}", more.display())]), 290);
}

/// The client learns of the temporary failure, because it is still there.
#[test]
fn the_client_is_told_before_openvpn_gives_up() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let stack = Stack::with(&["auth/eve:hang"]);
    let server = ServerConfig::auth_pam(&stack.service).deferred().dropped().line("hand-window 14").start();
    let mark = server.mark();
    match server.client("eve", PASSWORD).outcome() {
        Outcome::Refused { reason, .. } => assert!(reason.starts_with("TEMP[backoff "), "{reason}"),
        other => panic!("should have been refused: {other:?}"),
    }
    server.wait_for(mark, "user 'eve' failed to authenticate: the time limit of 7 s was reached");
}

#[test]
fn one_that_openvpn_does_not_wait_for_is_warned_about() {
    let stack = Stack::new();
    let with = |options: &str| ServerConfig::auth_pam_with(options, &stack.service, "");
    const SAID: &str = "OpenVPN gives up a deferred login after 60 s";
    let count = |config: ServerConfig<'_>| config.start().log().count(Mark::START, SAID);
    assert_eq!(count(with("timeout=60").deferred()), 1);
    assert_eq!(count(with("timeout=59").deferred()), 0);
    assert_eq!(count(with("timeout=60")), 0);
    assert_eq!(count(with("timeout=60").deferred().line("hand-window 300")), 0);
}
