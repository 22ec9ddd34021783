//! Scripts of `on=` beside OpenVPN's own for the same event: the same words, and the same variables but for those that
//! must not cross the border.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use harness::ServerConfig;
use harness::log::Mark;
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, plugin_line};

/// Words and variables of the last run of a script.
struct Told {
    words: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// A script that writes them down, one file for each event and number of words.
fn tells(scripts: &Scripts, name: &str) -> String {
    let directory = scripts.path("told");
    fs::create_dir_all(&directory).expect("a directory");
    // OpenVPN's own scripts have no root either.
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("chmod");
    let place = directory.join(name);
    let text = format!(
        "{{ for word in \"$@\"; do echo \"word=$word\"; done; echo end; env; }} > {0}.new\n\
         mv {0}.new {0}.$script_type.$#",
        place.display()
    );
    scripts.add(&format!("{name}.sh"), &text).to_string_lossy().into_owned()
}

fn told(scripts: &Scripts, name: &str, event: &str) -> Told {
    let path = scripts.path(&format!("told/{name}.{event}"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (words, variables) = text.split_once("end\n").expect("the end of the words");
    let words = words.lines().filter_map(|line| line.strip_prefix("word=").map(String::from)).collect();
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    Told { words, variables: variables.map(|(name, value)| (name.into(), value.into())).collect() }
}

/// The path of the file for a client's options is another one, and there is none to defer with.
fn differs(name: &str) -> bool {
    ["client_connect_config_file", "client_connect_deferred_file"].contains(&name)
}

/// `event` with its number of words.
fn compare(scripts: &Scripts, event: &str) {
    let (own, ours) = (told(scripts, "own", event), told(scripts, "ours", event));
    assert!(
        own.variables.contains_key("script_type") && own.variables.len() > 1,
        "{event}: {:?}",
        own.variables
    );
    if event.starts_with("client-connect") {
        assert_eq!(ours.words, [ours.variables["client_connect_config_file"].as_str()]);
    } else {
        assert_eq!(ours.words, own.words, "{event}");
    }
    let others: Vec<_> = own
        .variables
        .iter()
        .filter(|(name, value)| !differs(name) && ours.variables.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}={value}, ours {:?}", ours.variables.get(name)))
        .collect();
    assert_eq!(others, [""; 0], "{event}");
    assert!(!ours.variables.contains_key("client_connect_deferred_file"));
}

fn line(event: &str, script: &str) -> String {
    plugin_line(&format!("on={event}:{script} /bin/true"))
}

#[test]
fn of_a_server() {
    const EVENTS: [&str; 5] =
        ["route-up", "route-pre-down", "client-connect", "client-disconnect", "learn-address"];
    let scripts = Scripts::new();
    let (own, ours) = (tells(&scripts, "own"), tells(&scripts, "ours"));
    let config = EVENTS.iter().fold(ServerConfig::default().line("script-security 2"), |config, event| {
        config.line(&line(event, &ours)).line(&format!("{event} {own}"))
    });
    let server = config.line("route 10.99.0.0 255.255.0.0").line("setenv OWN \"a b\"").start();
    let client = server.client("alice", "x").line("push-peer-info").line("setenv UV_ID 7").connect();
    client.disconnect();
    server.wait_for(Mark::START, "PLUGIN_CLIENT_DISCONNECT status=0");
    server.stop();
    for event in [
        "route-up.0",
        "client-connect.1",
        "learn-address.3",
        "client-disconnect.0",
        "learn-address.2",
        "route-pre-down.6",
    ] {
        compare(&scripts, event);
    }
}

#[test]
fn of_a_client() {
    let scripts = Scripts::new();
    let (own, ours) = (tells(&scripts, "own"), tells(&scripts, "ours"));
    let server = ServerConfig::default().start();
    let config = ["ipchange", "route-up", "route-pre-down"]
        .iter()
        .fold(server.client("alice", "x").with_tunnel().line("script-security 2"), |config, event| {
            config.line(&line(event, &ours)).line(&format!("{event} {own}"))
        });
    config.connect().disconnect();
    ["ipchange.1", "route-up.0", "route-pre-down.6"].iter().for_each(|event| compare(&scripts, event));
}

/// What DOWN has of UP's environment is that of UP; of its own it has little, and never counters or times.
#[test]
fn at_down() {
    let scripts = Scripts::new();
    let (own, ours) = (tells(&scripts, "own"), tells(&scripts, "ours"));
    let lines = ["script-security 2".to_string(), format!("down {own}"), plugin_line(&ours)];
    let server = lines.iter().fold(ServerConfig::default(), |config, line| config.line(line)).start();
    let client = server.client("alice", "x").with_tunnel();
    let client = lines.iter().fold(client, |config, line| config.line(line)).connect();
    for of_server in [false, true] {
        if of_server {
            server.stop();
        } else {
            client.disconnect();
        }
        let (own, ours) = (told(&scripts, "own", "down.6"), told(&scripts, "ours", "down.0"));
        // It becomes known when routes are set, after UP.
        let later = |name: &str| name == "redirect_gateway";
        let missing: Vec<_> = own
            .variables
            .iter()
            .filter(|(name, value)| !later(name) && ours.variables.get(*name) != Some(value))
            .collect();
        assert_eq!(missing, [], "{:?}", ours.variables);
        let times = ["bytes_received", "bytes_sent", "time_unix", "time_duration", "time_ascii"];
        let set: Vec<_> = times.iter().filter(|name| own.variables.contains_key(**name)).collect();
        assert_eq!(set, [&""; 0], "docs/migration.md says that OpenVPN sets none of these at DOWN");
    }
}

/// At a later UP, in which nobody but the plugin has root; OpenVPN's own runs as nobody.
#[test]
fn at_up() {
    let scripts = Scripts::new();
    let (own, ours) = (tells(&scripts, "own"), tells(&scripts, "ours"));
    let server = ServerConfig::default()
        .line("script-security 2")
        .line(&plugin_line(&format!("up={ours} /bin/true")))
        .line(&format!("up {own}"))
        .line("up-restart")
        .dropped()
        .start();
    // The first, by root.
    fs::remove_file(scripts.path("told/own.up.6")).expect("the first UP");
    server.restart(Signal::SIGUSR1);
    compare(&scripts, "up.6");
}
