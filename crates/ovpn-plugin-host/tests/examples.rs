//! The example plugins, compiled, through the life of a server and of a client, as each struct version has it.

use std::process::Command;
use std::time::Duration;

use harness::plugin;
use ovpn_plugin_host::{Call, FuncResult, Login, OpenPlugin, Plugin, Verdict, sys};

const PATIENCE: Duration = Duration::from_secs(20);

/// One of them, to be opened.
fn example(name: &str) -> Plugin {
    Plugin::new(plugin::example(name))
}

/// Every example in each of its ways: name, words, and whether joe with the password secret and the code gets in.
const WAYS: [(&str, &[&str], bool); 14] = [
    ("base64", &[], true),
    ("challenge", &["joe", "secret", CODE], true),
    ("challenge", &["joe", "secret", "another"], false),
    ("client-connect", &["file", "route 10.9.0.0"], true),
    ("client-connect", &["list", "route 10.9.0.0"], true),
    ("client-connect", &["later-file", "route 10.9.0.0"], true),
    ("client-connect", &["later-list", "route 10.9.0.0"], true),
    ("client-connect", &["thread", "route 10.9.0.0"], true),
    ("deferred-auth", &["T", "20", "joe", "secret"], true),
    ("deferred-auth", &["T", "0", "joe", "another"], false),
    ("log-events", &["defer"], true),
    ("per-client-state", &["3"], true),
    ("policy", &["POLICY"], true),
    ("simple", &["joe", "secret"], true),
];

const CODE: &str = "123456";

#[test]
fn each_lives_with_each_struct_version() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(policy.path(), "client 10.8.0.2\n").unwrap();
    let policy = policy.path().to_str().unwrap();
    let login = Login::new("joe", "secret").answers(CODE).renegotiates(2);
    for (name, words, gets_in) in WAYS {
        for version in 1..=5 {
            let words = words.iter().map(|word| if *word == "POLICY" { policy } else { word });
            let plugin = example(name).args(words).struct_version(version).open().unwrap();
            let life = plugin.server_life(&login, PATIENCE).unwrap();
            assert_eq!(
                life.connected,
                gets_in,
                "{name}, version {version}: {life:?} {:?}",
                plugin.log_lines()
            );
            assert_eq!(plugin.log_lines().iter().filter(|line| line.is_error()).count(), 0, "{name}");
            plugin.close();
        }
    }
}

/// Environments no OpenVPN should pass. Values of a megabyte are in the SDK's own tests: the host wipes what it passed,
/// which takes minutes under valgrind.
fn odd_calls(event: i32) -> Vec<Call> {
    let empty = || Call::new(event);
    let long = vec![b'x'; 1 << 13];
    let names = ["username", "password", "common_name", "auth_control_file", "trusted_ip", "untrusted_port"];
    let all = |value: &[u8]| names.iter().fold(empty(), |call, name| call.env(name, value));
    vec![
        empty(),
        empty().env_entry("").env_entry("=").env_entry("=x").env_entry("username").env_entry("password"),
        all(b""),
        all(&long).arg(&long).arg(&long).arg(&long),
        all(b"\xff\xfe=\n\x1b[2J%s%n").arg(b"\xff").arg(b"%s%n").arg(b"\n"),
        empty().env("username", "joe").env("username", "ann").env("password", "secret").env("password", "x"),
        all(b"/nonexistent/file").arg("/nonexistent/file").arg("/nonexistent/file"),
        all(b"-1").arg("-1").arg("99999999999999999999"),
    ]
}

/// Nothing gets in, nothing panics, and the plugin goes on.
#[test]
fn odd_environments_do_no_harm() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(policy.path(), "somebody\n").unwrap();
    let policy = policy.path().to_str().unwrap();
    for (name, words, _) in WAYS.into_iter().filter(|(name, ..)| !["base64", "log-events"].contains(name)) {
        let words = words.iter().map(|word| if *word == "POLICY" { policy } else { word });
        let plugin = example(name).args(words).open().unwrap();
        let client = plugin.client();
        for event in 0..=sys::PLUGIN_N {
            for (at, call) in odd_calls(event).iter().enumerate() {
                let results = [plugin.call(call).unwrap().result, client.call(call).unwrap().result];
                // One of them is joe with his password, twice the same names.
                let decides = [sys::PLUGIN_AUTH_USER_PASS_VERIFY, sys::PLUGIN_TLS_VERIFY].contains(&event);
                let harmless = !decides || at == 5 || name == "per-client-state";
                assert!(
                    harmless || !results.contains(&FuncResult::Success),
                    "{name}, event {event}, call {at}"
                );
            }
        }
        let lines = plugin.log_lines();
        assert!(!lines.iter().any(|line| line.text.contains("panic")), "{name}: {lines:?}");
    }
}

/// In the order in which a real server and a real client pass them.
#[test]
fn a_life_is_in_order() {
    let defer = example("log-events").arg("defer").open().unwrap();
    let life = defer.server_life(&Login::new("joe", "x"), PATIENCE).unwrap();
    assert_eq!(life.events(), [0, 2, 4, 4, 5, 10, 3, 6, 13, 9, 14, 8, 7, 8, 12, 1]);
    let renegotiating = Login::new("joe", "x").renegotiates(2);
    let life = example("log-events").open().unwrap().server_life(&renegotiating, PATIENCE).unwrap();
    assert_eq!(life.events(), [0, 2, 4, 4, 5, 10, 3, 6, 9, 8, 4, 4, 5, 10, 4, 4, 5, 10, 7, 8, 12, 1]);
    let asked = Login::new("joe", "secret").answers(CODE);
    let challenge = example("challenge").args(["joe", "secret", CODE]).open().unwrap();
    assert_eq!(challenge.server_life(&asked, PATIENCE).unwrap().events(), [5, 15]);
    let client = example("log-events").arg("client").open().unwrap();
    let mut seen = Vec::new();
    let life = client.client_life_seen(&mut |step| seen.push(step.event)).unwrap();
    assert_eq!(seen, life.events());
    assert_eq!(life.events(), [4, 4, 10, 3, 0, 2, 12, 1]);
    assert!(life.connected);
}

/// The client's state is there for all its events, and gone before the server's life is over.
#[test]
fn a_clients_state_lives_as_long_as_the_client() {
    let plugin = example("per-client-state").arg("3").open().unwrap();
    let login = Login::new("joe", "x").renegotiates(2);
    assert!(plugin.server_life(&login, PATIENCE).unwrap().connected);
    let lines: Vec<String> = plugin.log_lines().into_iter().map(|line| line.text).collect();
    let ends = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(
        (ends("login 3 of this client"), ends("a client is gone after 3 logins")),
        (1, 1),
        "{lines:?}"
    );
    assert_eq!(ends("a client is gone after 0 logins"), 1, "the server's own: {lines:?}");
}

#[test]
fn who_is_refused_gets_no_further() {
    let plugin = example("simple").args(["joe", "secret"]).open().unwrap();
    let life = plugin.server_life(&Login::new("joe", "wrong"), PATIENCE).unwrap();
    assert_eq!((life.events(), life.connected), (vec![sys::PLUGIN_AUTH_USER_PASS_VERIFY], false));
    let plugin = example("client-connect").args(["later-list", "route 10.9.0.0"]).open().unwrap();
    let life = plugin.server_life(&Login::new("joe", "x"), Duration::ZERO).unwrap();
    assert!(!life.connected, "a deferred client must wait");
}

/// Its end comes if it was refused, and not if it left while it was undecided about.
#[test]
fn the_end_of_a_client_that_did_not_get_in() {
    let login = Login::new("joe", "x");
    let plugin = example("log-events").arg("refuse").open().unwrap();
    let life = plugin.server_life(&login, PATIENCE).unwrap();
    assert_eq!((life.events(), life.connected), (vec![0, 2, 4, 4, 5, 10, 3, 6, 7, 12, 1], false));
    assert!(plugin.log_lines().iter().any(|line| line.text == "was let in: false"));
    let plugin = example("log-events").arg("defer").open().unwrap();
    let life = plugin.server_life(&login, Duration::ZERO).unwrap();
    assert_eq!((life.events(), life.connected), (vec![0, 2, 4, 4, 5, 10, 3, 6, 12, 1], false));
}

/// When close returns, the threads have ended, and what they had not decided is rejected.
#[test]
fn closing_waits_for_threads() {
    let plugin: OpenPlugin = example("deferred-auth").args(["T", "3600000", "joe", "secret"]).open().unwrap();
    let login = plugin.start_login(&Login::new("joe", "secret")).unwrap();
    assert_eq!(login.files.verdict(), None);
    plugin.close();
    assert_eq!(login.files.verdict(), Some(Verdict::Rejected));
}

/// The same under valgrind: no access that is not allowed, no memory lost.
#[test]
fn valgrind_has_nothing_to_say() {
    // Built by whichever test comes first, not under valgrind.
    drop(example("simple"));
    let output = Command::new("valgrind")
        .args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "each_lives_with_each_struct_version", "odd_environments_do_no_harm"])
        .arg("--test-threads=1")
        .output()
        .expect("cannot run valgrind: install the Debian package valgrind");
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    assert!(output.status.success() && words.contains("2 passed"), "{words}");
}

/// The names that `log-events` has seen with each event, numbers in them replaced as EVENTS.md does it.
fn seen_names(plugin: &OpenPlugin) -> Vec<(String, String)> {
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut event = String::new();
    let mut names = Vec::new();
    for line in plugin.log_lines() {
        if let Some((name, _)) = line.text.strip_prefix("event ").and_then(|rest| rest.split_once(", words "))
        {
            event = name.to_owned();
        } else if let Some((name, _)) = line.text.strip_prefix("  ").and_then(|rest| rest.split_once('=')) {
            let parts =
                name.split('_').map(|part| Some(part).filter(|part| !is_number(part)).unwrap_or("{n}"));
            names.push((event.clone(), parts.collect::<Vec<_>>().join("_")));
        }
    }
    names
}

/// As with a real server and a real client, against which another test holds that table.
#[test]
fn every_event_has_the_variables_of_events_md() {
    let table = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ovpn-plugin/EVENTS.md"));
    let table = table.expect("EVENTS.md");
    let login = Login::new("joe", "x").answers(CODE);
    for (place, words) in [("server", "defer"), ("client", "client")] {
        let plugin = example("log-events").arg(words).open().unwrap();
        if place == "server" {
            plugin.server_life(&login, PATIENCE).unwrap();
        } else {
            plugin.client_life().unwrap();
        }
        let seen = seen_names(&plugin);
        let (mut rows, mut set) = (0, Vec::new());
        for line in table.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = line.split('|').skip(1).map(str::trim).collect();
            let names =
                |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
            let event = names(cells[0]).remove(0);
            // `log-events` asks no question.
            if cells[1] != place || event == "ClientCrResponse" {
                continue;
            }
            rows += 1;
            let own_of_server = ["RouteUp", "RoutePredown", "Down"].contains(&event.as_str());
            let missing = |name: &&String| !seen.contains(&(event.clone(), (*name).clone()));
            let new = names(cells[3]);
            assert_eq!(new.iter().find(missing), None, "{event} at the {place}");
            if place == "client" || !own_of_server {
                assert_eq!(set.iter().find(missing), None, "{event} at the {place}, set before");
            }
            let temporary = |name: &String| name == "password" || name.starts_with("client_connect_");
            // What comes with an event of a client is no variable of the server's own.
            set.extend(new.into_iter().filter(|name| !temporary(name)));
        }
        assert_eq!(rows, if place == "server" { 14 } else { 7 });
    }
}
