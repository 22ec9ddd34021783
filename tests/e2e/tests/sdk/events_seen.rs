//! Every event there is, as a real server and a real client pass it, against what `log-events` saw.

use harness::needs::Need;
use harness::requires;
use std::collections::BTreeSet;

use harness::log::{Log, Mark};
use harness::{PATIENCE, ServerConfig};
use nix::sys::signal::Signal;

use crate::examples::{example, log_events_with_certificates};
use crate::tutorial::root;

/// An event as it was seen: how many words came with it (without the plugin's file name), and the variables that were
/// not there at open, numbers in their names replaced by `{n}`.
#[derive(Debug, PartialEq)]
struct Seen {
    event: String,
    words: usize,
    variables: BTreeSet<String>,
}

/// The rows of EVENTS.md for the server or the client, in their order.
fn documented(place: &str) -> Vec<Seen> {
    let text = std::fs::read_to_string(root().join("crates/ovpn-plugin/EVENTS.md")).unwrap();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|line| line.split('|').skip(1).map(str::trim).collect::<Vec<_>>());
    cells
        .filter(|cells| cells[1] == place)
        .map(|cells| Seen {
            event: names(cells[0]).remove(0),
            words: cells[2].parse().unwrap_or_else(|_| panic!("words of {cells:?}")),
            variables: names(cells[3]).into_iter().collect(),
        })
        .collect()
}

/// `route_network_1` is `route_network_{n}`.
pub(crate) fn without_numbers(name: &str) -> String {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    name.split('_').map(|part| if is_number(part) { "{n}" } else { part }).collect::<Vec<_>>().join("_")
}

/// The events in a log, in the order of the first of each.
fn seen(log: &Log) -> Vec<Seen> {
    let mut events: Vec<Seen> = Vec::new();
    let mut current = None;
    let text = log.text();
    for (_, line) in text.lines().filter_map(|line| line.split_once("PLUGIN LOG-EVENTS: ")) {
        if let Some((name, words)) = line.strip_prefix("event ").and_then(|rest| rest.split_once(", words "))
        {
            let words = if words.trim() == "[]" { 0 } else { words.matches("\", \"").count() + 1 };
            let at = events.iter().position(|known| known.event == name).unwrap_or_else(|| {
                events.push(Seen { event: name.to_owned(), words, variables: BTreeSet::new() });
                events.len() - 1
            });
            current = Some(at);
        } else if let Some((name, _)) = line.strip_prefix("  ").and_then(|rest| rest.split_once('=')) {
            let event = current.and_then(|at| events.get_mut(at)).expect("variables belong to an event");
            event.variables.insert(without_numbers(name));
        }
    }
    let open = events.remove(0);
    assert_eq!(open.event, "open");
    events.iter_mut().for_each(|event| event.variables.retain(|name| !open.variables.contains(name)));
    events
}

/// As rows of EVENTS.md, with the variables that no event before had.
fn print_rows(place: &str, found: &[Seen]) {
    let mut known = BTreeSet::new();
    for seen in found {
        let new: Vec<_> = seen.variables.difference(&known).map(|name| format!("`{name}`")).collect();
        println!("| `{}` | {place} | {} | {} |", seen.event, seen.words, new.join(" "));
        known.extend(seen.variables.iter().cloned());
    }
}

/// Every event there is, from a real server and a real client, is as EVENTS.md says.
#[test]
fn every_event_is_seen() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let file = example("log-events");
    let server = ServerConfig::default()
        .plugin_file(&example("challenge"), "joe secret 123456")
        .plugin_file(&file, "defer")
        .line("route 10.99.0.0 255.255.0.0")
        .line("verb 7")
        .start();
    let asked = server.person("joe", "secret").announcing("crtext").answers(&["123456"]).start();
    asked.connects();
    asked.client().disconnect();
    server.wait_for(Mark::START, "event ClientDisconnect");
    let plugin_line = format!("plugin {} client", file.display());
    let plain = ServerConfig::default().line("push \"route 10.98.0.0 255.255.0.0\"").start();
    let client = plain.client("joe", "x").with_tunnel().line(&plugin_line).line("verb 7").connect();
    client.disconnect();
    client.log().wait_for(Mark::START, "LOG-EVENTS: closed", PATIENCE);
    server.stop();
    server.wait_for(Mark::START, "LOG-EVENTS: closed");
    let both = [("server", seen(server.log())), ("client", seen(client.log()))];
    both.iter().for_each(|(place, found)| print_rows(place, found));
    for (place, mut found) in both {
        let mut wanted = documented(place);
        // The answer to a challenge comes when its user has typed it.
        for list in [&mut found, &mut wanted] {
            let answer = list.iter().position(|seen| seen.event == "ClientCrResponse");
            assert_eq!(answer.is_some(), place == "server", "{list:?}");
            let answer = answer.map(|at| list.remove(at));
            list.extend(answer);
        }
        assert_eq!(found.len(), wanted.len(), "events at the {place}: {found:#?}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!((&found.event, found.words), (&wanted.event, wanted.words), "at the {place}");
            let missing: Vec<_> = wanted.variables.difference(&found.variables).collect();
            assert!(missing.is_empty(), "{} at the {place} lacks {missing:?}", found.event);
        }
    }
}

#[test]
fn certificates_can_be_read_with_openssl() {
    let server = ServerConfig::default().plugin_file(&log_events_with_certificates(), "").start();
    server.client("joe", "x").connect();
    server.wait_for(Mark::START, "certificate at depth 0, library Some(OpenSsl)");
    server.wait_for(Mark::START, "certificate of [\"client\"]");
}

/// The same plugin goes on through SIGUSR1; SIGHUP and the end close it, and all of it is dropped.
#[test]
fn state_survives_sigusr1_and_ends_with_close() {
    let server = ServerConfig::default().plugin_file(&example("log-events"), "").start();
    server.client("joe", "x").connect();
    server.restart(Signal::SIGUSR1);
    server.client("joe", "x").connect();
    assert_eq!(server.log().count(Mark::START, "LOG-EVENTS: closed after"), 0);
    server.restart(Signal::SIGHUP);
    server.wait_for(Mark::START, "LOG-EVENTS: closed after");
    let lines = server.log().text();
    let closed = lines.find("LOG-EVENTS: closed after").expect("SIGHUP closes the plugin");
    let events = lines[..closed].matches("LOG-EVENTS: event ").count() - 1; // open is one
    assert!(events > 20, "{lines}");
    assert!(lines[closed..].starts_with(&format!("LOG-EVENTS: closed after {events} events")), "{lines}");
    assert_eq!(lines.matches("LOG-EVENTS: opened by").count(), 2, "{lines}");
    let mark = server.mark();
    server.stop();
    server.wait_for(mark, "LOG-EVENTS: closed after");
    assert_eq!(server.log().count(Mark::START, "LOG-EVENTS: closed after"), 2);
}

/// Two plugins that defer the same login: that is fatal to OpenVPN, which tells all plugins.
#[test]
fn abort_is_told() {
    requires!(Need::Openvpn(2, 5, 6), "with two plugins that defer, OpenVPN does not end (CVE-2022-0547)");
    let deferred = example("deferred-auth");
    let server = ServerConfig::default()
        .plugin_file(&example("log-events"), "")
        .plugin_file(&deferred, "1 1000 foo bar")
        .plugin_file(&deferred, "2 1000 foo bar")
        .start();
    let _client = server.client("foo", "bar").start();
    server.wait_for(Mark::START, "LOG-EVENTS: OpenVPN dies after ");
    server.wait_for(Mark::START, "[ended: ");
    assert_eq!(server.log().count(Mark::START, "LOG-EVENTS: closed"), 0);
}

/// What OpenVPN says of itself at open.
#[test]
fn the_version_is_told() {
    let server = ServerConfig::default().plugin_file(&example("log-events"), "").start();
    server.wait_for(Mark::START, "LOG-EVENTS: opened by Some(\"2.");
    server.wait_for(Mark::START, "structs 5, ssl Some(OpenSsl)");
}
