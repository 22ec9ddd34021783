//! Several plugins that judge the same login, at once and later: the eight cases OpenVPN's own document lists
//! (doc/tests/authentication-plugins.md).

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{Outcome, Server, ServerConfig};

use crate::examples::{example, test_plugin};

fn server(plugins: &[&str]) -> Server {
    let file = example("deferred-auth");
    let config =
        plugins.iter().fold(ServerConfig::default(), |config, words| config.plugin_file(&file, words));
    config.dropped().start()
}

fn connects(server: &Server, user: &str, password: &str) -> bool {
    match server.client(user, password).outcome() {
        Outcome::Connected(_) => true,
        Outcome::Refused { .. } => false,
        Outcome::Neither => panic!("the client got no answer"),
    }
}

/// `foo` with `bar` gets in, and nobody else.
fn only_foo_gets_in(plugins: &[&str]) {
    let server = server(plugins);
    assert!(connects(&server, "foo", "bar"), "foo with bar");
    assert!(!connects(&server, "foo", "wrong"), "foo with another password");
    assert!(!connects(&server, "test", "pass"), "another user");
    assert!(server.is_alive());
}

/// No login pleases all the plugins.
fn nobody_gets_in(plugins: &[&str], users: &[(&str, &str)]) {
    let server = server(plugins);
    for (user, password) in users {
        assert!(!connects(&server, user, password), "{user} with {password}");
    }
    assert!(server.is_alive());
}

#[test]
fn sanity_1_at_once() {
    only_foo_gets_in(&["S1.1 0 foo bar"]);
}

#[test]
fn sanity_2_two_at_once() {
    only_foo_gets_in(&["S2.1 0 foo bar", "S2.2 0 foo bar"]);
}

#[test]
fn sanity_3_deferred() {
    only_foo_gets_in(&["S3.1 1000 foo bar"]);
}

#[test]
fn case_a_deferred_then_at_once() {
    only_foo_gets_in(&["A.1 1000 foo bar", "A.2 0 foo bar"]);
}

#[test]
fn case_b_at_once_then_deferred_that_disagrees() {
    nobody_gets_in(&["B.1 0 foo bar", "B.2 1000 test pass"], &[("foo", "bar"), ("test", "pass")]);
}

#[test]
fn case_c_two_at_once_that_disagree() {
    nobody_gets_in(&["C.1 0 foo bar", "C.2 0 foo2 bar2"], &[("foo", "bar"), ("foo2", "bar2")]);
}

#[test]
fn case_d_deferred_then_at_once_that_disagrees() {
    nobody_gets_in(&["D.1 2000 test pass", "D.2 0 foo bar"], &[("foo", "bar"), ("test", "pass")]);
}

/// OpenVPN allows one to defer, and ends when a second does.
#[test]
fn case_e_two_deferred() {
    requires!(Need::Openvpn(2, 5, 6), "with two plugins that defer, OpenVPN does not end (CVE-2022-0547)");
    let server = server(&["E1 1000 test1 pass1", "E2 2000 test2 pass2"]);
    let _client = server.client("test1", "pass1").start();
    server.wait_for(Mark::START, "deferred auth");
    server.wait_for(Mark::START, "[ended: ");
    assert!(!server.is_alive());
}

/// OpenVPN makes one control file for all plugins. What a plugin writes that answers directly must not let a client in
/// that another plugin would reject later.
#[test]
fn a_direct_reply_does_not_decide_for_the_other_plugin() {
    let (probe, deferred) = (test_plugin("probe"), example("deferred-auth"));
    for deferred_first in [false, true] {
        let config = ServerConfig::default();
        let config = if deferred_first {
            config.plugin_file(&deferred, "F 4000 taken right").plugin_file(&probe, "only-logins")
        } else {
            config.plugin_file(&probe, "only-logins").plugin_file(&deferred, "F 4000 taken right")
        };
        let server = config.start();
        assert!(!connects(&server, "taken", "wrong"), "the other plugin decides, and rejects");
        let line = "rejected: the handler deferred the login and then answered directly";
        let line = server.wait_for(Mark::START, line).text;
        // OpenVPN does not put the client before what a plugin logs; the SDK does, and once.
        let (before, text) = line.split_once("PLUGIN PROBE: ").unwrap_or_else(|| panic!("{line}"));
        let (client, _) = text.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let port = client.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        assert!(!before.contains(client) && client.contains('/') && port.is_some(), "{line}");
    }
}

/// A verdict that is there before the plugin has given one: nobody knows whose it is.
#[test]
fn a_control_file_that_was_used_is_refused() {
    let server = ServerConfig::default()
        .plugin_file(&test_plugin("probe"), "only-logins")
        .plugin_file(&example("deferred-auth"), "U 4000 written right")
        .start();
    assert!(!connects(&server, "written", "wrong"));
    server.wait_for(Mark::START, "another plugin or an earlier answer has used the file");
    assert!(!connects(&server, "written", "right"));
}
