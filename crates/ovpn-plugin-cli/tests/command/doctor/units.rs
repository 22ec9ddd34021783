//! Servers that a unit starts: what it hides and limits, and the command in its world. systemctl and systemd-run are
//! scripts here, that say and do what systemd's would.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::Machine;

use super::stage::{STACK, Stage, findings};
use crate::run::{COMMAND, Run};

const CAPABILITIES: &str = "CapabilityBoundingSet=cap_dac_override cap_setgid cap_setuid cap_net_admin cap_sys_chroot cap_audit_write";
/// Runs what follows its own words, and keeps those.
const SYSTEMD_RUN: &str = "#!/bin/sh\n: > \"$0.words\"\nwhile [ \"$1\" != -- ]; do echo \"$1\" >> \"$0.words\"; shift; done\nshift\nexec \"$@\"\n";

/// What `systemctl show` prints of a good unit, with one property replaced by another.
fn unit(stage: &mut Stage, replaced: &[(&str, &str)]) {
    let place = stage.path("");
    let place = place.display();
    let good = format!(
        "LoadState=loaded\nMainPID=0\nExecStart={{ path={place}openvpn ; argv[]={place}openvpn --suppress-timestamps --config server.conf ; ignore_errors=no }}\n\
         WorkingDirectory={place}\nTasksMax=20\nLimitNPROC=infinity\nProtectHome=yes\nProtectSystem=yes\nPrivateTmp=yes\n{CAPABILITIES}\nReadWritePaths=\nUser=\nNoNewPrivileges=no\n"
    );
    let shown = replaced.iter().fold(good, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    stage.directory("bin", 0o755);
    stage.file("bin/shown", shown, 0o644);
    stage.file("bin/systemctl", "#!/bin/sh\ncat \"${0%/*}/shown\"\n", 0o755);
    stage.file("bin/systemd-run", SYSTEMD_RUN, 0o755);
    stage.unit = Some("openvpn-server@server".to_owned());
}

fn found(stage: &Stage) -> Vec<(String, String, String)> {
    let found = findings(&stage.examine());
    let short = |place: String| place.rsplit('/').next().unwrap_or_default().to_owned();
    found.into_iter().map(|(severity, place, id)| (severity, short(place), id)).collect()
}

#[track_caller]
fn finds(
    name: &str,
    expected: &[(&str, &str, &str)],
    replaced: &[(&str, &str)],
    change: impl FnOnce(&mut Stage),
) {
    let mut stage = Stage::new();
    change(&mut stage);
    unit(&mut stage, replaced);
    let expected: Vec<_> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(found(&stage), expected, "{name}: {}", stage.examine());
}

const UNIT: &str = "openvpn-server@server.service";

#[test]
fn a_good_unit() {
    finds("good", &[], &[], |_| {});
}

#[test]
fn what_is_in_home_directories_is_hidden() {
    let hidden = [("error", UNIT, "protect-home")];
    let code = format!("auth required pam_google_authenticator.so\n{STACK}");
    let change = |stage: &mut Stage| {
        stage.service(&code);
        stage.with_auth_pam("deferred=yes challenge=yes", "vpn");
        stage.line("auth-gen-token 43200");
    };
    finds("secrets", &hidden, &[], change);
    finds("seen", &[], &[("ProtectHome=yes", "ProtectHome=no")], change);
    finds("script", &hidden, &[], |stage| {
        let line = format!("plugin {} /root/doctor-nowhere.sh", stage.path("down-root.so").display());
        stage.replace("down-root.so", &line);
    });
}

#[test]
fn processes_that_do_not_fit() {
    let few = [("warning", UNIT, "tasks-max")];
    finds("workers", &few, &[], |stage| stage.with_auth_pam("deferred=yes max-workers=30", "vpn"));
    finds("programs", &few, &[], |stage| {
        stage.service(&format!("{STACK}account required pam_exec.so /bin/true\n"));
    });
    finds("fewer", &[], &[], |stage| {
        stage.service(&format!("{STACK}account required pam_exec.so /bin/true\n"));
        stage.with_auth_pam("deferred=yes max-workers=5", "vpn");
    });
    finds("openvpn@", &[], &[("TasksMax=20", "TasksMax=10")], |_| {});
}

#[test]
fn another_user_than_root() {
    let user = [("User=\n", "User=nobody\n")];
    finds("user", &[("warning", UNIT, "unit-user")], &user, |_| {});
    let both = [("warning", UNIT, "limit-nproc"), ("warning", UNIT, "unit-user")];
    finds("limit", &both, &[user[0], ("LimitNPROC=infinity", "LimitNPROC=10")], |_| {});
    finds("of root", &[], &[("LimitNPROC=infinity", "LimitNPROC=10")], |_| {});
}

#[test]
fn capabilities_that_are_missing() {
    for (name, is_missed) in [
        ("cap_setuid", true),
        ("cap_setgid", true),
        ("cap_audit_write", true),
        ("cap_dac_override", true),
        ("cap_sys_chroot", false),
    ] {
        let expected = [("warning", UNIT, "capability")];
        let expected = if is_missed { &expected[..] } else { &[] };
        finds(name, expected, &[(name, "cap_kill")], |_| {});
    }
}

#[test]
fn directories_that_cannot_be_written_to() {
    let oath = |stage: &mut Stage| {
        stage.service("auth required pam_oath.so usersfile=/etc/users.oath\naccount required pam_unix.so\n");
        stage.line("auth-gen-token 43200");
    };
    let full = ("ProtectSystem=yes", "ProtectSystem=full");
    finds("full", &[("error", "vpn:1", "read-only")], &[full], oath);
    finds("yes", &[], &[], oath);
    finds("named", &[], &[full, ("ReadWritePaths=", "ReadWritePaths=/etc/users.oath")], oath);
}

#[test]
fn options_on_the_unit_s_command_line_count() {
    let with_user = ("--suppress-timestamps", "--suppress-timestamps --user nobdy");
    finds("user", &[("error", UNIT, "unknown-user")], &[with_user], |stage| stage.without("user nobody"));
}

#[test]
fn a_unit_that_is_not_there() {
    let mut stage = Stage::new();
    unit(&mut stage, &[("LoadState=loaded", "LoadState=not-found")]);
    let run = stage.examine();
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.err.contains("there is no unit openvpn-server@server.service"), "{run}");
}

/// Runs the command with these systemctl and systemd-run.
fn run(stage: &Stage, words: &[&str]) -> Run {
    let output = Command::new(COMMAND).args(words).env("PATH", stage.tools()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// systemd-run starts the command with all that the unit hides and takes away.
#[test]
fn a_unit_that_does_not_run() {
    let mut stage = Stage::new();
    unit(&mut stage, &[]);
    let plugin = stage.path("down-root.so");
    let run =
        run(&stage, &["check", "--unit", "openvpn-server@server", plugin.to_str().unwrap(), "./down.sh"]);
    // Relative to the unit's working directory.
    run.expect(0, &[("log", "down.sh"), ("result", "OpenVPN would start")]);
    let words = fs::read_to_string(stage.path("bin/systemd-run.words")).unwrap();
    for word in ["--property=ProtectHome=yes", "--property=TasksMax=20", "--wait", "--pipe"] {
        assert!(words.lines().any(|line| line == word), "{word}: {words}");
    }
    assert!(words.contains("--property=CapabilityBoundingSet=cap_dac_override "), "{words}");
    assert!(!words.contains("User="), "{words}");
}

/// The process that holds a machine of the test's own.
fn holder(machine: &Machine) -> String {
    let wrapper = machine.wrapper();
    let word = wrapper.iter().find(|word| word.contains("/ns/mnt")).expect("its mounts");
    word.split('/').find(|part| part.parse::<i32>().is_ok()).expect("its number").to_owned()
}

/// What the server sees counts, not what this command would see outside.
#[test]
fn a_server_that_runs() {
    let machine = Machine::new();
    let mut stage = Stage::new();
    let script = "/home/doctor-of-the-tests.sh";
    let main_pid = format!("MainPID={}", holder(&machine));
    let line = format!("plugin {} {script}", stage.path("down-root.so").display());
    stage.replace("down-root.so", &line);
    unit(&mut stage, &[("MainPID=0", &main_pid), ("ProtectHome=yes", "ProtectHome=no")]);
    // The directory lies in both worlds only if it was there before the machine: so it is copied.
    let place = stage.path("");
    machine.run(&format!("mkdir -p {}", place.display()));
    stage.examine();
    for file in ["auth-pam.so", "down-root.so", "server.conf", "openvpn", "pam.d/vpn"] {
        let mode = if file == "openvpn" { 0o755 } else { 0o644 };
        machine.write(&place.join(file).display().to_string(), fs::read(stage.path(file)).unwrap(), mode);
    }
    machine.run(&format!("mkdir -m 1777 -p {0}/tmp; chmod 1777 {0}/tmp", place.display()));
    let found_there = found(&stage);
    assert_eq!(found_there, [("error".to_owned(), "server.conf:7".to_owned(), "script".to_owned())]);
    machine.write(script, "#!/bin/sh\n", 0o755);
    assert_eq!(found(&stage), [], "{}", stage.examine());
    assert!(!Path::new(script).exists());
    let plugin = stage.path("down-root.so");
    let words = ["check", "--unit", "openvpn-server@server", plugin.to_str().unwrap(), script];
    run(&stage, &words).expect(0, &[("result", "OpenVPN would start")]);
    let outside = run(&stage, &["check", plugin.to_str().unwrap(), script]);
    outside.expect(1, &[("note", "which the server's unit may hide"), ("result", "would not start")]);
}
