//! Logins by certificate (`certificate-login`).

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{PATIENCE, ServerConfig, side_by_side};

use crate::stage::{PASSWORD, Site};

const OPTIONS: &str = "certificate-login=vpn session=yes syslog=auth";

fn optional(config: ServerConfig<'static>, deferred: bool) -> ServerConfig<'static> {
    config.dropped().deferred_if(deferred).line("auth-user-pass-optional")
}

#[test]
fn a_member_of_the_group_is_let_in() {
    side_by_side([false, true], |deferred| {
        let site = Site::new(OPTIONS, |config| optional(config, deferred).line("reneg-sec 8"));
        let client = site.server.client_by_certificate("alice").connect();
        let mark = site.server.mark();
        site.server.wait_for(Mark::START, "user 'alice' authenticated; by certificate");
        let line = site.machine.syslog().wait_for(Mark::START, "AUTH-PAM: login accepted: ", PATIENCE).text;
        assert!(line.ends_with(" reason='Success; by certificate' user='alice'"), "{line}");
        site.wait_for("open_session", 1);
        // Again with the next key, in the session.
        site.server.wait_for(mark, "user 'alice' authenticated; by certificate");
        let mark = site.server.mark();
        site.machine.run("gpasswd --delete alice vpn");
        site.server.wait_for(
            mark,
            "the user is not a member of the group 'vpn' (see certificate-login); by certificate",
        );
        client.log().wait_for(Mark::START, "AUTH_FAILED", PATIENCE);
        site.wait_for("close_session", 1);
        assert_eq!((site.count("auth"), site.count("open_session")), (0, 1));
    });
}

#[test]
fn others_are_refused() {
    side_by_side([false, true], |deferred| {
        let site = Site::new(OPTIONS, |config| optional(config, deferred));
        for (name, why) in [
            ("bob", "the user is not a member of the group 'vpn' (see certificate-login); by certificate"),
            (
                "mallory",
                "the user is not a member of the group 'vpn' (see certificate-login); by certificate",
            ),
            ("root", "the user is not a member of the group 'vpn' (see certificate-login); by certificate"),
        ] {
            let mark = site.server.mark();
            site.server.client_by_certificate(name).start().wait_refused();
            site.server.wait_for(mark, &format!("user '{name}' failed to authenticate: {why}"));
        }
        site.machine.run("chage --expiredate 1 alice");
        let mark = site.server.mark();
        site.server.client_by_certificate("alice").start().wait_refused();
        site.server
            .wait_for(mark, "user 'alice' failed to authenticate: User account has expired; by certificate");
        site.machine.run("groupdel -f vpn");
        let mark = site.server.mark();
        site.server.client_by_certificate("alice").start().wait_refused();
        site.server.wait_for(mark, "there is no group 'vpn' (see certificate-login)");
        assert_eq!((site.count("auth"), site.count("open_session")), (0, 0));
    });
}

/// A certificate never stands for a password, nor for another name.
#[test]
fn who_sends_a_name_needs_its_password() {
    requires!(Need::Openvpn(2, 6, 0), "a client's configuration cannot contain its login");
    let site = Site::new(OPTIONS, |config| optional(config, true));
    let alice = |user: &str, password: &str| {
        let with_certificate = site.server.client_by_certificate("alice");
        with_certificate.line(&format!("<auth-user-pass>\n{user}\n{password}\n</auth-user-pass>"))
    };
    alice("alice", "wrong").start().wait_refused();
    alice("bob", "wrong").start().wait_refused();
    let mark = site.server.mark();
    alice("alice", PASSWORD).connect();
    site.server.wait_for(mark, "user 'alice' authenticated (");
    assert_eq!(site.server.log().count(Mark::START, "by certificate"), 0);
}

/// The server wants none, and lets clients come as far as to the plugin.
#[test]
fn who_shows_no_certificate_is_refused() {
    side_by_side([false, true], |deferred| {
        let site = Site::new(OPTIONS, |config| optional(config, deferred).line("verify-client-cert none"));
        site.server.client_by_certificate("alice").start().wait_refused();
        site.server.wait_for(Mark::START, "the client sent no certificate with a common name");
    });
}

/// As before.
#[test]
fn without_the_option_nobody_is_let_in() {
    let site = Site::new("", |config| optional(config, false));
    site.server.client_by_certificate("alice").start().wait_refused();
    site.server.wait_for(Mark::START, "user '' failed to authenticate: the username is empty");
}

/// A token of such a client says nothing of whose certificate it was, so the certificate is looked at each time.
#[test]
fn with_tokens_the_certificate_counts_all_the_same() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    side_by_side([false, true], |deferred| {
        let config = |config| {
            let config = optional(config, deferred).line("reneg-sec 8");
            config.line("auth-gen-token 0 120 external-auth")
        };
        let site = Site::new(OPTIONS, config);
        let client = site.server.client_by_certificate("alice").connect();
        for _ in 0..2 {
            let mark = site.server.mark();
            site.server.wait_for(mark, "user 'alice' authenticated; by certificate");
        }
        site.machine.run("chage --expiredate 1 alice");
        client.log().wait_for(Mark::START, "AUTH_FAILED", PATIENCE);
        site.wait_for("close_session", 1);
        site.wait_for("open_session", 1);
    });
}
