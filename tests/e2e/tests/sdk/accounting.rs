//! Accounts of clients in a file that is out of OpenVPN's reach and changes its name.

use std::fs;
use std::path::Path;

use harness::PATIENCE;
use harness::command::run;
use harness::proc_table::wait_until;
use harness::scratch::Scratch;

use crate::examples::server_with;

/// Waits for so many lines of this kind, and gives them by their parts.
fn lines(file: &Path, what: &str, count: usize) -> Vec<Vec<String>> {
    let read = || -> Vec<Vec<String>> {
        let text = fs::read_to_string(file).unwrap_or_default();
        let parts = text.lines().map(|line| line.split('\t').map(String::from).collect::<Vec<_>>());
        parts.filter(|parts| parts.get(1).is_some_and(|part| part == what)).collect()
    };
    assert!(wait_until(PATIENCE, || read().len() >= count), "not {count} {what}: {:?}", read());
    let lines = read();
    assert_eq!(lines.len(), count, "{lines:?}");
    lines
}

/// As nobody and in a chroot, where neither the directory can be reached nor a file be made in it.
#[test]
fn what_clients_use_is_written_down_and_the_file_is_rotated() {
    let scratch = Scratch::of_root();
    let (file, old) = (scratch.join("accounts"), scratch.join("accounts.1"));
    let server = server_with("accounting", &file.display().to_string()).chroot().start();
    let first = server.client("joe", "x").connect();
    let [came] = &lines(&file, "connect", 1)[..] else { panic!() };
    assert_eq!((&came[2][..], &came[6..]), ("client", &["-", "-", "-"].map(String::from)[..]));
    first.disconnect();
    let [gone] = &lines(&file, "disconnect", 1)[..] else { panic!() };
    assert_eq!(gone[2..6], came[2..6]);
    assert!(gone[4].starts_with("127.0.0.1:") && gone[5].starts_with("10.8.0."), "{gone:?}");
    let figures: Vec<u64> = gone[6..].iter().map(|part| part.parse().expect("a number")).collect();
    assert!(figures[0] > 100 && figures[1] > 100, "{figures:?}");

    // Renamed, and no new file yet: nobody may make one here.
    fs::rename(&file, &old).unwrap();
    let second = server.client("joe", "x").connect();
    lines(&old, "connect", 2);
    assert!(!file.exists());
    // Now as logrotate makes it.
    scratch.write("new", "", 0o600);
    run("chown", &["nobody:nogroup", scratch.join("new").to_str().unwrap()]);
    fs::rename(scratch.join("new"), &file).unwrap();
    second.disconnect();
    lines(&file, "disconnect", 1);
    lines(&old, "disconnect", 1);
    // Those that are there at the end are reported too.
    let _third = server.client("joe", "x").connect();
    server.stop();
    lines(&file, "disconnect", 2);
}
