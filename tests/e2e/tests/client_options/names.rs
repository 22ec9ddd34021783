//! Under which name PAM is asked, and under which one a client goes.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{PATIENCE, ServerConfig};
use nix::sys::signal::Signal;

use crate::stage::{Stage, route, routes};

#[test]
fn pam_is_asked_about_the_changed_name_and_the_log_has_both() {
    let stage = Stage::with(
        "username=lower,strip-domain syslog=auth",
        &[("group/staff2", &route(91)), ("user/bob", &route(92))],
        ServerConfig::dropped,
    );
    assert_eq!(stage.routes("CORP\\Alice"), ["91"]);
    let both = "user 'alice' authenticated; the client sent 'CORP\\\\Alice'";
    stage.server.wait_for(Mark::START, both);
    let syslog = stage.machine.syslog();
    let accepted = syslog.wait_for(Mark::START, "AUTH-PAM: login accepted: ", PATIENCE).text;
    assert!(accepted.contains("; the client sent ") && accepted.ends_with(" user='alice'"), "{accepted}");
    assert_eq!(stage.routes("BOB"), ["92"]);
    stage.refuses("CORP\\", "failed to authenticate: the username is empty");
}

#[test]
fn without_the_option_a_name_stays_as_it_was_sent() {
    let stage = Stage::new("", &[("group/staff2", &route(91))]);
    assert_eq!(stage.routes("Alice"), [""; 0]);
    assert_eq!(stage.server.log().count(Mark::START, "the client sent"), 0);
}

/// OpenVPN 2.6 would refuse such a client.
#[test]
fn an_openvpn_that_cannot_rename_is_not_asked_to() {
    requires!(Need::Before("openvpn", "2.7"), "OpenVPN can rename a client");
    let stage = Stage::new("username=lower override-username=yes", &[]);
    assert_eq!(stage.routes("Alice"), [""; 0]);
    stage.server.wait_for(Mark::START, "override-username has no effect");
}

/// The client's name is PAM's from then on, and at a renegotiation PAM is asked as before.
#[test]
#[ignore = "needs OpenVPN 2.7 or later: make test-versions"]
fn the_name_is_the_clients() {
    requires!(Need::Openvpn(2, 7, 0), "OpenVPN cannot rename a client");
    for deferred in [false, true] {
        let stage =
            Stage::with("username=lower override-username=yes", &[("group/staff2", &route(91))], |config| {
                config.dropped().deferred_if(deferred).line("reneg-sec 5")
            });
        let client = stage.server.client("ALICE", "x").connect();
        assert_eq!(routes(&client, Mark::START), ["91"]);
        stage.server.wait_for(Mark::START, "override-username changes username from 'ALICE' to 'alice'");
        for _ in 0..2 {
            let mark = stage.server.mark();
            stage.server.wait_for(mark, "authentication succeeded for username 'alice'");
        }
        assert_eq!(stage.server.log().count(Mark::START, "failed to authenticate"), 0);
    }
}

/// The token is that of the new name.
#[test]
#[ignore = "needs OpenVPN 2.7 or later: make test-versions"]
fn who_was_renamed_comes_again_with_a_token() {
    requires!(Need::Openvpn(2, 7, 0), "OpenVPN cannot rename a client");
    let stage =
        Stage::with("username=lower override-username=yes", &[("group/staff2", &route(91))], |config| {
            config.dropped().line("auth-gen-token 0 3600")
        });
    let client = stage.server.client("ALICE", "x").connect();
    let mark = client.log().mark();
    client.restart(Signal::SIGUSR1);
    assert_eq!(routes(&client, mark), ["91"]);
}
