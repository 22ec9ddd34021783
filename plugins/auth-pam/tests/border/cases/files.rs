//! The files OpenVPN names for a login: opened by the front, never through a link, and never created.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::stat::Mode;
use ovpn_plugin_host::FuncResult;

use crate::stage::{Stage, deferred, modern, user};

pub(crate) fn a_control_file_that_cannot_be_opened_is_refused() {
    let stage = Stage::open(&["grace=0"]);
    stage.works();
    let supervisor = stage.supervisor();
    let directory = tempfile::tempdir().unwrap();
    let [target, link, fifo, dangling] =
        ["target", "link", "fifo", "dangling"].map(|name| directory.path().join(name));
    fs::write(&target, "").unwrap();
    symlink(&target, &link).unwrap();
    symlink(directory.path().join("nowhere"), &dangling).unwrap();
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    // Nobody reads the fifo: an opening that waits would wait for ever.
    let missing = directory.path().join("missing");
    for path in [directory.path(), &missing, &link, &dangling, &fifo, Path::new("")] {
        let login = deferred(user("good")).env("auth_control_file", path.to_string_lossy().as_bytes());
        let outcome = stage.refuses(&login, "the control file (auth_control_file): cannot defer: ");
        assert_eq!(outcome.result, FuncResult::Error, "{}", path.display());
        stage.works();
    }
    assert_eq!(fs::read(&target).unwrap(), b"", "written through a link");
    assert!(!directory.path().join("nowhere").exists() && !missing.exists());
    assert_eq!(stage.supervisor(), supervisor);
}

/// A rejection without its reason is still one, and an acceptance needs none.
pub(crate) fn a_reason_file_that_cannot_be_opened_is_left_alone() {
    let stage = Stage::open(&["refusal-time=0"]);
    let supervisor = stage.supervisor();
    for path in ["/nowhere/reason", "/"] {
        for (name, good) in [("good", true), ("nothing", false)] {
            for login in [modern(name), deferred(modern(name))] {
                let outcome = stage.login(&login.env("auth_failed_reason_file", path));
                assert_eq!(outcome.accepted(), good, "{path}: {outcome}\n{}", stage.log());
            }
        }
    }
    assert_eq!(stage.supervisor(), supervisor);
}

/// Another plugin decides through it: it is neither believed nor overwritten.
pub(crate) fn a_control_file_that_is_in_use_is_refused() {
    let stage = Stage::open(&["grace=0"]);
    stage.works();
    let file = tempfile::NamedTempFile::new().unwrap();
    for verdict in ["1", "0"] {
        fs::write(file.path(), verdict).unwrap();
        let login = deferred(user("good")).env("auth_control_file", file.path().to_string_lossy().as_bytes());
        let outcome = stage.refuses(&login, "another plugin or an earlier answer");
        assert_eq!(outcome.result, FuncResult::Error);
        assert_eq!(fs::read_to_string(file.path()).unwrap(), verdict);
    }
}
