//! What cannot be installed: one line says why and what to do, and nothing is left behind.

use std::path::Path;
use std::process::Command;

use harness::command;
use harness::scratch::Scratch;

use crate::installation::{BUILT, Installation, project, run, said};

/// Runs `command`, which must fail with one line that contains `words`; make's own about the failed target does not count.
fn fails_with(command: &mut Command, words: &[&str]) {
    let output = run(command);
    let all = said(&output);
    let lines: Vec<&str> = all.lines().filter(|line| !line.starts_with("make: ")).collect();
    assert!(!output.status.success(), "{all}");
    assert_eq!(lines.len(), 1, "{all}");
    for word in words {
        assert!(lines[0].contains(word), "{word:?} is not said: {all}");
    }
}

impl Installation {
    /// Neither a file nor a directory.
    fn is_empty(&self) -> bool {
        std::fs::read_dir(self.scratch.path()).is_ok_and(|mut entries| entries.next().is_none())
    }
}

#[test]
fn a_place_must_be_absolute() {
    let place = Installation::new(&[]);
    for target in ["install", "uninstall"] {
        for name in ["PLUGINDIR", "PAMDIR", "MANDIR", "DOCDIR", "BINDIR", "DESTDIR"] {
            let word = format!("{name}=somewhere");
            fails_with(place.command(target).arg(&word), &[&word, "not an absolute path", "begins with /"]);
        }
        fails_with(place.command(target).arg("PLUGINDIR="), &["PLUGINDIR is empty"]);
        fails_with(place.command(target).arg("PREFIX=usr"), &["PREFIX=usr is not an absolute path"]);
        let lines = place.command(target).env("DOCDIR", "/one\ntwo").args(["-e"]).output().expect("make");
        assert!(said(&lines).contains("DOCDIR: a newline is not possible here"), "{}", said(&lines));
    }
    assert!(place.is_empty());
}

#[test]
fn a_missing_build_is_named() {
    let place = Installation::new(&[]);
    let examples = place.built().join("release/libexample_simple.so");
    std::fs::remove_file(&examples).expect("remove");
    let mut command = place.command("install");
    let name = examples.display().to_string();
    fails_with(command.arg("INSTALL_EXAMPLES=1"), &[&name, "make build INSTALL_EXAMPLES=1"]);
    for file in ["man/ovpn-plugin.1", &format!("release/{BUILT}")] {
        let file = place.built().join(file);
        std::fs::remove_file(&file).expect("remove");
        fails_with(&mut place.command("install"), &[&file.display().to_string(), "run make build first"]);
    }
    assert!(place.is_empty());
}

#[test]
fn a_place_that_cannot_be_is_named() {
    let place = Installation::new(&[]);
    let file = place.built().join("file");
    std::fs::write(&file, "").expect("write");
    // The last of all places is the one that does not work.
    let up = "/..".repeat(place.scratch.path().components().count());
    let mut command = place.command("install");
    command.arg(format!("DOCDIR={up}{}/docs", file.display()));
    fails_with(&mut command, &["file is not a directory", "choose another place"]);
    assert!(place.is_empty(), "{:?}", place.files());
}

/// As somebody who is not root, into a directory that is root's.
#[test]
fn a_place_that_may_not_be_written_to_is_named() {
    let (place, copy) = (Installation::new(&["MANDIR=", "DOCDIR=", "COMPDIR="]), Scratch::new());
    for name in ["Makefile", "packaging", "pam.d"] {
        command::run(
            "cp",
            &["-R", &project().join(name).display().to_string(), &copy.path().display().to_string()],
        );
    }
    copy.directory("built", 0o755);
    for name in [BUILT, "libopenvpn_plugin_down_root.so", "ovpn-plugin"] {
        copy.write(&format!("built/{name}"), "x", 0o644);
    }
    let install = place.command_of(copy.path(), "install");
    let built = format!("BUILTDIR={}", copy.join("built").display());
    let as_nobody = |place: &Installation| {
        let mut command = Command::new("setpriv");
        command::away_from_make(&mut command);
        command
            .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "make"])
            .args(install.get_args());
        command.arg(&built).current_dir(place.scratch.path());
        command
    };
    let plugins = place.scratch.join("usr/lib/openvpn/plugins");
    let name = place.scratch.join("usr").display().to_string();
    fails_with(&mut as_nobody(&place), &[&format!("{name} cannot be made"), "may write"]);
    assert!(place.is_empty());
    std::fs::create_dir_all(&plugins).expect("directories");
    let name = place.plugin().display().to_string();
    fails_with(&mut as_nobody(&place), &[&name, "cannot be written", "Permission denied", "may write"]);
    assert_eq!(place.files(), Vec::<String>::new());
}

/// A full disk: what was written until then is taken away again, with the directories that were made for it.
#[test]
fn a_full_disk_leaves_nothing() {
    let place = Installation::new(&[]);
    let script = r#"mount -t tmpfs -o size=500k tmpfs "$0"; "$@"; echo status $?; find "$0" -mindepth 1"#;
    let mut command = Command::new("unshare");
    command::away_from_make(&mut command);
    command.args(["--mount", "sh", "-c", script]).arg(place.scratch.path());
    let output = run(command.arg("make").args(place.command("install").get_args()));
    let all = said(&output);
    assert!(all.contains("No space left on device") && all.contains("status 2"), "{all}");
    let after = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(after, "status 2\n", "something was left behind");
}

/// Killed in the middle, after the first files are there.
#[test]
fn an_interrupted_installation_leaves_nothing() {
    let (place, tools) = (Installation::new(&[]), Scratch::new());
    let cat = r#"#!/bin/sh
case $1 in *LICENSE-APACHE) ls -A "${PWD%usr/share*}usr/bin" > "$(dirname "$0")/seen"; kill -KILL $PPID ;; esac
exec /bin/cat "$@"
"#;
    tools.write("cat", cat, 0o755);
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap_or_default());
    let output = run(place.command("install").env("PATH", path));
    assert!(!output.status.success(), "{}", said(&output));
    let seen = std::fs::read_to_string(tools.join("seen")).expect("it came that far");
    assert_eq!(seen, ".openvpn-plugins-rs.new\n", "a file had its name before all were there");
    assert!(place.is_empty(), "{:?}", place.files());
}

#[test]
fn a_missing_tool_is_named() {
    let (tools, to) = (Scratch::new(), Scratch::new());
    for tool in ["bash", "sh", "dirname", "mkdir", "rm", "awk", "mv"] {
        let found = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(tool));
        let found = found.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no {tool}"));
        std::os::unix::fs::symlink(found, tools.join(tool)).unwrap_or_else(|error| panic!("{tool}: {error}"));
    }
    for (script, page, words) in [
        ("man/build", Some("ovpn-plugin.1"), ["scdoc is missing", "install the package scdoc"]),
        ("make-deb", None, ["dpkg-buildpackage is missing", "apt-get install dpkg-dev"]),
        ("make-rpm", None, ["rpmbuild is missing", "install the packages rpm"]),
    ] {
        let mut command = Command::new(project().join("packaging").join(script));
        command.arg(to.path()).args(page).env("PATH", tools.path());
        fails_with(&mut command, &words);
    }
    assert!(std::fs::read_dir(to.path()).is_ok_and(|mut entries| entries.next().is_none()));
}

/// No character of a place is the shell's.
#[test]
fn a_place_with_odd_characters_is_a_place() {
    let place = Installation::new(&["PLUGINDIR=/a 'b' \"c\" $(touch d);e", "MANDIR=", "DOCDIR=", "COMPDIR="]);
    place.make("install");
    let files = place.files();
    let odd = files.iter().find(|file| file.starts_with("a 'b'"));
    assert!(odd.is_some_and(|file| file.contains("'b' \"c\"")), "{files:?}");
    place.make("uninstall");
    assert_eq!(place.files(), Vec::<String>::new());
}
