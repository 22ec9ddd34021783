//! `--json`: what is printed fits the documented schema, whatever happens.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::side_by_side;
use serde_json::Value;

use crate::concurrency::Turn;
use crate::run::{Mistakes, Run, run, run_with};

/// Holds each line against docs/ovpn-plugin.schema.json: Debian's python3-jsonschema, which has not read the command's source.
const VALIDATE: &str = "
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for line in sys.stdin:
    for error in validator.iter_errors(json.loads(line)):
        sys.exit('%s in %s' % (error.message, line))
";

fn schema() -> String {
    format!("{}/../../docs/ovpn-plugin.schema.json", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn validate(lines: &str) -> Result<(), String> {
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", VALIDATE, &schema()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    // One that ends early says why.
    let _ = python.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// All lines, the last one apart.
pub(crate) fn lines(run: &Run) -> (Vec<Value>, Value) {
    validate(&run.out).unwrap_or_else(|error| panic!("{error}\n{run}"));
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let mut lines: Vec<Value> = run.out.lines().map(parse).collect();
    let last = lines.pop().expect("there is a result");
    assert_eq!(last["kind"], "result", "{run}");
    assert_eq!(last["status"].as_i64(), run.status.map(i64::from), "{run}");
    assert!(lines.iter().all(|line| line["kind"] != "result"), "{run}");
    (lines, last)
}

#[test]
fn every_outcome_fits_the_schema() {
    let mistakes = Mistakes::new();
    let logins = [
        ("", "accepted"),
        ("refuse", "rejected"),
        ("tell", "accepted"),
        ("shout", "rejected"),
        ("warn", "accepted"),
        ("challenge", "unanswered"),
        ("ask", "accepted"),
        ("crash", "died"),
        ("hang", "timed_out"),
        ("defer-for-ever", "no_verdict"),
        ("no-logins", "no_verdict"),
        ("leave-a-process", "accepted"),
        ("crash-at-open", "died"),
    ];
    side_by_side(logins, |(what, outcome)| {
        let _turn = Turn::take();
        let run = mistakes.login(&["--json", "-t", "1", "--verb", "11"], &[what]);
        let (_, last) = lines(&run);
        assert_eq!((&last["command"], &last["outcome"]), (&"login".into(), &outcome.into()), "{what}: {run}");
        assert!(!run.out.contains("secret99"), "{run}");
        let failed = !matches!(outcome, "accepted" | "no_verdict");
        assert_eq!(
            !last["causes"].as_array().unwrap().is_empty(),
            failed || what == "defer-for-ever",
            "{what}: {run}"
        );
    });
    let file = mistakes.file();
    let file = file.to_str().unwrap();
    let others = [
        (&["check", "--json", file][..], "would_start"),
        (&["check", "--json", "/nonexistent.so"], "would_not_start"),
        (&["login", "--json", "-u", "joe", "-p", "/dev/null", "/nonexistent.so"], "not_opened"),
        (&["events", "--json", file], "got_in"),
        (&["events", "--json", file, "refuse"], "did_not_get_in"),
        (&["events", "--json", "-e", "event=1", file, "fail-at"], "event_failed"),
    ];
    side_by_side(others, |(line, outcome)| {
        let _turn = Turn::take();
        let run = run(line);
        assert_eq!(lines(&run).1["outcome"], outcome, "{line:?}: {run}");
    });
}

#[test]
fn what_is_in_the_lines() {
    let mistakes = Mistakes::new();
    let (all, last) = lines(&mistakes.login(&["--json", "--strict"], &["warn"]));
    let warned = all.iter().find(|line| line["level"] == "warning").expect("the warning");
    assert_eq!((&warned["kind"], &warned["name"]), (&"log".into(), &"MISTAKES".into()));
    assert_eq!(warned["text"], "one thing is wrong; correct it");
    assert_eq!((&last["status"], &last["outcome"]), (&1.into(), &"accepted".into()));
    assert_eq!(last["warnings"][0]["why"], "one thing is wrong");
    assert_eq!(last["warnings"][0]["to_do"], "correct it");
    let (all, _) = lines(&mistakes.login(&["--json"], &["shout"]));
    assert!(all.iter().any(|line| line["text"] == "\\x1b[31mlogged\\r"), "{all:?}");
}

/// Nothing but errors of usage, which are for people.
#[test]
fn a_wrong_command_line_prints_no_json() {
    let run = run_with("", &["login", "--json", "--pasword-file", "-", "/x.so"]);
    assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{run}");
}

/// The test can fail.
#[test]
fn the_schema_refuses_what_it_does_not_know() {
    for line in [
        r#"{"kind":"other","text":"x"}"#,
        r#"{"kind":"note"}"#,
        r#"{"kind":"note","text":"x","level":"note"}"#,
        r#"{"kind":"result","command":"login","status":2,"outcome":"accepted","text":"","causes":[],"warnings":[]}"#,
        "text",
    ] {
        assert!(validate(line).is_err(), "{line}");
    }
    assert!(Path::new(&schema()).is_file());
}
