//! What a server says of itself is what has happened.

use harness::needs::Need;
use harness::requires;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use harness::{Gate, ServerConfig, plugin};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::stage::{PASSWORD, Stage};

#[test]
fn logins_are_counted_by_verdict_and_code() {
    for deferred in [false, true] {
        let stage = Stage::with("penalties=no", &["auth/password=word"], |config| {
            config.dropped().deferred_if(deferred).named("office")
        });
        let fresh = stage.status();
        assert_eq!((&fresh["took"], &fresh["restarts"]), (&serde_json::Value::Null, &0.into()));
        stage.server.client("alice", PASSWORD).connect().disconnect();
        for _ in 0..2 {
            stage.server.client("bob", "wrong").start().wait_refused();
        }
        let status = stage.status();
        assert_eq!(
            (stage.attempts("accepted", "pam"), stage.attempts("rejected", "pam")),
            (1, 2),
            "{status:#}"
        );
        assert_eq!(status["pam_codes"]["PAM_SUCCESS"], 1, "{status:#}");
        assert_eq!(status["pam_codes"]["PAM_AUTH_ERR"], 2, "{status:#}");
        assert_eq!(
            (&status["took"]["count"], &status["server"]),
            (&3.into(), &"office".into()),
            "{status:#}"
        );
        assert!(status["took"]["p50_seconds"].as_f64() > Some(0.0), "{status:#}");
        let text = stage.ask(&["status"]);
        assert!(text.contains("attempts 3: 1 accepted, 2 rejected, 0 failed temporarily"), "{text}");
        assert!(text.contains("PAM_SUCCESS") && text.contains("server   office, auth-pam"), "{text}");
        // Nobody's password is in it.
        assert!(!text.contains("wrong") && !status.to_string().contains("wrong"), "{text}");
    }
}

#[test]
fn who_runs_and_who_waits_is_named() {
    let gate = Gate::new();
    let stage = Stage::with(
        "max-workers=1",
        &["auth/password=word", &format!("auth/{}", gate.tell()), &format!("auth/{}", gate.wait())],
        |config| config.dropped().deferred(),
    );
    let first = stage.server.client("it's me", PASSWORD).start();
    gate.arrival();
    let second = stage.server.client("bob", PASSWORD).start();
    let status = stage.wait_for(|status| status["waiting"]["count"] == 1);
    let workers = status["workers"]["processes"].as_array().expect("a list");
    let running: Vec<_> = workers.iter().filter(|worker| worker["state"] == "running").collect();
    let pids: Vec<i64> = stage.server.workers().iter().map(|process| process.pid.into()).collect();
    assert_eq!((running.len(), status["workers"]["running"].as_u64()), (1, Some(1)), "{status:#}");
    assert!(running[0]["pid"].as_i64().is_some_and(|pid| pids.contains(&pid)), "{status:#} {pids:?}");
    // As in the log, so that it ends no quotation.
    assert_eq!(running[0]["user"], "it's me", "{status:#}");
    assert_eq!(status["waiting"]["sources"][0]["waiting"], 1, "{status:#}");
    assert_eq!(status["waiting"]["sources"][0]["source"], running[0]["source"], "{status:#}");
    let text = stage.ask(&["status"]);
    assert!(text.contains("waiting  1 of at most 1024, the oldest for"), "{text}");
    gate.open();
    gate.open();
    first.wait_connected();
    second.wait_connected();
    stage.wait_for(|status| status["waiting"]["count"] == 0 && status["workers"]["running"] == 0);
}

#[test]
fn questions_and_sessions_are_named() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::with(
        "challenge=yes session=yes",
        &["auth/password=word", "auth/ask=Code:", "auth/expect=123456"],
        |config| ServerConfig::deferred(config.dropped()),
    );
    let person = stage.server.person("alice", PASSWORD).announcing("crtext").start();
    person.question(0);
    let status = stage.wait_for(|status| status["questions"]["count"] == 1);
    assert_eq!(status["questions"]["waiting"][0]["user"], "alice", "{status:#}");
    assert!(!status.to_string().contains("123456"), "{status:#}");
    person.answer("123456");
    person.connects();
    let status = stage.wait_for(|status| status["sessions"]["open"] == 1);
    assert_eq!(status["sessions"]["clients"][0]["user"], "alice", "{status:#}");
    assert_eq!(status["counts"]["questions_answered"], 1, "{status:#}");
    assert_eq!(status["counts"]["sessions_opened"], 1, "{status:#}");
}

/// It goes on until it is interrupted, and each time says how things stand then.
#[test]
fn it_can_be_watched() {
    let stage = Stage::new("", &["auth/password=word"]);
    let mut watch = Command::new(plugin::built("ovpn-plugin"))
        .args(["status", "--watch", "--json"])
        .arg(stage.socket())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ovpn-plugin");
    let mut lines = BufReader::new(watch.stdout.take().expect("its output")).lines();
    let mut accepted = || {
        let line = lines.next().expect("a line").expect("text");
        let status: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        status["pam_codes"]["PAM_SUCCESS"].as_u64().unwrap_or(0)
    };
    assert_eq!(accepted(), 0);
    stage.server.client("alice", PASSWORD).connect();
    assert!((0..30).any(|_| accepted() == 1));
    kill(Pid::from_raw(i32::try_from(watch.id()).unwrap()), Signal::SIGINT).expect("it runs");
    assert!(watch.wait().expect("it ends").success());
}
