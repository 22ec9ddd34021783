//! Clients that get what is meant for them.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use nix::sys::signal::Signal;

use crate::stage::{Stage, route, routes};

/// In both modes, without rights, in a chroot, with sessions and without: a worker reads what OpenVPN could not.
#[test]
fn by_user_and_groups_everywhere() {
    let [everybody, admin, staff, empty, bob] = [90, 91, 92, 93, 94].map(route);
    let files = [
        ("default", &everybody[..]),
        ("group/staff2", &staff),
        ("group/admin2", &admin),
        ("group/empty2", &empty),
        ("group/no-such-group", &empty),
        ("user/bob", &bob),
    ];
    for (deferred, chroot, session) in
        [(false, false, false), (true, true, true), (true, false, false), (false, true, true)]
    {
        let options = if session { "session=yes" } else { "" };
        let stage = Stage::with(options, &files, |config| {
            let config = config.dropped().deferred_if(deferred);
            if chroot { config.chroot() } else { config }
        });
        assert_eq!(stage.routes("alice"), ["90", "91", "92"]);
        assert_eq!(stage.routes("bob"), ["90", "94"]);
        // The name service does not know this one, and PAM does.
        assert_eq!(stage.routes("carol"), ["90"]);
        // A session is logged when the client has its answer already.
        for user in ["alice", "bob", "carol"].iter().filter(|_| session) {
            stage.server.wait_for(Mark::START, &format!("user '{user}': session opened"));
        }
        let opened = stage.server.log().count(Mark::START, "session opened");
        assert_eq!(opened, if session { 3 } else { 0 });
    }
}

/// The groups are asked for at each connection, and files that have changed since the start count.
#[test]
fn what_has_changed_counts_from_the_next_connection_on() {
    let stage = Stage::new("", &[("group/staff2", &route(91)), ("group/empty2", &route(92))]);
    assert_eq!(stage.routes("alice"), ["91"]);
    stage.machine.run("gpasswd --delete alice staff2; usermod --append --groups empty2 alice");
    assert_eq!(stage.routes("alice"), ["92"]);
    stage.write("group/empty2", &route(93));
    stage.write("user/alice", &route(94));
    assert_eq!(stage.routes("alice"), ["93", "94"]);
}

/// OpenVPN lets these in by itself.
#[test]
fn who_comes_with_a_token_gets_the_same() {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    let stage = Stage::with("", &[("group/staff2", &route(91))], |config| {
        config.dropped().line("auth-gen-token 0 3600")
    });
    let client = stage.server.client("alice", "x").connect();
    let mark = client.log().mark();
    client.restart(Signal::SIGUSR1);
    assert_eq!(routes(&client, mark), ["91"]);
    assert_eq!(stage.server.log().count(Mark::START, "BACKGROUND: user 'alice' failed"), 0);
}

/// Also a renegotiation, which OpenVPN asks nobody to be told of.
#[test]
fn a_renegotiation_changes_nothing() {
    let stage = Stage::with("", &[("default", &route(90))], |config| config.dropped().line("reneg-sec 5"));
    let client = stage.server.client("alice", "x").connect();
    for _ in 0..2 {
        let mark = stage.server.mark();
        stage.server.wait_for(mark, "TLS: Username/Password authentication succeeded for username 'alice'");
    }
    assert_eq!(client.log().count(Mark::START, "'PUSH_REPLY"), 1);
    assert_eq!(routes(&client, Mark::START), ["90"]);
}

#[test]
fn braces_are_filled_in() {
    let lines = "push \"setenv-safe WHO {USERNAME}\"\npush 'setenv-safe CN {COMMONNAME}'\n\
                 push \"setenv-safe AT {TUNNEL_IP}\"\npush \"setenv-safe FROM {TRUSTED_IP}\"\n";
    let stage = Stage::new("", &[("default", lines)]);
    let client = stage.server.client("alice", "x").connect();
    let log = client.log().text();
    for words in ["WHO alice,", "CN client,", "AT 10.8.0.", "FROM 127.0.0.1,"] {
        assert!(log.contains(&format!("setenv-safe {words}")), "{words}: {log}");
    }
}

/// As much as one client may get, in many pieces.
#[test]
fn a_thousand_networks_behind_one_client() {
    let networks = (0..1000).map(|n| format!("iroute 10.{}.{}.0 255.255.255.0\n", 100 + n / 250, n % 250));
    let stage = Stage::new("", &[("user/alice", &networks.collect::<String>())]);
    stage.server.client("alice", "x").connect();
    for network in ["10.100.0.0/24", "10.102.7.0/24", "10.103.249.0/24"] {
        stage.server.wait_for(Mark::START, &format!("internal route {network}"));
    }
}
