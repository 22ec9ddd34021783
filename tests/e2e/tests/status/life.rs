//! The socket is there as long as its server is, wherever that has gone.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};

use harness::log::Mark;
use harness::proc_table::{wait_gone, wait_until};
use harness::{PATIENCE, PamService, ServerConfig};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::stage::{PASSWORD, Stage};

const MODULE: &[&str] = &["auth/password=word"];

fn is_gone(stage: &Stage) -> bool {
    wait_until(PATIENCE, || !stage.socket().exists())
}

#[test]
fn it_is_root_alone_who_can_reach_it_and_it_goes_with_its_server() {
    for chroot in [false, true] {
        let stage = Stage::with("", MODULE, |config| {
            let config = config.dropped().deferred();
            if chroot { config.chroot() } else { config }
        });
        let status = fs::symlink_metadata(stage.socket()).expect("the socket");
        assert!(status.file_type().is_socket());
        assert_eq!((status.uid(), status.gid(), status.mode() & 0o7777), (0, 0, 0o600));
        stage.server.client("alice", PASSWORD).connect();
        assert_eq!(stage.attempts("accepted", "pam"), 1);
        stage.server.stop();
        assert!(is_gone(&stage));
        assert_eq!(fs::read_dir(stage.scratch.path()).expect("the directory").count(), 0);
        let output = stage.try_ask(&["status"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn a_server_that_is_killed_takes_it_along_and_one_whose_keeper_is_killed_leaves_a_dead_one() {
    let stage = Stage::new("", MODULE);
    stage.server.kill9();
    assert!(is_gone(&stage));
    let stage = Stage::new("", MODULE);
    let keeper = nix::unistd::Pid::from_raw(stage.server.keeper().pid);
    nix::sys::signal::kill(keeper, Signal::SIGKILL).expect("the keeper");
    let said = || String::from_utf8_lossy(&stage.try_ask(&["status"]).stderr).into_owned();
    assert!(wait_until(PATIENCE, || said().contains("no server listens there")), "{}", said());
    stage.server.kill9();
    // The next one replaces it.
    let service = PamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let options = format!("status={}", stage.socket().display());
    let _server = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    stage.status();
}

#[test]
fn it_survives_a_supervisor_and_the_signals_of_openvpn() {
    let stage = Stage::with("", MODULE, |config| config);
    stage.server.client("alice", PASSWORD).connect();
    stage.server.replace_supervisor();
    let status = stage.wait_for(|status| status["restarts"] == 1);
    // Its figures went with the supervisor.
    assert_eq!(status["pam_codes"], serde_json::json!({}), "{status:#}");
    for signal in [Signal::SIGUSR1, Signal::SIGHUP] {
        stage.server.restart(signal);
        stage.server.client("alice", PASSWORD).connect();
        stage.wait_for(|status| status["pam_codes"]["PAM_SUCCESS"].as_u64() >= Some(1));
    }
}

#[test]
fn a_second_server_says_that_the_place_is_taken_and_lets_people_in() {
    let stage = Stage::new("", MODULE);
    let service = PamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let options = format!("status={}", stage.socket().display());
    let second = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    second.wait_for(Mark::START, "status: no socket");
    second.wait_for(Mark::START, "another server listens there");
    second.client("bob", "any").connect();
    second.stop();
    assert_eq!(stage.attempts("accepted", "pam"), 0);
}

/// As when systemd starts OpenVPN again after a crash: what the first one has left takes its time to end. Here it waits for a
/// process that does not.
#[test]
fn the_next_server_finds_the_place_free_although_the_last_one_still_ends() {
    let stage = Stage::with("", MODULE, ServerConfig::dropped);
    let figures = stage.scratch.join("server1.prom");
    let service = PamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let options = format!("status={} metrics={}", stage.scratch.join("next").display(), figures.display());
    let first = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    let mut writer = None;
    let there = wait_until(PATIENCE, || {
        writer = first.netns().processes().into_iter().find(|process| process.name == "auth-pam-metric");
        writer.is_some() && figures.exists()
    });
    let writer = Pid::from_raw(writer.filter(|_| there).expect("a writer").pid);
    let keeper = first.keeper().pid;
    nix::sys::signal::kill(writer, Signal::SIGSTOP).expect("the writer");
    first.kill9();
    let next = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    assert!(wait_gone(keeper, PATIENCE));
    assert_eq!(next.log().count(Mark::START, "status: no socket"), 0, "{}", next.log().text());
    std::os::unix::net::UnixStream::connect(stage.scratch.join("next")).expect("it listens");
}

#[test]
fn where_others_may_write_there_is_no_server() {
    let stage = Stage::new("", MODULE);
    let directory = stage.scratch.directory("open", 0o777);
    let service = PamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let options = format!("status={}", directory.join("socket").display());
    let failed = ServerConfig::auth_pam_with(&options, &service, "").start_expecting_failure();
    failed.log.wait_for(Mark::START, "is writable by everybody", PATIENCE);
    // What is no socket stays.
    let file = stage.scratch.write("file", "precious", 0o600);
    let options = format!("status={}", file.display());
    let server = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    server.wait_for(Mark::START, "something else is there, and is not replaced");
    server.stop();
    assert_eq!(fs::read_to_string(&file).expect("the file"), "precious");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("chmod");
}
