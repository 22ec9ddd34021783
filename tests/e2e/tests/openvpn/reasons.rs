//! What a real client learns of a refusal (`reasons`), and what it does not.

use harness::needs::Need;
use harness::requires;
use std::time::Instant;

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{Account, Outcome, PATIENCE, PamService, Server, ServerConfig};

use crate::stack::{PASSWORD, Stack, WRONG};

/// What the client gets as the reason, without the reference.
#[track_caller]
fn told(server: &Server, user: &str, password: &str) -> String {
    match server.client(user, password).outcome() {
        Outcome::Refused { reason, .. } if reason.is_empty() => reason,
        Outcome::Refused { reason, .. } => {
            let (text, rest) = reason.rsplit_once(" (reference ").unwrap_or_else(|| panic!("{reason}"));
            let reference = rest.trim_end_matches(')');
            // The log has the same one.
            let end = format!("reference {reference})");
            let failed = format!("user '{user}' failed to authenticate: ");
            let has_it = |line: &str| line.contains(&failed) && line.ends_with(&end);
            let line = server.log().wait_match(Mark::START, Instant::now() + PATIENCE, has_it);
            assert!(line.is_some(), "no line with the reference {reference}");
            text.to_string()
        }
        other => panic!("{user} should have been refused: {other:?}"),
    }
}

/// A stack with a reason of its own for each user; with the wrong password all of them are refused alike.
fn stack() -> Stack {
    Stack::with(&[
        "auth/known:error=Only known to the auth phase",
        "account/expired:error=Your account has expired \u{20ac}\u{1b}[2J",
        "account/expired:code=PAM_ACCT_EXPIRED",
        "account/old:code=PAM_NEW_AUTHTOK_REQD",
        "account/stale:code=PAM_AUTHTOK_EXPIRED",
        "account/hours:code=PAM_PERM_DENIED",
        "account/other:code=PAM_AUTH_ERR",
    ])
}

const EXPIRED: &str = "your account has expired or is disabled";

/// Deferred and direct, dropped and in a chroot.
#[test]
fn only_after_the_right_password() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    for (deferred, chroot) in [(true, true), (true, false), (false, false)] {
        let stack = stack();
        let config = ServerConfig::auth_pam(&stack.service).dropped().deferred_if(deferred);
        let server = if chroot { config.chroot().start() } else { config.start() };
        assert_eq!(told(&server, "expired", PASSWORD), EXPIRED);
        for user in ["old", "stale"] {
            assert_eq!(
                told(&server, user, PASSWORD),
                "your password has expired and has to be changed first"
            );
        }
        let hours = "your account may not log in here (group, time or address)";
        assert_eq!(told(&server, "hours", PASSWORD), hours);
        for (user, password) in [("other", PASSWORD), ("expired", WRONG), ("known", WRONG), ("nobody", WRONG)]
        {
            assert_eq!(told(&server, user, password), "", "{user}");
        }
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

#[test]
fn none() {
    let stack = stack();
    let server = ServerConfig::auth_pam_with("reasons=none", &stack.service, "").deferred().start();
    for user in ["expired", "old", "hours"] {
        assert_eq!(told(&server, user, PASSWORD), "", "{user}");
    }
}

/// With the words of PAM's modules, on one line, without what a terminal would obey.
#[test]
fn all() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let stack = stack();
    let server = ServerConfig::auth_pam_with("reasons=all", &stack.service, "").deferred().start();
    let said = "Your account has expired \u{20ac}\\x1b[2J";
    assert_eq!(told(&server, "expired", PASSWORD), format!("{EXPIRED}: {said}"));
    assert_eq!(told(&server, "known", WRONG), "Only known to the auth phase");
    assert_eq!(told(&server, "nobody", WRONG), "");
}

/// The modules that people use: pam_unix, pam_time and pam_access in the account phase, pam_faillock before the password.
#[test]
fn of_real_modules() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let place = Scratch::of_root();
    let never = place.write("time.conf", "*;*;*;!Al0000-2400\n", 0o644);
    let nobody = place.write("access.conf", "-:ALL:ALL\n", 0o644);
    let unix = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n";
    let time = format!("account required pam_time.so conffile={}\n", never.display());
    let access = format!("account required pam_access.so accessfile={}\n", nobody.display());
    let (account, expired) = (Account::new(PASSWORD), Account::expired(PASSWORD));
    let service = PamService::new(unix);
    let server = ServerConfig::auth_pam(&service).deferred().start();
    assert_eq!(told(&server, expired.name(), PASSWORD), EXPIRED);
    assert_eq!(told(&server, expired.name(), WRONG), "");
    harness::command::run("chage", &["--lastday", "0", account.name()]);
    assert!(told(&server, account.name(), PASSWORD).starts_with("your password has expired"));
    harness::command::run("chage", &["--lastday", "-1", account.name()]);
    for lines in [time, access] {
        service.rewrite(&format!("{unix}{lines}"));
        assert!(told(&server, account.name(), PASSWORD).starts_with("your account may not log in"));
        assert_eq!(told(&server, account.name(), WRONG), "");
    }
    // A lock shows before the password was right, and is not told.
    let tally = place.directory("tally", 0o755);
    let faillock = |phase: &str| {
        format!("auth required pam_faillock.so {phase} dir={} deny=1 nodelay\n", tally.display())
    };
    service.rewrite(&format!(
        "{}auth [success=1 default=bad] pam_unix.so nodelay\n{}{}account required pam_faillock.so dir={}\naccount required pam_unix.so\n",
        faillock("preauth"),
        faillock("authfail").replace("required", "[default=die]"),
        faillock("authsucc"),
        tally.display(),
    ));
    assert_eq!(told(&server, account.name(), WRONG), "");
    assert_eq!(told(&server, account.name(), PASSWORD), "", "locked");
    let locked =
        harness::command::run("faillock", &["--dir", &tally.display().to_string(), "--user", account.name()]);
    assert!(String::from_utf8_lossy(&locked.stdout).contains("RHOST"), "it is not locked");
}
