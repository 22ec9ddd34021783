//! Every event there is, as a real server and a real client pass it, against what `log-events` saw.

use harness::log::{Log, Mark};
use harness::{PATIENCE, ServerConfig, server};

use crate::examples::{example, log_events_with_certificates};
use crate::user::Answering;

/// Where each event is seen, `ClientCrResponse` aside, in the order of the first of each, and the number of words that come with it
/// (without the plugin's file name).
const TABLE: [(&str, &str, usize); 21] = [
    ("server", "Up", 6),
    ("server", "RouteUp", 0),
    ("server", "TlsVerify", 2),
    ("server", "AuthUserPassVerify", 0),
    ("server", "TlsFinal", 0),
    ("server", "IpChange", 1),
    ("server", "ClientConnect", 1),
    ("server", "ClientConnectDefer", 1),
    ("server", "ClientConnectV2", 0),
    ("server", "ClientConnectDeferV2", 0),
    ("server", "LearnAddress", 3),
    ("server", "ClientDisconnect", 0),
    ("server", "RoutePredown", 6),
    ("server", "Down", 6),
    ("client", "TlsVerify", 2),
    ("client", "TlsFinal", 0),
    ("client", "IpChange", 1),
    ("client", "Up", 6),
    ("client", "RouteUp", 0),
    ("client", "RoutePredown", 6),
    ("client", "Down", 6),
];

/// The events in a log, in the order of the first of each, with the number of its words.
fn seen(log: &Log) -> Vec<(String, usize)> {
    let mut events: Vec<(String, usize)> = Vec::new();
    for line in log.text().lines() {
        let Some((_, rest)) = line.split_once("LOG-EVENTS: event ") else { continue };
        let Some((name, words)) = rest.split_once(", words ") else { continue };
        let count = if words.trim() == "[]" { 0 } else { words.matches("\", \"").count() + 1 };
        if name != "open" && events.iter().all(|(known, _)| known != name) {
            events.push((name.to_owned(), count));
        }
    }
    events
}

#[test]
fn every_event_is_seen() {
    let file = example("log-events");
    let server = ServerConfig::default()
        .plugin_file(&example("challenge"), "crtext joe secret 123456")
        .plugin_file(&file, "defer")
        .line("route 10.99.0.0 255.255.0.0")
        .start();
    let asked = Answering::start(&server, "joe", "secret", "123456");
    asked.sees(server::READY);
    asked.client.disconnect();
    server.wait_for(Mark::START, "event ClientDisconnect");
    let plugin_line = format!("plugin {} client", file.display());
    let plain = ServerConfig::default().start();
    let client = plain.client("joe", "x").with_tunnel().line(&plugin_line).connect();
    client.disconnect();
    client.log().wait_for(Mark::START, "event Down", PATIENCE);
    server.stop();
    server.wait_for(Mark::START, "event Down");
    println!("{:8} {:22} words", "where", "event");
    for (place, log) in [("server", server.log()), ("client", client.log())] {
        let found = seen(log);
        found.iter().for_each(|(event, words)| println!("{place:8} {event:22} {words}"));
        let wanted = TABLE.iter().filter(|(at, ..)| *at == place);
        let wanted: Vec<_> = wanted.map(|(_, event, words)| ((*event).to_owned(), *words)).collect();
        // The answer to a challenge comes when its user has typed it.
        let (answers, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(event, _)| event == "ClientCrResponse");
        assert_eq!(others, wanted, "events at the {place}, in their order");
        assert_eq!(answers.len(), usize::from(place == "server"), "answers at the {place}");
    }
}

#[test]
fn certificates_can_be_read_with_openssl() {
    let server = ServerConfig::default().plugin_file(&log_events_with_certificates(), "").start();
    server.client("joe", "x").connect();
    server.wait_for(Mark::START, "certificate at depth 0, library Some(OpenSsl)");
    server.wait_for(Mark::START, "certificate of [\"client\"]");
}

/// What OpenVPN says of itself at open.
#[test]
fn the_version_is_told() {
    let server = ServerConfig::default().plugin_file(&example("log-events"), "").start();
    server.wait_for(Mark::START, "LOG-EVENTS: opened by Some(\"2.");
    server.wait_for(Mark::START, "structs 5, ssl Some(OpenSsl)");
}
