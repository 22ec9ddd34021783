//! What is for authors is another program's.

use std::path::Path;
use std::process::Command;

use harness::command;
use harness::scratch::Scratch;

use crate::run::COMMAND;

/// Status, standard output and standard error of the command in a directory of its own, with what is found on this PATH.
fn run(directory: &Path, path: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let program = directory.join("ovpn-plugin");
    if !program.exists() {
        // By another process: while one writes to a program, nobody can start it.
        command::run("cp", &[COMMAND, &program.to_string_lossy()]);
    }
    let output = Command::new(program).args(words).env("PATH", path).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn new_and_run_are_passed_on() {
    let (scratch, path) = (Scratch::new(), Scratch::new());
    for word in ["new", "run"] {
        let (status, _, error) = run(scratch.path(), path.path(), &[word, "--user", "joe"]);
        assert_eq!(status, Some(2), "{error}");
        assert!(
            error.contains(&format!("`{word}` is for authors")) && error.contains("cargo install"),
            "{error}"
        );
    }
    path.write("cargo-ovpn-plugin", "#!/bin/sh\necho on the path: \"$@\"\n", 0o755);
    let found = run(scratch.path(), path.path(), &["run", "--user", "joe", "--", "a"]);
    assert_eq!(found, (Some(0), "on the path: run --user joe -- a\n".into(), String::new()));
    scratch.write("cargo-ovpn-plugin", "#!/bin/sh\necho beside: \"$@\"; exit 4\n", 0o755);
    let found = run(scratch.path(), path.path(), &["run", "--help"]);
    assert_eq!(found, (Some(4), "beside: run --help\n".into(), String::new()));
}
