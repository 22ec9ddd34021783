//! Renegotiation with `auth-gen-token ... external-auth`: OpenVPN checks the token, and PAM the account.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{Client, PATIENCE, PamService, ServerConfig, TestModule, side_by_side};
use nix::sys::signal::Signal;

use crate::stage::{PASSWORD, Site};

const BY_TOKEN: &str = "user 'alice' authenticated; by auth-token";

fn tokens(config: ServerConfig<'static>, deferred: bool) -> ServerConfig<'static> {
    config.dropped().deferred_if(deferred).line("reneg-sec 8").line("auth-gen-token 0 120 external-auth")
}

/// A connected client, in all ways to answer OpenVPN, with sessions and without.
fn everywhere(check: impl Fn(&Site, &Client, bool) + Sync) {
    side_by_side([(false, false), (false, true), (true, false), (true, true)], |(deferred, session)| {
        let options = if session { "session=yes" } else { "" };
        let site = Site::new(options, |config| tokens(config, deferred));
        let client = site.server.client("alice", PASSWORD).connect();
        check(&site, &client, session);
    });
}

/// What ends the connection, and what the client then reads.
fn ends(change: &str, reason: &str, told: &str) {
    everywhere(|site, client, session| {
        site.server.wait_for(Mark::START, BY_TOKEN);
        let mark = site.server.mark();
        site.machine.run(change);
        site.server.wait_for(mark, &format!("user 'alice' failed to authenticate: {reason}; by auth-token"));
        let refused = site.server.mark();
        client.log().wait_for(Mark::START, told, PATIENCE);
        // It comes again, with its password, and is refused for good.
        site.server.wait_for(refused, &format!("user 'alice' failed to authenticate: {reason}"));
        let sessions = usize::from(session);
        site.wait_for("close_session", sessions);
        assert_eq!((site.count("auth"), site.count("open_session")), (2, sessions));
    });
}

#[test]
fn only_the_account_is_looked_at() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    everywhere(|site, client, session| {
        for _ in 0..2 {
            let mark = site.server.mark();
            site.server.wait_for(mark, BY_TOKEN);
        }
        assert_eq!(site.count("auth"), 1);
        assert!(site.count("account") >= 3);
        assert_eq!(client.log().count(Mark::START, "AUTH_FAILED"), 0);
        client.disconnect();
        site.wait_for("close_session", usize::from(session));
        site.wait_for("open_session", usize::from(session));
    });
}

#[test]
fn an_account_that_is_disabled_ends_the_connection() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    ends("chage --expiredate 1 alice", "User account has expired", "AUTH_FAILED,your account has expired");
}

#[test]
fn a_group_that_is_lost_ends_the_connection() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    ends("gpasswd --delete alice vpn", "Authentication failure", "AUTH_FAILED");
}

/// A client that comes again with its token is the same user, but no new session.
#[test]
fn who_comes_again_with_a_token_is_looked_at_too() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    side_by_side([false, true], |deferred| {
        let site = Site::new("session=yes", |config| tokens(config, deferred));
        let client = site.server.client("alice", PASSWORD).connect();
        site.wait_for("open_session", 1);
        let mark = site.server.mark();
        client.restart(Signal::SIGUSR1);
        site.server.wait_for(mark, BY_TOKEN);
        site.server.wait_for(mark, "user 'alice' connects without a login through PAM");
        site.wait_for("open_session", 1);
        assert_eq!(site.count("auth"), 1);
        let mark = site.server.mark();
        site.machine.run("usermod --lock --expiredate 1 alice");
        client.signal(Signal::SIGUSR1);
        site.server.wait_for(mark, "failed to authenticate: User account has expired; by auth-token");
    });
}

/// The client logs in anew by itself, with the password that it still has.
#[test]
fn a_token_that_has_expired_is_given_up() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    side_by_side([false, true], |deferred| {
        let expired = |config: ServerConfig<'static>| {
            config
                .dropped()
                .deferred_if(deferred)
                .line("reneg-sec 8")
                .line("auth-gen-token 4 120 external-auth")
        };
        let site = Site::new("", expired);
        let client = site.server.client("alice", PASSWORD).connect();
        let mark = site.server.mark();
        site.server.wait_for(mark, "user 'alice': the auth-token has expired");
        client.log().wait_for(
            Mark::START,
            "AUTH_FAILED,SESSION: the token has expired (reference ",
            PATIENCE,
        );
        site.wait_for("auth", 2);
        assert_eq!(site.server.log().count(Mark::START, "failed to authenticate"), 0);
    });
}

/// Made with another key.
#[test]
fn a_token_that_is_not_genuine_is_given_up() {
    requires!(Need::Openvpn(2, 6, 0), "invalid tokens are not reported to the client");
    side_by_side([false, true], |deferred| {
        let config = |config: ServerConfig<'static>| {
            config.deferred_if(deferred).line("auth-gen-token 0 external-auth").line("reneg-sec 3600")
        };
        let site = Site::new("", config);
        let client = site.server.client("alice", PASSWORD).connect();
        let (mark, clients) = (site.server.mark(), client.log().mark());
        site.server.restart(Signal::SIGHUP);
        site.server.wait_for(mark, "user 'alice' failed to authenticate: the auth-token is not genuine");
        client.log().wait_for(clients, "AUTH_FAILED,SESSION: the token is not valid (reference ", PATIENCE);
        site.wait_for("auth", 2);
    });
}

/// A client that has answered once is not asked again.
#[test]
fn nobody_is_asked() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    let module = TestModule::shared();
    side_by_side([false, true], |deferred| {
        let stack = module.stack(&["auth/password=word", "auth/ask=Code:", "auth/expect=123456"]);
        let service = PamService::new(&stack);
        let config = ServerConfig::auth_pam_with("challenge=yes", &service, "");
        let server = tokens(config, deferred).start();
        let person = server.person("alice", "word").answers(&["123456"]).start();
        person.connects();
        for _ in 0..2 {
            let mark = server.mark();
            server.wait_for(mark, BY_TOKEN);
        }
        assert_eq!(server.log().count(Mark::START, "the client was asked a question"), 1);
    });
}

/// A module that hangs costs the connection, and not the end of its session.
#[test]
fn a_module_that_hangs_refuses_and_the_session_is_closed() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    const HANGS: &str = "#!/bin/sh\n[ ! -e /var/lib/hang ] || sleep 4\n";
    let site = Site::new("session=yes", |config| tokens(config, true));
    site.machine.write("/etc/openvpn/hang", HANGS, 0o755);
    let service = "auth required pam_unix.so nodelay\naccount required pam_exec.so quiet /etc/openvpn/hang\n\
                   session required pam_exec.so quiet /etc/openvpn/witness\n";
    site.machine.write("/etc/pam.d/openvpn", service, 0o644);
    let client = site.server.client("alice", PASSWORD).connect();
    site.server.wait_for(Mark::START, BY_TOKEN);
    let mark = site.server.mark();
    site.machine.write("/var/lib/hang", "", 0o644);
    site.server.wait_for(mark, "was reached while a PAM module was running; by auth-token");
    client.log().wait_for(Mark::START, "AUTH_FAILED,TEMP", PATIENCE);
    site.server.wait_for(mark, "user 'alice': session closed");
    site.wait_for("close_session", 1);
}

/// The account phase of pam_faillock forgets failures, whatever has run it, and an auth line does not.
#[test]
fn only_an_account_line_of_pam_faillock_forgets_failures() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    const TALLY: &str = "/var/lib/faillock";
    let faillock =
        |line: &str| format!("{line} dir={TALLY} deny=3\n").replace("FAILLOCK", "required pam_faillock.so");
    let both = [("account FAILLOCK", true), ("auth FAILLOCK authsucc", false)];
    side_by_side(both, |(line, forgets)| {
        let service = [
            &faillock("auth FAILLOCK preauth"),
            "auth [success=1 default=ignore] pam_unix.so nodelay\n",
            &faillock("auth [default=die] pam_faillock.so authfail"),
            "auth required pam_permit.so\n",
            &faillock(line),
            "account required pam_unix.so\n",
        ]
        .concat();
        // With its rights, for it is to read its configuration again.
        let config = |config: ServerConfig<'static>| {
            config.deferred_if(true).line("reneg-sec 8").line("auth-gen-token 0 120 external-auth")
        };
        let site = Site::new("", config);
        site.machine.run(&format!("mkdir -p {TALLY}"));
        site.machine.write("/etc/pam.d/openvpn", &service, 0o644);
        let _client = site.server.client("alice", PASSWORD).connect();
        let failures = || {
            let tally = std::fs::metadata(site.machine.path(&format!("{TALLY}/alice")));
            tally.map_or(0, |tally| tally.len())
        };
        site.server.client("alice", "wrong").start().wait_refused();
        let before = failures();
        let mark = site.server.mark();
        site.server.wait_for(mark, BY_TOKEN);
        assert_eq!((before > 0, failures() == 0), (true, forgets), "{line}");
        // Who reads the log learns it.
        let mark = site.server.mark();
        site.server.restart(Signal::SIGHUP);
        site.server.wait_for(mark, "initialization succeeded: PAM service");
        let said = site
            .server
            .log()
            .count(mark, "pam_faillock.so in an account line resets the count of wrong passwords");
        assert_eq!(said, usize::from(forgets), "{line}");
    });
}
