//! The files OpenVPN names for a login: only plain ones are written to, and never through a link.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::stat::Mode;
use ovpn_plugin_host::FuncResult;

use crate::stage::{Stage, deferred, modern, user};

pub(crate) fn a_control_file_that_is_not_plain_is_refused_and_the_supervisor_lives() {
    let stage = Stage::open(&[]);
    stage.works();
    let supervisor = stage.supervisor();
    let directory = tempfile::tempdir().unwrap();
    let [target, link, fifo, dangling] =
        ["target", "link", "fifo", "dangling"].map(|name| directory.path().join(name));
    fs::write(&target, "").unwrap();
    symlink(&target, &link).unwrap();
    symlink(directory.path().join("nowhere"), &dangling).unwrap();
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let cases: [(&Path, &str); 8] = [
        (directory.path(), "cannot be opened"),
        (&directory.path().join("missing"), "cannot be opened"),
        (&link, "cannot be opened"),
        (&dangling, "cannot be opened"),
        // Nobody reads it: an opening that waits would wait for ever.
        (&fifo, "cannot be opened"),
        (Path::new("/dev/null"), "not a regular file"),
        (Path::new("/proc/self/oom_score_adj"), "not known as plain storage"),
        (Path::new(""), "cannot be opened"),
    ];
    for (path, words) in cases {
        let login = deferred(user("good")).env("auth_control_file", path.to_string_lossy().as_bytes());
        let outcome = stage.refuses(&login, words);
        assert_eq!(outcome.result, FuncResult::Error, "{}", path.display());
        assert!(stage.log().contains("the control file (auth_control_file)"), "{}", stage.log());
        stage.works();
    }
    assert_eq!(fs::read(&target).unwrap(), b"", "written through a link");
    assert!(!directory.path().join("nowhere").exists() && !directory.path().join("missing").exists());
    assert_eq!(stage.supervisor(), supervisor);
}

/// A rejection without its reason is still one, and an acceptance needs none.
pub(crate) fn a_reason_file_that_is_not_plain_is_left_alone() {
    let stage = Stage::open(&[]);
    let supervisor = stage.supervisor();
    for path in ["/proc/self/oom_score_adj", "/dev/null", "/nowhere/reason", "/"] {
        for (name, good) in [("good", true), ("nothing", false)] {
            for login in [modern(name), deferred(modern(name))] {
                let outcome = stage.login(&login.env("auth_failed_reason_file", path));
                assert_eq!(outcome.accepted(), good, "{path}: {outcome}\n{}", stage.log());
            }
        }
    }
    assert_eq!(stage.supervisor(), supervisor);
}
