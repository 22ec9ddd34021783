//! Whole directories.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A directory that only root can change, with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let place = tempfile::Builder::new().prefix("client-options-").tempdir_in("/var/lib").unwrap();
    for name in ["group", "user"] {
        fs::create_dir(place.path().join(name)).unwrap();
    }
    for (name, text) in files {
        fs::write(place.path().join(name), text).unwrap();
    }
    place
}

fn of(place: &tempfile::TempDir, user: &str, groups: &[&str]) -> Result<String, String> {
    let member = |name: &OsStr| Ok(groups.iter().any(|group| *group == name));
    let values = Values { username: user.into(), ..Values::default() };
    collect(place.path(), user.as_bytes(), member, &values, Some(6)).map_err(|mistake| mistake.to_string())
}

fn at_start(place: &tempfile::TempDir) -> Result<Findings, String> {
    check(place.path(), Some(6)).map_err(|mistake| mistake.to_string())
}

#[test]
fn files_are_put_together_in_their_order() {
    let place = directory(&[
        ("default", "# everybody\necho default\n"),
        ("group/b", "echo b\r\n"),
        ("group/a", "echo a"),
        ("group/c", "echo c"),
        ("user/alice", "\u{feff}echo {USERNAME}\n\n"),
        ("user/bob", "echo bob"),
    ]);
    assert_eq!(at_start(&place), Ok(Findings::default()));
    assert_eq!(of(&place, "alice", &["b", "a", "z"]).unwrap(), "echo default\necho a\necho b\necho alice\n");
    assert_eq!(of(&place, "carol", &[]).unwrap(), "echo default\n");
}

#[test]
fn where_there_is_nothing_a_client_gets_nothing() {
    let place = tempfile::Builder::new().prefix("client-options-").tempdir_in("/var/lib").unwrap();
    assert_eq!(of(&place, "alice", &["a"]).unwrap(), "");
    assert_eq!(at_start(&place), Ok(Findings::default()));
    let missing = place.path().join("missing");
    assert!(check(&missing, None).is_err());
    assert!(collect(&missing, b"alice", |_| Ok(true), &Values::default(), None).is_err());
}

#[test]
fn names_that_cannot_be_files_have_none() {
    let place =
        directory(&[("default", "echo default"), ("user/.hidden", "echo hidden"), ("secret", "echo x")]);
    let long = "x".repeat(300);
    for user in ["", ".", "..", ".hidden", "../secret", "../default", "/etc/passwd", "a/b", "a\0b", &long] {
        assert_eq!(of(&place, user, &[]).unwrap(), "echo default\n", "{user:?}");
    }
}

#[test]
fn what_nobody_gets_is_said() {
    let place = directory(&[("defaults", "route 1"), ("user/.alice.swp", "route 1")]);
    let warnings = at_start(&place).unwrap().warnings;
    assert!(warnings[0].contains("/defaults is not used"), "{warnings:?}");
    assert!(warnings[1].contains("/user/.alice.swp is never used"), "{warnings:?}");
}

#[test]
fn mistakes_refuse_the_start_and_the_client() {
    for (file, text, what) in [
        ("default", "\nroute 10.0.0.0", "/default:2: 'route' is not an option for a single client"),
        ("group/a", "push \"", "/group/a:1: the closing quote"),
        ("user/alice", "echo {WHO}", "/user/alice:1: unknown '{WHO}'; known are"),
        ("user/alice", &"#".repeat(MAX_BYTES + 1), "/user/alice is longer than 64 KiB"),
        ("user/alice", "override-username x", "/user/alice:1: 'override-username' needs OpenVPN 2.7"),
    ] {
        let place = directory(&[(file, text)]);
        let (start, client) = (at_start(&place).unwrap_err(), of(&place, "alice", &["a"]).unwrap_err());
        assert!(start.contains(what) && start == client, "{start}; {client}");
        // Others are not concerned.
        assert!(file == "default" || of(&place, "bob", &[]).is_ok());
    }
}

#[test]
fn what_others_could_change_is_not_read() {
    type Change = fn(&Path);
    let cases: [(&str, Change); 5] = [
        ("user/alice", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o646)).unwrap()),
        ("user/alice", |path| std::os::unix::fs::chown(path, Some(65534), None).unwrap()),
        ("user", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap()),
        ("", |path| std::os::unix::fs::chown(path, None, Some(65534)).unwrap()),
        ("group", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o1777)).unwrap()),
    ];
    for (file, change) in cases {
        let place = directory(&[("user/alice", "echo alice"), ("group/a", "echo a")]);
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o775)).unwrap();
        // Root's group may, with a warning.
        assert_eq!(at_start(&place).unwrap().by_roots_group.len(), 1);
        assert!(of(&place, "alice", &["a"]).is_ok());
        change(&place.path().join(file));
        let (start, client) = (at_start(&place).unwrap_err(), of(&place, "alice", &["a"]).unwrap_err());
        assert!(start.contains("; run '") && client.contains("; run '"), "{file}: {start}; {client}");
    }
}

/// Those of root's are as good as a copy; what they lead to is judged as well.
#[test]
fn links_are_followed_and_judged() {
    let place = directory(&[("default", "echo default")]);
    let other = directory(&[("default", "echo other")]);
    symlink(other.path().join("default"), place.path().join("user/alice")).unwrap();
    assert_eq!(of(&place, "alice", &[]).unwrap(), "echo default\necho other\n");
    fs::set_permissions(other.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(of(&place, "alice", &[]).unwrap_err().contains("is writable by everybody"));
    // One that leads nowhere is no missing file: somebody has meant something by it.
    symlink("/nowhere", place.path().join("user/bob")).unwrap();
    assert!(of(&place, "bob", &[]).is_err() && at_start(&place).is_err());
}

#[test]
fn only_files_are_read() {
    let place = directory(&[]);
    fs::create_dir(place.path().join("user/alice")).unwrap();
    assert!(at_start(&place).unwrap_err().ends_with("/user/alice is not a file"));
    assert!(of(&place, "alice", &[]).unwrap_err().ends_with("/user/alice is not a file"));
    fs::remove_dir(place.path().join("user/alice")).unwrap();
    nix::unistd::mkfifo(&place.path().join("user/alice"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(of(&place, "alice", &[]).unwrap_err().ends_with("/user/alice is not a file"));
}

#[test]
fn one_client_gets_only_so_much() {
    let line = format!("echo {}\n", "x".repeat(200));
    let half = line.repeat(MAX_BYTES / 2 / line.len() + 1);
    let place = directory(&[("default", &half), ("user/alice", &half)]);
    assert!(at_start(&place).is_ok() && of(&place, "bob", &[]).is_ok());
    assert_eq!(of(&place, "alice", &[]).unwrap_err(), "they are longer than 64 KiB");
}

#[test]
fn who_cannot_be_looked_up_gets_nothing() {
    let place = directory(&[("default", "echo default"), ("group/a", "echo a")]);
    let away = |_: &OsStr| Err(Mistake::NameService { asked: "group 'a'".into(), why: "away" });
    let refused = collect(place.path(), b"alice", away, &Values::default(), None).unwrap_err();
    assert_eq!(refused.to_string(), "the name service does not answer for group 'a': away");
}
