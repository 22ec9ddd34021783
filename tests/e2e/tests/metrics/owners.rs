//! Whose the file is.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};

use harness::log::Mark;
use harness::scratch::Scratch;

use crate::stage::{Stage, figures, logins_work, wait_for, wait_for_writer};

const ACCEPTED: &str = r#"attempts_total{verdict="accepted",cause="pam"}"#;
/// Numbers of no account.
const OWNER: (u32, u32) = (64_012, 64_013);

/// In another user's directory nothing is done with rights of root's.
#[test]
fn the_writer_is_the_owner_of_the_directory() {
    let stage = Stage::new();
    chown(stage.place.path(), Some(OWNER.0), Some(OWNER.1)).expect("chown");
    // What the owner plants is not followed.
    let elsewhere = Scratch::new();
    let target = elsewhere.write("target", "as it was", 0o600);
    symlink(&target, stage.place.join(".server1.prom.new")).expect("a link");
    symlink(&target, stage.file()).expect("a link");
    let server = stage.config().dropped().start();
    logins_work(&server);
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0)]);
    assert_eq!(fs::read_to_string(target).expect("the target"), "as it was");
    let status = fs::symlink_metadata(stage.file()).expect("the file");
    assert!(status.is_file() && (status.uid(), status.gid()) == OWNER, "{status:?}");
    let status =
        fs::read_to_string(format!("/proc/{}/status", wait_for_writer(&server).pid)).expect("status");
    let uid = status.lines().find(|line| line.starts_with("Uid:")).unwrap_or_default();
    assert!(uid.split_whitespace().skip(1).all(|uid| uid == "64012"), "{status}");
}

/// It has no other directory: what it opens, it opens there.
#[test]
fn the_directory_is_all_there_is_for_the_writer() {
    let stage = Stage::new();
    let server = stage.config().dropped().start();
    wait_for(&stage.file(), &server, &[(ACCEPTED, 0.0)]);
    let writer = wait_for_writer(&server).pid;
    let root = fs::read_link(format!("/proc/{writer}/root")).expect("its root");
    assert_eq!(root, stage.place.path().canonicalize().expect("the directory"));
}

/// The second server says so, and writes when the first one has ended.
#[test]
fn two_servers_do_not_write_one_file() {
    let stage = Stage::new();
    let first = stage.config().dropped().start();
    logins_work(&first);
    wait_for(&stage.file(), &first, &[(ACCEPTED, 1.0)]);
    let second = stage.config().dropped().start();
    // Its lines are written from the first login on.
    logins_work(&second);
    second.wait_for(
        Mark::START,
        "server1.prom is not written: another server writes it; give each server a file",
    );
    assert!(figures(&stage.file()).is_some());
    wait_for(&stage.file(), &first, &[(ACCEPTED, 1.0)]);
    first.stop();
    second.wait_for(Mark::START, "server1.prom is written again");
    wait_for(&stage.file(), &second, &[(ACCEPTED, 1.0), ("pam_results_total{code=\"PAM_AUTH_ERR\"}", 1.0)]);
    assert_eq!(first.log().count(Mark::START, "is not written"), 0, "{}", first.log().text());
}
