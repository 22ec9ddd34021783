//! The audit line: its form, what cannot be forged in it, and which lines fail2ban counts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use harness::command;
use harness::dev_log::as_syslog_line;
use harness::scratch::Scratch;

use super::super::outcome::tests::every_outcome;
use super::*;
use crate::front::every_refusal;
use crate::protocol::attempt_origin::tests::origin;

fn took(whole_millis: u64, pam_millis: Option<u64>) -> TimeTaken {
    TimeTaken { whole: Duration::from_millis(whole_millis), pam: pam_millis.map(Duration::from_millis) }
}

fn shown_line(result: AuditResult, user: &[u8], address: &str, reason: &[u8], took: TimeTaken) -> String {
    let origin = origin(address, 40000);
    line(Entry { result, user, origin: &origin, reason, took }, Some("server1"))
}

#[test]
fn the_line_has_the_documented_form() {
    let document = include_str!("../../../../docs/logs.md");
    for (result, user, took, reason, expected) in [
        (
            AuditResult::Accepted,
            "alice",
            took(34, Some(33)),
            "Success",
            "AUTH-PAM: login accepted: address=192.0.2.7 port=40000 config=server1 reference=345YZ \
             took=0.034 pam=0.033 reason='Success' user='alice'",
        ),
        (
            AuditResult::Rejected,
            "bob",
            took(2140, Some(2132)),
            "Authentication failure",
            "AUTH-PAM: login rejected: address=192.0.2.7 port=40000 config=server1 reference=345YZ \
             took=2.140 pam=2.132 reason='Authentication failure' user='bob'",
        ),
        (
            AuditResult::NotDecided,
            "carol",
            took(2, None),
            "no worker process can be started",
            "AUTH-PAM: login not decided: address=192.0.2.7 port=40000 config=server1 reference=345YZ \
             took=0.002 reason='no worker process can be started' user='carol'",
        ),
        (
            AuditResult::Challenged,
            "dave",
            took(5, Some(4)),
            "the client was asked a question",
            "AUTH-PAM: login challenged: address=192.0.2.7 port=40000 config=server1 reference=345YZ \
             took=0.005 pam=0.004 reason='the client was asked a question' user='dave'",
        ),
    ] {
        assert_eq!(shown_line(result, user.as_bytes(), "192.0.2.7", reason.as_bytes(), took), expected);
        assert!(document.contains(expected), "{expected}");
    }
    let (origin, took) = (origin("", 0), took(0, None));
    let unknown = line(
        Entry { result: AuditResult::Rejected, user: b"bob", origin: &origin, reason: b"x", took },
        None,
    );
    let expected = ": address=- port=0 config=- reference=345YZ took=0.000 reason='x'";
    assert!(unknown.contains(expected), "{unknown}");
}

#[test]
fn a_username_cannot_forge_an_address_or_a_line() {
    let forged = shown_line(
        AuditResult::Rejected,
        b"x' address=203.0.113.9 reason='",
        "192.0.2.7",
        b"no\nAUTH-PAM: login accepted",
        took(0, None),
    );
    assert!(
        forged
            .ends_with(" reason='no\\nAUTH-PAM: login accepted' user='x\\' address=203.0.113.9 reason=\\''"),
        "{forged}"
    );
    let backslash =
        shown_line(AuditResult::Rejected, b"x\\' address=203.0.113.9", "192.0.2.7", b"", took(0, None));
    assert!(backslash.ends_with("user='x\\\\\\' address=203.0.113.9'"), "{backslash}");
    assert!(
        shown_line(AuditResult::Rejected, b"x", "1.2.3.4 reason=", b"", took(0, None))
            .contains(" address=- ")
    );
}

#[test]
fn a_long_username_is_cut_and_comes_last() {
    let long = shown_line(
        AuditResult::Rejected,
        &[b'\\'; 4096],
        "192.0.2.7",
        b"Authentication failure",
        took(0, None),
    );
    let start = "AUTH-PAM: login rejected: address=192.0.2.7 port=40000 ";
    assert!(long.len() < 1024 && long.starts_with(start), "{long}");
}

fn without_duration(line: &str) -> String {
    let (before, rest) = line.split_once(" took=").unwrap_or_default();
    let (_, after) = rest.split_once("reason=").unwrap_or_default();
    format!("{before} reason={after}")
}

/// Every way in which an attempt can end, through the filter that is installed: it finds those that the client has to
/// answer for, each with its address, and no others.
#[test]
fn fail2ban_counts_what_is_the_clients_fault_and_nothing_else() {
    let outcomes = every_outcome().into_iter().map(|(outcome, expected)| {
        assert_eq!(outcome.result(), expected, "{outcome:?}");
        (expected, format!("{outcome:?}"))
    });
    let refusals = every_refusal().into_iter().map(|(refusal, at_fault)| {
        assert_eq!(refusal.is_clients_fault(), at_fault, "{refusal:?}");
        (AuditResult::of_refusal(at_fault), refusal.to_string())
    });
    let mut lines = Vec::new();
    let mut expected = Vec::new();
    for (number, (result, reason)) in outcomes.chain(refusals).enumerate() {
        let address = format!("192.0.2.{number}");
        // With and without PAM's own time; and a line of a version that said nothing of it.
        let millis = u64::try_from(number).unwrap_or_default() * 1234;
        let line = shown_line(
            result,
            b"it's me",
            &address,
            reason.as_bytes(),
            took(millis, [None, Some(millis / 2)][number % 2]),
        );
        let line = if number % 3 == 0 { without_duration(&line) } else { line };
        // What the supervisor writes, in the file of a syslog daemon.
        lines.push(as_syslog_line(&format!("<37>openvpn[1]: {line}\n")));
        if result == AuditResult::Rejected {
            expected.push(address);
        }
    }
    assert!(expected.len() > 5 && expected.len() + 5 < lines.len(), "{expected:?} of {lines:?}");
    // Neither a count of lines nor an IPv6 address breaks it.
    lines.push(as_syslog_line("<37>openvpn[1]: AUTH-PAM: 7 lines about logins were lost\n"));
    // Nor is it another program that says such a thing, which may have it from anybody.
    let other = shown_line(AuditResult::Rejected, b"x", "203.0.113.9", b"no", took(1, None));
    lines.push(as_syslog_line(&format!("<37>webserver[1]: {other}\n")));
    let ipv6 = shown_line(AuditResult::Rejected, b"x", "2001:db8::1", b"no", took(61_007, Some(61_000)));
    lines.push(as_syslog_line(&format!("<37>openvpn[1]: {ipv6}\n")));
    expected.push("2001:db8::1".into());

    let scratch = Scratch::new();
    let filter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/fail2ban/openvpn-auth-pam.conf");
    for (from, name) in [
        (filter.as_path(), "openvpn-auth-pam.conf"),
        (Path::new("/etc/fail2ban/filter.d/common.conf"), "common.conf"),
    ] {
        fs::copy(from, scratch.join(name)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
    let log = scratch.write("auth.log", &lines.concat(), 0o600);
    let (log, filter) = (log.to_string_lossy(), scratch.join("openvpn-auth-pam.conf"));
    let output = command::run("fail2ban-regex", &["--out", "ip", &log, &filter.to_string_lossy()]);
    let found = String::from_utf8_lossy(&output.stdout);
    assert_eq!(found.split_whitespace().collect::<Vec<_>>(), expected, "{lines:?}");
}

#[test]
fn facilities_go_by_their_names() {
    assert!(Facility::parse("auth").is_some() && Facility::parse("local7").is_some());
    for name in ["AUTH", "kern", "syslog", "local8", "local00", "local"] {
        assert_eq!(Facility::parse(name), None, "{name}");
    }
    // libc's numbers are shifted by three bits.
    for (name, number) in [
        ("auth", libc::LOG_AUTH),
        ("authpriv", libc::LOG_AUTHPRIV),
        ("cron", libc::LOG_CRON),
        ("daemon", libc::LOG_DAEMON),
        ("ftp", libc::LOG_FTP),
        ("lpr", libc::LOG_LPR),
        ("mail", libc::LOG_MAIL),
        ("news", libc::LOG_NEWS),
        ("user", libc::LOG_USER),
        ("uucp", libc::LOG_UUCP),
        ("local0", libc::LOG_LOCAL0),
        ("local7", libc::LOG_LOCAL7),
    ] {
        assert_eq!(Facility::parse(name).map(|it| i32::from(it.0)), Some(number >> 3), "{name}");
    }
    assert!(Facility::parse("").is_none());
}
