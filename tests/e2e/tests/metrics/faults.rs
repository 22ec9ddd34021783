//! What is not to be written: a full disk, a writer that is killed or stands still, a directory that is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::proc_table::kill9;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::stage::{PASSWORD, Stage, figures, logins_work, wait_for, wait_for_writer};

const ACCEPTED: &str = r#"attempts_total{verdict="accepted",cause="pam"}"#;
const RESTARTS: &str = "supervisor_restarts_total{}";

/// A file system of 64 KiB of its own, which the server sees.
#[test]
fn a_full_disk_keeps_the_figures_of_before_and_stops_no_login() {
    let stage = Stage::new();
    let script = r#"mount -t tmpfs -o size=64k,mode=755 metrics "$0" && exec "$@""#;
    let place = stage.place.path().to_str().expect("a plain path");
    let server = stage
        .config()
        .dropped()
        .through(&["unshare", "--mount", "--propagation=private", "sh", "-c", script, place])
        .start();
    let seen = |path: &Path| PathBuf::from(format!("/proc/{}/root{}", server.pid(), path.display()));
    let file = seen(&stage.file());
    // Lines are written from the first login on.
    server.client("alice", PASSWORD).start().wait_connected();
    wait_for(&file, &server, &[(ACCEPTED, 1.0)]);
    let mark = server.mark();
    let rest = seen(&stage.place.join("rest"));
    // As much as there is room for.
    let _ = fs::write(&rest, vec![0; 64 * 1024]);
    let line = server.wait_for(mark, "is not written: ");
    assert!(line.text.contains("server1.prom is not written: No space left on device; retrying"), "{line:?}");
    logins_work(&server);
    let before = figures(&file).expect("the file of before");
    assert_eq!(
        before[r#"openvpn_auth_pam_attempts_total{server="server1",verdict="accepted",cause="pam"}"#],
        1.0
    );
    let left: Vec<_> = fs::read_dir(seen(stage.place.path())).expect("the directory").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".new")), "{left:?}");
    fs::remove_file(&rest).expect("room");
    server.wait_for(mark, "server1.prom is written again");
    wait_for(&file, &server, &[(ACCEPTED, 2.0)]);
    assert_eq!(server.log().count(mark, "is not written"), 1, "once: {}", server.log().text());
}

#[test]
fn a_writer_that_is_killed_is_replaced() {
    let stage = Stage::new();
    let server = stage.config().dropped().start();
    wait_for(&stage.file(), &server, &[(ACCEPTED, 0.0)]);
    let mark = server.mark();
    kill9(wait_for_writer(&server).pid);
    logins_work(&server);
    server.wait_for(mark, "server1.prom is not written: its writer was killed by SIGKILL; retrying");
    server.wait_for(mark, "server1.prom is written again");
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0), (RESTARTS, 0.0)]);
}

/// As on a disk that hangs. Nothing waits for it, not even the end of the server.
#[test]
fn a_writer_that_stands_still_holds_nobody_up() {
    let stage = Stage::new();
    let server = stage.config().dropped().start();
    wait_for(&stage.file(), &server, &[(ACCEPTED, 0.0)]);
    let mark = server.mark();
    let stopped = wait_for_writer(&server).pid;
    kill(Pid::from_raw(stopped), Signal::SIGSTOP).expect("a signal");
    logins_work(&server);
    // After 30 s.
    let line = server.log().wait_for(
        mark,
        "server1.prom is not written: its disk takes longer",
        Duration::from_secs(60),
    );
    assert!(line.text.contains("30 s"), "{line:?}");
    server.client("alice", PASSWORD).start().wait_connected();
    kill(Pid::from_raw(stopped), Signal::SIGCONT).expect("a signal");
    server.wait_for(mark, "server1.prom is written again");
    wait_for(&stage.file(), &server, &[(ACCEPTED, 2.0)]);
    kill(Pid::from_raw(stopped), Signal::SIGSTOP).expect("a signal");
    server.stop();
    assert!(harness::proc_table::wait_gone(stopped, harness::PATIENCE));
}

#[test]
fn a_directory_that_is_removed_is_said() {
    let stage = Stage::new();
    let place = stage.place.directory("place", 0o755);
    let file = place.join("server1.prom");
    let server = stage.config_in(&file).dropped().start();
    logins_work(&server);
    wait_for(&file, &server, &[(ACCEPTED, 1.0)]);
    let mark = server.mark();
    fs::remove_dir_all(&place).expect("the directory");
    server.wait_for(
        mark,
        "server1.prom is not written: No such file or directory; if its directory was replaced",
    );
    logins_work(&server);
}

/// Metrics are no reason not to let anybody in.
#[test]
fn a_directory_that_will_not_do_is_said_and_the_server_runs() {
    let stage = Stage::new();
    let open = stage.place.directory("open", 0o777);
    for (file, why) in [
        (stage.place.join("missing/server1.prom"), "missing: No such file or directory"),
        (open.join("server1.prom"), "open is writable by everybody"),
    ] {
        let server = stage.config_in(&file).dropped().start();
        let said = server.log().text();
        assert!(said.contains("no metrics are written: ") && said.contains(why), "{said}");
        logins_work(&server);
        assert!(!file.exists() && crate::stage::writer(&server).is_none());
    }
}
