//! A program of cases behaves as cargo's own test programs do, and nothing of a case stays.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use harness::proc_table::{Process, kill9, wait_until};
use harness::scratch::Scratch;

const PATIENCE: Duration = Duration::from_secs(20);

/// The program, with these words.
fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sample-suite"));
    // The environment of these tests may have a number.
    command.args(words).env_remove("RUST_TEST_THREADS").stdin(Stdio::null());
    command
}

fn run(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn is_there(pid: i32) -> bool {
    Process::look(pid).is_some_and(|process| !process.is_zombie())
}

/// The number behind these words.
fn number_after(text: &str, words: &str) -> i32 {
    let rest = text.split_once(words).unwrap_or_else(|| panic!("no '{words}': {text}")).1;
    rest.lines().next().unwrap().parse().unwrap()
}

#[test]
fn cases_are_chosen_as_with_libtest() {
    for (words, passed, out) in [
        (&["good:"][..], 6, 7),
        (&["good: has one thread", "--exact"], 1, 13),
        (&["good", "--exact"], 0, 14),
        (&["good:", "--skip", "prints", "--skip", "thread"], 4, 9),
        (&["good:", "--ignored"], 1, 13),
        (&["good:", "--include-ignored", "--test-threads=1"], 7, 7),
    ] {
        let output = run(words);
        let said = text(&output);
        assert!(output.status.success(), "{words:?}: {said}");
        assert!(said.contains(&format!("ok. {passed} passed; 0 failed;")), "{words:?}: {said}");
        assert!(said.contains(&format!("{out} filtered out")), "{words:?}: {said}");
    }
}

/// In the form that nextest reads; nothing is prepared, run or left for it.
#[test]
fn a_list_runs_nothing() {
    let scratch = Scratch::new();
    let list = |words: &[&str]| {
        let output = command(words).env("TMPDIR", scratch.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect::<Vec<_>>()
    };
    let all = list(&["--list", "--format", "terse"]);
    assert_eq!(all.len(), 14, "{all:?}");
    assert!(all.contains(&"bad: has no end: test".to_string()), "{all:?}");
    assert_eq!(list(&["--list", "--format", "terse", "--ignored"]), ["good: ignored: test"]);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn output_is_shown_when_a_case_fails_or_when_asked_for() {
    let printed = "printed by a good case";
    let output = text(&run(&["good: prints"]));
    assert!(!output.contains(printed), "{output}");
    let output = text(&run(&["good: prints", "--nocapture"]));
    assert!(output.contains(printed), "{output}");
    let output = run(&["bad: panics"]);
    assert!(!output.status.success());
    assert!(text(&output).contains("told by a bad case"), "{}", text(&output));
}

#[test]
fn a_case_that_crashes_fails_and_the_others_are_played() {
    let output = run(&["--skip", "meets", "--skip", "waits", "--skip", "no end", "--skip", "leaves"]);
    let said = text(&output);
    assert!(!output.status.success() && said.contains("signal: 6"), "{said}");
    assert!(said.contains("5 passed; 2 failed; 1 ignored"), "{said}");
}

/// Nobody could say which one failed.
#[test]
fn a_name_is_that_of_one_case() {
    for words in [&["--list"][..], &["good:"]] {
        let output = command(words).env("SAMPLE_TWICE", "1").output().unwrap();
        assert!(!output.status.success());
        assert!(text(&output).contains("two cases are called 'good: prints'"), "{}", text(&output));
    }
}

#[test]
fn a_case_has_its_time_and_no_more() {
    let scratch = Scratch::new();
    let output = command(&["bad: has no end"]).env("SAMPLE_PLACE", scratch.path()).output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("not over after "), "{}", text(&output));
    assert!(!is_there(pid_in(scratch.path())), "its process is still there");
}

#[test]
fn what_a_case_leaves_is_killed_and_fails_it_unless_it_may_stay() {
    let output = run(&["bad: leaves", "--test-threads=1"]);
    assert!(!output.status.success());
    let said = text(&output);
    assert!(said.contains("left behind: ") && said.contains("sleep 1000"), "{said}");
    assert!(!is_there(number_after(&said, "left: ")), "{said}");

    let output = run(&["good: leaves", "--nocapture"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!is_there(number_after(&text(&output), "left: ")), "{}", text(&output));
}

#[test]
fn cases_are_played_side_by_side() {
    let scratch = Scratch::new();
    let output = command(&["meets:"]).env("SAMPLE_PLACE", scratch.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

/// Nobody is left who could clean up but the watchdog.
#[test]
fn a_case_ends_with_its_runner() {
    let scratch = Scratch::new();
    let mut runner = command(&["waits:"]);
    runner.env("SAMPLE_PLACE", scratch.path()).stdout(Stdio::null());
    let mut runner = runner.spawn().unwrap();
    assert!(wait_until(PATIENCE, || scratch.join("pid").exists()));
    let pid = pid_in(scratch.path());
    assert!(is_there(pid));
    kill9(i32::try_from(runner.id()).unwrap());
    runner.wait().unwrap();
    assert!(wait_until(PATIENCE, || !is_there(pid)), "process {pid} outlives its runner");
}

fn pid_in(place: &Path) -> i32 {
    let file = place.join("pid");
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    assert!(wait_until(PATIENCE, || read().ends_with('\n')), "no process");
    read().trim().parse().unwrap()
}

#[test]
fn a_case_that_is_not_there_is_not_played() {
    for word in ["--play-case", "--guard-case"] {
        assert!(!run(&[word, "good: nothing of the kind"]).status.success());
    }
}
