//! What is printed, and for whom it can be run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use harness::command::require_root;

use super::faulty_plugin::FaultyPlugin;
use crate::run::{COMMAND, Run, run};

#[test]
fn text_says_why_and_what_to_do() {
    require_root();
    let run = FaultyPlugin::built(&[]).certify(&[], "umask");
    run.expect(
        2,
        &[
            ("PASS", "the file loads, and has what OpenVPN looks up [symbols]"),
            ("FAIL", "UP changes the umask from 0022 to 0077 [umask]"),
            ("why", "OpenVPN creates files with it"),
            ("to do", "Set the mode of a file where it is created."),
            ("result", "1 failed"),
        ],
    );
}

#[test]
fn notes_count_with_strict() {
    require_root();
    let plugin = FaultyPlugin::built(&[]);
    plugin.certify(&[], "forks").expect(0, &[("NOTE", "LEARN_ADDRESS forks [forks]")]);
    plugin.certify(&["--strict"], "forks").expect(1, &[("NOTE", "LEARN_ADDRESS forks [forks]")]);
}

#[test]
fn mistakes_on_the_command_line() {
    let missing = run(&["certify"]);
    assert_eq!((missing.status, missing.out.as_str()), (Some(2), ""), "{missing}");
    assert!(missing.err.contains("the plugin's file is missing"), "{missing}");
    let misplaced = run(&["certify", "/x.so", "--strict"]);
    assert!(misplaced.status == Some(2) && misplaced.err.contains("stands after PLUGIN"), "{misplaced}");
    run(&["certify", "/nonexistent/x.so"]).expect(
        2,
        &[("FAIL", "No such file"), ("NOTE", "not checked, since a trial ended before: linked, ")],
    );
}

/// A trial that takes time says what it waits for; for programs it does not.
#[test]
fn somebody_who_waits_sees_for_what() {
    require_root();
    let plugin = FaultyPlugin::built(&[]);
    let run = plugin.certify(&["-t", "12"], "no-verdict");
    assert!(run.err.contains(" waits for the login: "), "{run}");
    let run = plugin.certify(&["-t", "12", "--json"], "no-verdict");
    assert_eq!(run.err, "", "{run}");
}

#[test]
fn the_password_is_not_shown() {
    require_root();
    let plugin = FaultyPlugin::built(&[]);
    let password = plugin.file().with_file_name("password");
    fs::write(&password, "secret99").unwrap();
    let run = plugin.certify(&["-u", "joe", "-p", password.to_str().unwrap()], "umask");
    assert!(run.status == Some(2) && !run.out.contains("secret99"), "{run}");
}

/// Somebody who is not root sees what does not need root.
#[test]
fn a_user_can_run_it() {
    require_root();
    let plugin = FaultyPlugin::built(&[]);
    fs::set_permissions(plugin.file().parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    let command = plugin.file().with_file_name("ovpn-plugin");
    fs::copy(COMMAND, &command).unwrap();
    let mut as_nobody = Command::new("setpriv");
    as_nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&command).arg("certify");
    let output = as_nobody.arg(plugin.file()).arg("umask").current_dir("/").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("only text is printed");
    let run = Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    run.expect(
        2,
        &[
            ("NOTE", "not checked: only root can try it [confined]"),
            ("FAIL", "UP changes the umask from 0022 to 0077 [umask]"),
            ("PASS", "the plugin can be closed and opened anew [sighup]"),
            ("result", "1 note, 1 failed"),
        ],
    );
}
