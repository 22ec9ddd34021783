//! `tests/fuzz` tells whether a target has failed.

use std::process::{Command, Output};

use harness::generated;
use harness::scratch::Scratch;

/// Runs these targets by a cargo that ends so.
fn fuzz(status: u8, targets: &[&str]) -> Output {
    let scratch = Scratch::new();
    let cargo = scratch.write("cargo", &format!("#!/bin/sh\necho it runs\nexit {status}\n"), 0o755);
    let mut command = Command::new(generated::root().join("tests/fuzz"));
    command.arg(scratch.join("kept")).arg("1").args(targets).env("CARGO", cargo).env_remove("RECORD");
    command.output().expect("a shell")
}

#[test]
fn a_target_that_fails_fails_the_run() {
    let two = ["plugins/auth-pam/config", "plugins/auth-pam/reply"];
    for (status, targets, success) in
        [(0, &two[..], true), (77, &two, false), (0, &["plugins/auth-pam/nothing"], false)]
    {
        let output = fuzz(status, targets);
        let (text, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.success(), success, "{status} {targets:?}: {text}{errors}");
        // The other ones run all the same.
        assert_eq!(text.matches("it runs").count(), if targets == two { 2 } else { 0 }, "{text}{errors}");
    }
}
