//! What root takes back: what a user has, and what a source is refused for.

use harness::log::Mark;
use harness::needs::Need;
use harness::question::QuestionKind;
use harness::requires;
use harness::{Gate, PATIENCE, ServerConfig};
use nix::sys::signal::Signal;

use crate::stage::{PASSWORD, Stage};

const MODULE: &[&str] = &["auth/password=word"];

fn renegotiating(config: ServerConfig<'static>, tokens: &str, deferred: bool) -> ServerConfig<'static> {
    config.dropped().deferred_if(deferred).line("keepalive 1 8").line("reneg-sec 8").line(tokens)
}

/// A connection by password: its next renegotiation is refused, though the password is right. A new one is good.
#[test]
fn a_connection_ends_at_its_renegotiation_and_a_new_one_stays() {
    requires!(Need::Openvpn(2, 6, 0), "a client is not told that its renegotiation was refused");
    for deferred in [false, true] {
        let stage = Stage::with("", MODULE, |config| renegotiating(config, "persist-key", deferred));
        let alice = stage.server.client("alice", PASSWORD).connect();
        let bob = stage.server.client("bob", PASSWORD).connect();
        let text = stage.ask(&["revoke", "Alice"]);
        assert!(text.contains("within 8 s") && !text.contains("warning"), "{text}");
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "user 'alice': the user was revoked after this login");
        alice.log().wait_for(Mark::START, "AUTH_FAILED", PATIENCE);
        let again = stage.server.client("alice", PASSWORD).connect();
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "TLS: soft reset");
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "TLS: soft reset");
        for client in [&again, &bob] {
            assert_eq!(client.log().count(Mark::START, "AUTH_FAILED"), 0, "{}", client.log().text());
        }
        assert_eq!(stage.server.log().count(Mark::START, "the user was revoked"), 1);
    }
}

/// `allow-user-mapping`: the name that PAM has checked is one of the user's.
#[test]
fn a_connection_ends_too_when_the_name_is_revoked_that_pam_has_checked() {
    requires!(Need::Openvpn(2, 6, 0), "a client is not told that its renegotiation was refused");
    for session in ["no", "yes"] {
        let options = format!("allow-user-mapping=yes session={session}");
        let module = &["auth/password=word", "auth/rename=mapped"];
        let stage = Stage::with(&options, module, |config| renegotiating(config, "persist-key", true));
        let alice = stage.server.client("alice", PASSWORD).connect();
        stage.ask(&["revoke", "Mapped"]);
        stage.server.wait_for(Mark::START, "user 'alice': the user was revoked after this login");
        alice.log().wait_for(Mark::START, "AUTH_FAILED", PATIENCE);
        let again = stage.server.client("alice", PASSWORD).connect();
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "user 'alice' authenticated");
        assert_eq!(again.log().count(Mark::START, "AUTH_FAILED"), 0, "{}", again.log().text());
    }
}

/// The same after many renegotiations by token, in which PAM authenticates nobody and says no name.
#[test]
fn a_connection_by_tokens_ends_too_when_the_name_is_revoked_that_pam_has_checked() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    let module = &["auth/password=word", "auth/rename=mapped"];
    let stage = Stage::with("allow-user-mapping=yes", module, |config| {
        renegotiating(config, "auth-gen-token 0 120 external-auth", true)
    });
    // Of the server's reneg-sec, OpenVPN gives a deferred login a half.
    let alice = stage.server.client("alice", PASSWORD).line("reneg-sec 2").connect();
    for _ in 0..6 {
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "user 'alice' authenticated; by auth-token");
    }
    stage.ask(&["revoke", "Mapped"]);
    let mark = stage.server.mark();
    stage.server.wait_for(mark, "user 'alice': the user was revoked after this login");
    alice.log().wait_for(Mark::START, "AUTH_FAILED,SESSION: log in again", PATIENCE);
    let mark = stage.server.mark();
    stage.server.wait_for(mark, "user 'alice' authenticated; by auth-token");
}

/// The token was made for a login from before. The client logs in anew, and its new token is good. The supervisor is another
/// one by then.
#[test]
fn a_token_from_before_is_refused_and_a_new_one_is_good() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    for deferred in [false, true] {
        let stage = Stage::with("", MODULE, |config| {
            renegotiating(config, "auth-gen-token 0 120 external-auth", deferred)
        });
        let client = stage.server.client("alice", PASSWORD).connect();
        stage.server.wait_for(Mark::START, "user 'alice' authenticated; by auth-token");
        stage.ask(&["revoke", "alice"]);
        if deferred {
            stage.server.replace_supervisor();
        }
        let mark = stage.server.mark();
        // It comes again on a new connection with its token.
        client.signal(Signal::SIGUSR1);
        stage.server.wait_for(mark, "user 'alice': the user was revoked after this login");
        client.log().wait_for(Mark::START, "AUTH_FAILED,SESSION: log in again", PATIENCE);
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "user 'alice' authenticated; by auth-token");
        assert_eq!(stage.server.log().count(Mark::START, "the user was revoked"), 1);
    }
}

/// OpenVPN does not ask the plugin about such tokens, and the command says so.
#[test]
fn tokens_of_openvpns_own_are_not_reached_and_that_is_said() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    let stage = Stage::with("", MODULE, |config| renegotiating(config, "auth-gen-token 3600 120", true));
    let client = stage.server.client("alice", PASSWORD).connect();
    let text = stage.ask(&["revoke", "alice"]);
    assert!(text.contains("warning  this OpenVPN checks tokens by itself"), "{text}");
    let mark = stage.server.mark();
    stage.server.wait_for(mark, "TLS: soft reset");
    let mark = stage.server.mark();
    stage.server.wait_for(mark, "TLS: soft reset");
    assert_eq!(client.log().count(Mark::START, "AUTH_FAILED"), 0);
}

/// Of a client that waits, and of one that is to come again with the answer.
#[test]
fn a_question_ends_at_once() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let module = &["auth/password=word", "auth/ask=Code:", "auth/expect=123456"];
    for wait in ["0", "5000"] {
        let options = format!("challenge=yes question-wait={wait}");
        let stage = Stage::with(&options, module, |config| config.dropped().deferred());
        let person = stage.server.person("alice", PASSWORD).announcing("crtext").start();
        let way = person.question(0).kind;
        assert_eq!(way == QuestionKind::Pending, wait != "0");
        let text = stage.ask(&["revoke", "alice"]);
        assert!(text.contains("open questions ended: 1"), "{text}");
        stage.server.wait_for(Mark::START, "user 'alice': the question is given up: the user was revoked");
        if way != QuestionKind::Pending {
            person.answer("123456");
        }
        person.refused();
        stage.wait_for(|status| status["questions"]["count"] == 0 && status["workers"]["suspended"] == 0);
    }
}

/// PAM decides on a login from before, and lets it in: that is too late.
#[test]
fn what_runs_is_refused_when_it_is_accepted() {
    for session in [false, true] {
        let gate = Gate::new();
        let module =
            ["auth/password=word", &format!("auth/{}", gate.tell()), &format!("auth/{}", gate.wait())];
        let options = if session { "session=yes" } else { "" };
        let stage = Stage::with(options, &module, |config| config.dropped().deferred());
        let client = stage.server.client("alice", PASSWORD).start();
        gate.arrival();
        stage.ask(&["revoke", "alice"]);
        gate.open();
        client.wait_refused();
        stage.server.wait_for(Mark::START, "failed to authenticate: this user was revoked during the login");
        assert_eq!(stage.attempts("rejected", "revoked"), 1);
        assert_eq!(stage.status()["sessions"]["let_in"], 0);
    }
}

#[test]
fn a_source_is_unblocked() {
    let stage = Stage::with("refusal-time=0", MODULE, |config| config.dropped().deferred());
    let wrong =
        |number: usize| stage.server.client("bob", &format!("wrong{number}")).start().outcome(PATIENCE);
    for number in 0..10 {
        wrong(number);
    }
    let status = stage.wait_for(|status| status["penalised"] == 1);
    let source = status["penalties"][0]["source"].as_str().expect("a source").to_owned();
    assert_eq!(status["penalties"][0]["failures"], 10, "{status:#}");
    let text = stage.ask(&["status"]);
    assert!(text.contains(&format!("penalty  {source}: 10 failures")), "{text}");
    let text = stage.ask(&["unblock", &source]);
    assert!(text.contains("is unblocked; its 10 failures are cleared"), "{text}");
    assert_eq!(stage.status()["penalised"], 0);
    stage.server.client("bob", PASSWORD).connect();
    assert_eq!(stage.attempts("temporary", "penalty"), 0);
    // Nothing is left to forgive; and what is no source is said.
    assert!(stage.ask(&["unblock", &source]).contains("had no failures"));
    for wrong in ["bob", "192.0.2.0/24", "192.0.2.7/x", "2001:db8::/48"] {
        let output = stage.try_ask(&["unblock", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {output:?}");
    }
    stage.server.wait_for(Mark::START, &format!("source {source} was unblocked by root"));
}
