//! Plugins that do something to the processes around them: the command notices it, and neither goes down with them nor hurts
//! the machine.

use std::process::{Command, Stdio};
use std::time::Duration;

use harness::PATIENCE;
use harness::command::require_root;
use harness::proc_table::{kill9, wait_gone, wait_until};

use super::faulty_plugin::{FaultyPlugin, checks};
use crate::run::COMMAND;

fn hostile() -> FaultyPlugin {
    require_root();
    FaultyPlugin::of("hostile.c", &[])
}

/// What is found of the plugin by this check.
fn fails(what: &str, id: &str, words: &str) {
    let run = hostile().certify(&["--json", "-t", "6"], what);
    let (checks, last) = checks(&run);
    let (grade, text) = checks.get(id).unwrap_or_else(|| panic!("{what}: no check {id}: {run}"));
    assert!(grade == "fail" && text.contains(words), "{what}: {id}: {grade}: {text}\n{run}");
    assert_eq!(last["status"], 2, "{run}");
}

/// Each time it would be twice as many processes.
#[test]
fn a_process_that_comes_back_twice_is_ended() {
    fails("comes-back-twice", "forks", "comes back, too, from ");
}

#[test]
fn a_signal_to_the_process_group_stays_with_the_plugin() {
    fails("kills-its-group", "survives", "killed by SIGTERM");
}

#[test]
fn what_is_written_for_ever_is_not_kept() {
    fails("writes-for-ever", "survives", "a descriptor that is not its own");
}

#[test]
fn nothing_runs_on_when_the_command_is_killed() {
    let (plugin, place) = (hostile(), tempfile::tempdir().unwrap());
    let hangs = place.path().join("hangs");
    let mut command = Command::new(COMMAND)
        .arg("certify")
        .arg(plugin.file())
        .arg("hangs")
        .arg(&hangs)
        .env("TMPDIR", place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(wait_until(PATIENCE, || hangs.exists()), "the plugin is not called");
    let own = i32::try_from(command.id()).unwrap();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap();
    let children: Vec<i32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(children.len(), 1, "{children:?}");
    kill9(own);
    command.wait().unwrap();
    for child in children {
        let gone = wait_gone(child, Duration::from_secs(10));
        kill9(child);
        assert!(gone, "process {child} runs on");
    }
}
