//! Servers that a unit starts: what it hides and limits, and the command in its sandbox. systemctl and systemd-run are
//! scripts here, that say and do what systemd's would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::scratch::unique_name;

use super::good_setup::{GoodSetup, STACK, findings};
use crate::run::{COMMAND, Run};

const CAPABILITIES: &str = "CapabilityBoundingSet=cap_dac_override cap_setgid cap_setuid cap_net_admin cap_sys_chroot cap_audit_write";
/// Runs what follows its own words, and keeps those.
const SYSTEMD_RUN: &str = "#!/bin/sh\n: > \"$0.words\"\nwhile [ \"$1\" != -- ]; do echo \"$1\" >> \"$0.words\"; shift; done\nshift\nexec \"$@\"\n";

/// What `systemctl show` prints of a good unit, with one property replaced by another.
fn unit(setup: &mut GoodSetup, replaced: &[(&str, &str)]) {
    let place = setup.path("");
    let place = place.display();
    let good = format!(
        "LoadState=loaded\nMainPID=0\nExecStart={{ path={place}openvpn ; argv[]={place}openvpn --suppress-timestamps --config server.conf ; ignore_errors=no }}\n\
         WorkingDirectory={place}\nTasksMax=20\nLimitNPROC=infinity\nProtectHome=yes\nProtectSystem=yes\nPrivateTmp=yes\n{CAPABILITIES}\nReadWritePaths=\nUser=\nNoNewPrivileges=no\nSystemCallFilter=\n"
    );
    let shown = replaced.iter().fold(good, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    setup.directory("bin", 0o755);
    setup.file("bin/shown", shown, 0o644);
    setup.file("bin/systemctl", "#!/bin/sh\ncat \"${0%/*}/shown\"\n", 0o755);
    setup.file("bin/systemd-run", SYSTEMD_RUN, 0o755);
    setup.unit = Some("openvpn-server@server".to_owned());
}

fn found(setup: &GoodSetup) -> Vec<(String, String, String)> {
    let found = findings(&setup.examine());
    let short = |place: String| place.rsplit('/').next().unwrap_or_default().to_owned();
    found.into_iter().map(|(severity, place, id)| (severity, short(place), id)).collect()
}

#[track_caller]
fn finds(
    name: &str,
    expected: &[(&str, &str, &str)],
    replaced: &[(&str, &str)],
    change: impl FnOnce(&mut GoodSetup),
) {
    let mut setup = GoodSetup::new();
    change(&mut setup);
    unit(&mut setup, replaced);
    let expected: Vec<_> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(found(&setup), expected, "{name}: {}", setup.examine());
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
    let change = |setup: &mut GoodSetup| {
        setup.service(&code);
        setup.with_auth_pam("deferred=yes challenge=yes", "vpn");
        setup.line("auth-gen-token 43200");
    };
    finds("secrets", &hidden, &[], change);
    finds("seen", &[], &[("ProtectHome=yes", "ProtectHome=no")], change);
    finds("script", &hidden, &[], |setup| {
        let line = format!("plugin {} /root/doctor-nowhere.sh", setup.path("down-root.so").display());
        setup.replace("down-root.so", &line);
    });
}

#[test]
fn what_is_in_tmp_is_hidden() {
    let place = tempfile::Builder::new().prefix("doctor-").tempdir_in("/tmp").unwrap();
    let change = |setup: &mut GoodSetup| {
        let copy = place.path().join("down-root.so");
        fs::copy(setup.path("down-root.so"), &copy).unwrap();
        setup.replace(
            "down-root.so",
            &format!("plugin {} {}", copy.display(), setup.path("down.sh").display()),
        );
    };
    finds("plugin", &[("error", "server.conf:7", "private-tmp")], &[], change);
    finds("seen", &[], &[("PrivateTmp=yes", "PrivateTmp=no")], change);
    finds("script", &[("error", "server.conf:7", "private-tmp")], &[], |setup| {
        let line = format!("plugin {} /var/tmp/doctor-nowhere.sh", setup.path("down-root.so").display());
        setup.replace("down-root.so", &line);
    });
}

#[test]
fn system_calls_that_are_forbidden() {
    let forbidden = [("error", UNIT, "system-calls")];
    let filter = |list: &'static str| [("SystemCallFilter=\n", list)];
    finds("no list", &[], &filter("SystemCallFilter=~mount swapon\n"), |_| {});
    finds("keyctl", &forbidden, &filter("SystemCallFilter=~add_key keyctl:EPERM request_key\n"), |_| {});
    finds("few", &forbidden, &filter("SystemCallFilter=read write execve clone\n"), |_| {});
    finds("without auth-pam", &[], &filter("SystemCallFilter=~add_key keyctl request_key\n"), |setup| {
        setup.without("auth-pam.so");
    });
}

/// A program of the administrator's starts the server: it is not run, whatever it makes of its words.
#[test]
fn a_unit_that_starts_another_program() {
    let mut setup = GoodSetup::new();
    let started = setup.path("started");
    setup.file("wrapper", format!("#!/bin/sh\ntouch {}\n", started.display()), 0o755);
    unit(&mut setup, &[("openvpn --suppress", "wrapper --suppress")]);
    setup.save();
    let run = run(&setup, &["doctor", "--unit", "openvpn-server@server"]);
    assert_eq!(findings(&run), [], "{run}");
    assert!(!started.exists());
}

/// A plugin line may stand on the unit's command line, too.
#[test]
fn a_plugin_on_the_command_line() {
    let line = [("--config server.conf", "--plugin /nowhere.so x --config server.conf")];
    finds("plugin", &[("error", UNIT, "plugin-missing")], &line, |_| {});
}

#[test]
fn processes_that_do_not_fit() {
    let few = [("warning", UNIT, "tasks-max")];
    finds("workers", &few, &[], |setup| setup.with_auth_pam("deferred=yes max-workers=30", "vpn"));
    finds("programs", &few, &[], |setup| {
        setup.service(&format!("{STACK}account required pam_exec.so /bin/true\n"));
    });
    finds("fewer", &[], &[], |setup| {
        setup.service(&format!("{STACK}account required pam_exec.so /bin/true\n"));
        setup.with_auth_pam("deferred=yes max-workers=5", "vpn");
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

/// Of modules in the phases that are run.
#[test]
fn capabilities_that_modules_need() {
    let expected = [("warning", UNIT, "capability")];
    let chauthtok = |setup: &mut GoodSetup| {
        setup.service(&format!("{STACK}password required pam_unix.so\nsession required pam_limits.so\n"));
    };
    finds("not run", &[], &[], chauthtok);
    finds("password", &expected, &[], |setup| {
        chauthtok(setup);
        setup.with_auth_pam("deferred=yes change-expired=yes", "vpn");
        setup.line("auth-gen-token 43200");
    });
    finds("granted", &[], &[("cap_net_admin", "cap_chown")], |setup| {
        chauthtok(setup);
        setup.with_auth_pam("deferred=yes change-expired=yes", "vpn");
        setup.line("auth-gen-token 43200");
    });
    finds("session", &expected, &[], |setup| {
        chauthtok(setup);
        setup.with_auth_pam("deferred=yes session=yes", "vpn");
    });
}

#[test]
fn directories_that_cannot_be_written_to() {
    let oath = |setup: &mut GoodSetup| {
        setup.service("auth required pam_oath.so usersfile=/etc/users.oath\naccount required pam_unix.so\n");
        setup.line("auth-gen-token 43200");
    };
    let full = ("ProtectSystem=yes", "ProtectSystem=full");
    finds("full", &[("error", "vpn:1", "read-only")], &[full], oath);
    finds("yes", &[], &[], oath);
    finds("named", &[], &[full, ("ReadWritePaths=", "ReadWritePaths=/etc/users.oath")], oath);
}

#[test]
fn options_on_the_unit_s_command_line_count() {
    let with_user = ("--suppress-timestamps", "--suppress-timestamps --user nobdy");
    finds("user", &[("error", UNIT, "unknown-user")], &[with_user], |setup| setup.without("user nobody"));
}

#[test]
fn a_unit_that_is_not_there() {
    let mut setup = GoodSetup::new();
    unit(&mut setup, &[("LoadState=loaded", "LoadState=not-found")]);
    let run = setup.examine();
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.err.contains("there is no unit openvpn-server@server.service"), "{run}");
}

/// Runs the command with these systemctl and systemd-run.
fn run(setup: &GoodSetup, words: &[&str]) -> Run {
    let output = Command::new(COMMAND).args(words).env("PATH", setup.tools()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// systemd-run starts the command with all that the unit hides and takes away.
#[test]
fn a_unit_that_does_not_run() {
    let mut setup = GoodSetup::new();
    unit(&mut setup, &[]);
    let plugin = setup.path("down-root.so");
    let run =
        run(&setup, &["check", "--unit", "openvpn-server@server", plugin.to_str().unwrap(), "./down.sh"]);
    // Relative to the unit's working directory.
    run.expect(0, &[("log", "down.sh"), ("result", "OpenVPN would start")]);
    let words = fs::read_to_string(setup.path("bin/systemd-run.words")).unwrap();
    for word in ["--property=ProtectHome=yes", "--property=TasksMax=20", "--wait", "--pipe"] {
        assert!(words.lines().any(|line| line == word), "{word}: {words}");
    }
    assert!(words.contains("--property=CapabilityBoundingSet=cap_dac_override "), "{words}");
    assert!(!words.contains("User="), "{words}");
}

/// A process with a `/home` of its own, as that of a server whose unit hides home directories. It ends with this.
struct Server(Child);

impl Server {
    fn new() -> Self {
        let script = "mount -t tmpfs -o mode=755 tmpfs /home && echo up && exec sleep infinity";
        let mut child = Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare runs");
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut said).expect("a line");
        assert_eq!(said, "up\n");
        Self(child)
    }

    /// The path of a file of the server's.
    fn path(&self, file: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.0.id())).join(file.trim_start_matches('/'))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the server sees counts, not what this command would see outside.
#[test]
fn a_server_that_runs() {
    let (server, mut setup) = (Server::new(), GoodSetup::new());
    let script = format!("/home/{}.sh", unique_name());
    let main_pid = format!("MainPID={}", server.0.id());
    let line = format!("plugin {} {script}", setup.path("down-root.so").display());
    setup.replace("down-root.so", &line);
    unit(&mut setup, &[("MainPID=0", &main_pid), ("ProtectHome=yes", "ProtectHome=no")]);
    assert_eq!(found(&setup), [("error".to_owned(), "server.conf:7".to_owned(), "script".to_owned())]);
    fs::write(server.path(&script), "#!/bin/sh\n").unwrap();
    fs::set_permissions(server.path(&script), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&setup), [], "{}", setup.examine());
    assert!(!Path::new(&script).exists());
    let plugin = setup.path("down-root.so");
    let words = ["check", "--unit", "openvpn-server@server", plugin.to_str().unwrap(), &script];
    run(&setup, &words).expect(0, &[("result", "OpenVPN would start")]);
    let outside = run(&setup, &["check", plugin.to_str().unwrap(), &script]);
    outside.expect(1, &[("note", "which the server's unit may hide"), ("result", "would not start")]);
}
