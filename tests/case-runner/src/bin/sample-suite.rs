//! Cases of every kind, for the tests of the runner.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use case_runner::{Case, Suite, directory, may_stay, part, prepared};
use harness::proc_table;

const PREPARED: &str = "prepared for all";
/// Set if two cases are to have one name.
const TWICE: &str = "SAMPLE_TWICE";
/// What a test calls a file for, see [`meet`].
const PLACE: &str = "SAMPLE_PLACE";

fn main() -> ExitCode {
    let cases = [
        Case::new("good: prints", || println!("printed by a good case")),
        Case::new("good: has one thread", has_one_thread),
        Case::new("good: finds what was prepared", finds_what_was_prepared),
        Case::new("good: plays a part", plays_a_part),
        Case::new("good: leaves what may stay", || may_stay(leaves_a_process())),
        Case::new("good: ignored", || println!("nobody asked for it")).ignored(),
        Case::new("good: through another program", || assert_eq!(std::env::var("THROUGH").unwrap(), "it"))
            .through(&["env", "THROUGH=it"]),
        Case::new("meets: one", || meet("one", "other")),
        Case::new("meets: other", || meet("other", "one")),
        Case::new("bad: panics", || panic!("told by a bad case")),
        Case::new("bad: crashes", || std::process::abort()),
        Case::new("bad: has no end", has_no_end).limit(Duration::from_millis(300)),
        Case::new("bad: leaves a process", || {
            leaves_a_process();
        }),
        Case::new("waits: for the end of the tests", has_no_end),
    ];
    let again = std::env::var_os(TWICE).map(|_| Case::new("good: prints", || ()));
    let suite = Suite::new(cases.into_iter().chain(again)).part("the part", || println!("it was played"));
    suite.at_once(2).prepare(|scratch| drop(scratch.write("file", PREPARED, 0o644))).run()
}

fn has_one_thread() {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    assert_eq!(threads.count(), 1);
}

fn finds_what_was_prepared() {
    assert_eq!(std::fs::read_to_string(prepared().join("file")).unwrap(), PREPARED);
    assert!(directory().is_dir() && directory() != prepared());
}

fn plays_a_part() {
    let output = part("the part").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"it was played\n");
}

fn leaves_a_process() -> i32 {
    let output =
        Command::new("sh").args(["-c", "sleep 1000 >&2 & echo $!"]).stderr(Stdio::inherit()).output();
    let pid = String::from_utf8(output.unwrap().stdout).unwrap().trim().parse().unwrap();
    println!("left: {pid}");
    pid
}

fn has_no_end() {
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    tell(&format!("{}\n", child.id()));
    child.wait().unwrap();
}

fn tell(text: &str) {
    if let Some(place) = std::env::var_os(PLACE) {
        std::fs::write(Path::new(&place).join("pid"), text).unwrap();
    }
}

/// Only goes well while the other one is played too.
fn meet(own: &str, other: &str) {
    let place = std::env::var_os(PLACE).unwrap();
    let file = |name: &str| Path::new(&place).join(name);
    std::fs::write(file(own), "").unwrap();
    assert!(
        proc_table::wait_until(Duration::from_secs(20), || file(other).exists()),
        "{other} does not come"
    );
}
