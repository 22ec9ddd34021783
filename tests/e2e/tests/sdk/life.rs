//! The order of events and their variables that `ovpn-plugin-host` has, and with it `ovpn-plugin events`, are those of a
//! real server.

use std::collections::BTreeSet;

use harness::log::Mark;
use harness::{PATIENCE, ServerConfig};
use ovpn_plugin_host::{Login, Plugin};

use crate::events_seen::without_numbers;
use crate::examples::example;

/// An event and the names of its variables, without those there were at open.
#[derive(Debug, PartialEq)]
struct Passed {
    event: String,
    variables: BTreeSet<String>,
}

/// What `log-events` says it saw, from these lines.
fn passed<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Passed> {
    let mut events: Vec<Passed> = Vec::new();
    for line in lines {
        if let Some((name, _)) = line.strip_prefix("event ").and_then(|rest| rest.split_once(", words ")) {
            events.push(Passed { event: name.to_owned(), variables: BTreeSet::new() });
        } else if let Some((name, _)) = line.strip_prefix("  ").and_then(|rest| rest.split_once('=')) {
            let event = events.last_mut().expect("variables belong to an event");
            event.variables.insert(without_numbers(name));
        }
    }
    let open = events.remove(0);
    assert_eq!(open.event, "open");
    events.iter_mut().for_each(|event| event.variables.retain(|name| !open.variables.contains(name)));
    events
}

/// What a real OpenVPN passed, and the second number of its version.
struct Real {
    passed: Vec<Passed>,
    minor: u32,
    /// What the plugin knows at a client's end: whether it had been let in.
    let_in: Vec<bool>,
}

fn read(log: &str) -> Real {
    let (_, version) = log.split_once("LOG-EVENTS: opened by Some(\"2.").expect("a version");
    let minor = version.split('.').next().and_then(|number| number.parse().ok()).expect("a number");
    let lines = || log.lines().filter_map(|line| Some(line.split_once("PLUGIN LOG-EVENTS: ")?.1));
    let let_in =
        lines().filter_map(|line| line.strip_prefix("was let in: ")).map(|said| said.trim() == "true");
    Real { passed: passed(lines()), minor, let_in: let_in.collect() }
}

/// A real server with one client, from its start to its end.
fn server(words: &str, refused: bool) -> Real {
    let server = ServerConfig::default()
        .plugin_file(&example("log-events"), words)
        .line("route 10.99.0.0 255.255.0.0")
        .line("verb 7")
        .start();
    let client = server.client("joe", "x").start();
    match (refused, read(&server.log().text()).minor) {
        (false, _) => client.log().wait_for(Mark::START, "Initialization Sequence Completed", PATIENCE),
        // It lets such a client wait until it gives up.
        (true, 4) => server.wait_for(Mark::START, "event ClientConnectV2"),
        (true, _) => client.log().wait_for(Mark::START, "AUTH_FAILED", PATIENCE),
    };
    client.disconnect();
    if !refused {
        server.wait_for(Mark::START, "event ClientDisconnect");
    }
    server.stop();
    server.wait_for(Mark::START, "LOG-EVENTS: closed");
    read(&server.log().text())
}

/// A real client with one connection.
fn client() -> Real {
    let plugin = format!("plugin {} client", example("log-events").display());
    let server = ServerConfig::default().line("push \"route 10.98.0.0 255.255.0.0\"").start();
    let client = server.client("joe", "x").with_tunnel().line(&plugin).line("verb 7").connect();
    client.disconnect();
    client.log().wait_for(Mark::START, "LOG-EVENTS: closed", PATIENCE);
    read(&client.log().text())
}

fn ours(words: &str) -> Vec<Passed> {
    let plugin = Plugin::new(example("log-events")).args(words.split_whitespace());
    let plugin = plugin.env("verb", "7").open().unwrap();
    if words == "client" {
        plugin.client_life().unwrap();
    } else {
        plugin.server_life(&Login::new("joe", "x"), PATIENCE).unwrap();
    }
    let lines: Vec<String> = plugin.close().log_lines.into_iter().map(|line| line.text).collect();
    passed(lines.iter().map(String::as_str))
}

fn compare(words: &str, real: &Real) {
    let ours = ours(words);
    let names = |passed: &[Passed]| passed.iter().map(|one| one.event.clone()).collect::<Vec<_>>();
    assert_eq!(names(&real.passed), names(&ours), "{words}");
    for (passed, ours) in real.passed.iter().zip(&ours) {
        // Older versions have some less, and others some more.
        let missing: Vec<_> = ours.variables.difference(&passed.variables).collect();
        assert!(
            real.minor < 6 || missing.is_empty(),
            "{words}: {} of a real one lacks {missing:?}",
            passed.event
        );
        let more: Vec<_> = passed.variables.difference(&ours.variables).collect();
        assert!(real.minor != 6 || more.is_empty(), "{words}: {} of ours lacks {more:?}", ours.event);
    }
}

#[test]
fn a_client_that_is_let_in() {
    for words in ["", "defer"] {
        let real = server(words, false);
        compare(words, &real);
        assert_eq!(real.let_in, [true], "{words}");
        // It knows no deferred clients.
        if real.minor == 4 {
            break;
        }
    }
}

/// Its end comes all the same, at once.
#[test]
fn a_client_that_is_refused() {
    let real = server("refuse", true);
    if real.minor < 6 {
        let ends = |one: &Passed| one.event == "ClientDisconnect";
        // 2.5 has none; 2.4 asks about the other configuration too, and has one.
        assert_eq!(real.passed.iter().any(ends), real.minor == 4, "{:?}", real.passed);
        assert!(!real.let_in.contains(&true));
        return;
    }
    for (words, real) in [("refuse", real), ("defer refuse", server("defer refuse", true))] {
        compare(words, &real);
        assert_eq!(real.let_in, [false], "{words}");
    }
}

/// A script that is asked after all plugins refuses the client that this one has let in.
#[test]
fn a_client_that_something_else_refuses() {
    let server = ServerConfig::default()
        .plugin_file(&example("log-events"), "")
        .line("script-security 2")
        .line("client-connect /bin/false")
        .start();
    let client = server.client("joe", "x").start();
    if read(&server.log().text()).minor >= 6 {
        client.log().wait_for(Mark::START, "AUTH_FAILED", PATIENCE);
    } else {
        server.wait_for(Mark::START, "event ClientConnectV2");
        client.disconnect();
    }
    server.stop();
    server.wait_for(Mark::START, "LOG-EVENTS: closed");
    assert_eq!(read(&server.log().text()).let_in, [false]);
}

#[test]
fn an_openvpn_client() {
    compare("client", &client());
}
