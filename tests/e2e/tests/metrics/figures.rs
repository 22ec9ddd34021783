//! What stands in the file.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Stdio};

use harness::ServerConfig;
use harness::log::Mark;
use harness::proc_table::wait_until;
use nix::sys::signal::Signal;

use crate::stage::{PASSWORD, Stage, figures, logins_work, wait_for, writer};

const ACCEPTED: &str = r#"attempts_total{verdict="accepted",cause="pam"}"#;
const REJECTED: &str = r#"attempts_total{verdict="rejected",cause="pam"}"#;

/// Dropped and in a chroot, where the file's directory is not.
#[test]
fn the_figures_are_those_of_the_logins() {
    let stage = Stage::new();
    let server = stage.config().dropped().chroot().deferred().start();
    let file = stage.file();
    wait_for(&file, &server, &[(ACCEPTED, 0.0), (REJECTED, 0.0), ("supervisor_restarts_total{}", 0.0)]);
    for _ in 0..2 {
        server.client("alice", PASSWORD).start().wait_connected();
    }
    server.client("bob", "wrong").start().wait_refused();
    wait_for(
        &file,
        &server,
        &[
            (ACCEPTED, 2.0),
            (REJECTED, 1.0),
            (r#"pam_results_total{code="PAM_SUCCESS"}"#, 2.0),
            (r#"pam_results_total{code="PAM_AUTH_ERR"}"#, 1.0),
            (r#"attempt_duration_seconds_count{verdict="accepted"}"#, 2.0),
            (r#"attempt_duration_seconds_bucket{verdict="rejected",le="+Inf"}"#, 1.0),
            ("attempts_waiting{}", 0.0),
            ("backend_away{}", 0.0),
        ],
    );
    let text = fs::read_to_string(&file).expect("the file");
    assert!(!text.contains("alice") && !text.contains("bob") && !text.contains("127.0.0.1"), "{text}");
    let status = fs::metadata(&file).expect("the file");
    assert_eq!((status.permissions().mode() & 0o7777, status.uid()), (0o644, 0));
    server.stop();
    // What nobody writes any more must not look like figures of now.
    assert!(wait_until(harness::PATIENCE, || !file.exists()), "{}", server.log().text());
    assert!(wait_until(harness::PATIENCE, || writer(&server).is_none()));
}

/// Prometheus' own parser, which also says what is against its conventions.
#[test]
fn prometheus_takes_the_text() {
    let stage = Stage::new();
    let server = stage.config().dropped().start();
    logins_work(&server);
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0), (REJECTED, 1.0)]);
    let text = File::open(stage.file()).expect("the file");
    let output =
        Command::new("promtool").args(["check", "metrics"]).stdin(text).stderr(Stdio::piped()).output();
    let output = output.expect("promtool (Debian's package prometheus)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{}: {said}", output.status);
}

/// Each alert fires when it should and not otherwise, as Prometheus' own test of rules has it.
#[test]
fn the_alerts_are_what_they_say() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/metrics/alerts.yml");
    harness::command::run("promtool", &["test", "rules", rules]);
}

/// Where Debian's node_exporter collects, others see the figures beside those of the machine.
#[test]
fn node_exporter_collects_the_file() {
    let stage = Stage::new();
    let server = stage.config().dropped().start();
    logins_work(&server);
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0), (REJECTED, 1.0)]);
    let mut command = server.netns().command("prometheus-node-exporter");
    let collector = format!("--collector.textfile.directory={}", stage.place.path().display());
    command.args([
        "--collector.disable-defaults",
        "--collector.textfile",
        "--web.listen-address=127.0.0.1:9100",
    ]);
    let mut exporter = command.arg(collector).stderr(Stdio::null()).spawn().expect("node_exporter");
    let mut seen = String::new();
    let line = r#"openvpn_auth_pam_attempts_total{cause="pam",server="server1",verdict="accepted"} 1"#;
    let collected = wait_until(harness::PATIENCE, || {
        let ask =
            r#"exec 3<>/dev/tcp/127.0.0.1/9100 && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3"#;
        let output = server.netns().command("bash").args(["-c", ask]).output().expect("bash");
        seen = String::from_utf8_lossy(&output.stdout).into_owned();
        seen.lines().any(|seen| seen == line)
    });
    let _ = exporter.kill();
    let _ = exporter.wait();
    assert!(collected && seen.contains("node_textfile_scrape_error 0"), "{seen}");
}

/// The next supervisor counts from zero, which Prometheus knows how to read, and says which one it is.
#[test]
fn another_supervisor_goes_on_with_the_file() {
    let stage = Stage::new();
    let server = stage.config().dropped().start();
    logins_work(&server);
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0), (REJECTED, 1.0)]);
    server.replace_supervisor();
    wait_for(&stage.file(), &server, &[(ACCEPTED, 0.0), ("supervisor_restarts_total{}", 1.0)]);
    server.client("alice", PASSWORD).start().wait_connected();
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0), ("supervisor_restarts_total{}", 1.0)]);
    assert!(writer(&server).is_some());
}

/// The plugin is closed and opened again.
#[test]
fn a_server_that_is_reloaded_goes_on_with_the_file() {
    let stage = Stage::new();
    let server = stage.config().start();
    logins_work(&server);
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0), (REJECTED, 1.0)]);
    server.restart(Signal::SIGHUP);
    wait_for(&stage.file(), &server, &[(ACCEPTED, 0.0), ("supervisor_restarts_total{}", 0.0)]);
    server.client("alice", PASSWORD).start().wait_connected();
    wait_for(&stage.file(), &server, &[(ACCEPTED, 1.0)]);
    assert_eq!(server.log().count(Mark::START, "is not written"), 0, "{}", server.log().text());
}

#[test]
fn without_metrics_there_is_no_process_for_them() {
    let stage = Stage::new();
    let server = ServerConfig::auth_pam(&stage.service).dropped().start();
    logins_work(&server);
    assert!(writer(&server).is_none() && figures(&stage.file()).is_none());
}
