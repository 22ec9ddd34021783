//! What the doctor prints for programs, and with which status it ends.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::good_setup::GoodSetup;
use crate::json::lines;
use crate::run::COMMAND;

/// Each finding with its place, and at the end how many there are.
#[test]
fn json() {
    let mut setup = GoodSetup::new();
    setup.without("group");
    setup.with_auth_pam("deferred=no", "nowhere");
    let (all, last) = lines(&setup.examine_with(&["--json"]));
    let config = setup.path("server.conf");
    let found: Vec<&Value> = all.iter().filter(|line| line["kind"] == "finding").collect();
    let ids: Vec<&Value> = found.iter().map(|line| &line["id"]).collect();
    assert_eq!(ids, ["pam-service-missing", "not-deferred", "roots-group"]);
    assert_eq!((&found[0]["severity"], &found[0]["line"]), (&json!("error"), &json!(5)));
    assert_eq!(found[0]["file"], json!(config));
    assert!(found[0]["to_do"].as_str().is_some_and(|todo| todo.starts_with("Create ")), "{found:?}");
    let counted = json!({
        "kind": "result", "command": "doctor", "status": 2, "outcome": "errors",
        "text": "1 error, 2 warnings", "errors": 1, "warnings": 2, "notes": 0
    });
    assert_eq!(last, counted);
}

#[test]
fn json_of_a_good_set_up_and_of_one_that_cannot_be_read() {
    let (all, last) = lines(&GoodSetup::new().examine_with(&["--json"]));
    assert!(all.iter().all(|line| line["kind"] == "examined"), "{all:?}");
    assert_eq!((&last["outcome"], &last["status"]), (&json!("nothing_found"), &json!(0)));
    let (all, last) = lines(&crate::run::run(&["doctor", "--json", "/nonexistent/\"a\\\n.conf"]));
    assert_eq!((&last["outcome"], &all[0]["severity"]), (&json!("errors"), &json!("error")));
}

/// What a plugin says when it is opened has the explanation of its line.
#[test]
fn lines_of_a_plugin_are_explained() {
    let mut setup = GoodSetup::new();
    setup.with_auth_pam("deferred=yes", "vpn timeout=20 USERNAME");
    let (all, _) = lines(&setup.examine_with(&["--json"]));
    let found = all.iter().find(|line| line["id"] == "plugin-warns").expect("a warning");
    let declared = auth_pam_lines::configuration::LINES.line("taken_as_pair");
    assert_eq!((&found["why"], &found["to_do"]), (&json!(declared.why), &json!(declared.todo)), "{found}");
}

#[test]
fn notes_count_with_strict() {
    let mut setup = GoodSetup::new();
    setup.without("auth-pam.so");
    setup.without("down-root.so");
    assert_eq!(setup.examine().status, Some(0));
    let strict = setup.examine_with(&["--strict", "--json"]);
    let (_, last) = lines(&strict);
    assert_eq!((strict.status, &last["outcome"]), (Some(1), &json!("notes")), "{strict}");
    assert_eq!(GoodSetup::new().examine_with(&["--strict"]).status, Some(0));
}

/// The reader of a pipe may go away early.
#[test]
fn a_closed_pipe_does_not_change_the_status() {
    let mut doctor = Command::new(COMMAND)
        .args(["doctor", "/nonexistent/server.conf"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(doctor.stdout.take());
    let output = doctor.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(2), 0), "{output:?}");
}
