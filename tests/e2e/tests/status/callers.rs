//! Who calls and does not behave costs nobody anything.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use harness::log::Mark;
use harness::proc_table::descriptors;
use harness::{PATIENCE, plugin};

use crate::stage::{PASSWORD, Stage};

const MODULE: &[&str] = &["auth/password=word"];

fn call(stage: &Stage) -> UnixStream {
    let stream = UnixStream::connect(stage.socket()).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

/// What comes of this question, to the end.
fn answer(stage: &Stage, question: &[u8]) -> Vec<u8> {
    let mut stream = call(stage);
    // One that is not heard to its end may find nobody.
    let _ = stream.write_all(question);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    answer
}

#[test]
fn rubbish_is_answered_or_not_and_changes_nothing() {
    let stage = Stage::new("", MODULE);
    let supervisor = stage.server.supervisor().pid;
    let before = descriptors(supervisor).len();
    for question in ["", "\n", "Status\n", "status now\n", "revoke\n", "revoke a\0b\n", "unblock nowhere\n"] {
        let answer = answer(&stage, question.as_bytes());
        let text = String::from_utf8_lossy(&answer);
        assert!(question.is_empty() || text.starts_with("error "), "{question:?}: {text}");
        if question.is_empty() {
            break;
        }
    }
    for question in
        [vec![b'x'; 1 << 20], vec![0; 1 << 20], [b"revoke ".as_slice(), &[b'x'; 5000], b"\n"].concat()]
    {
        assert_eq!(answer(&stage, &question), b"", "{} bytes", question.len());
    }
    stage.server.client("alice", PASSWORD).connect();
    assert_eq!((stage.server.supervisor().pid, stage.attempts("accepted", "pam")), (supervisor, 1));
    // The worker's channel may be one more.
    assert!(descriptors(supervisor).len() <= before + 2, "{:?}", descriptors(supervisor));
}

/// Four are let in, and the others wait until those have had their time.
#[test]
fn who_says_nothing_or_does_not_read_is_sent_away() {
    let stage = Stage::new("", MODULE);
    let silent: Vec<UnixStream> = (0..4).map(|_| call(&stage)).collect();
    let mut asks = call(&stage);
    asks.write_all(b"status\n").expect("there is room");
    // Logins go on meanwhile.
    stage.server.client("alice", PASSWORD).connect();
    let mut text = String::new();
    asks.read_to_string(&mut text).expect("an answer in the end");
    assert!(text.starts_with("ok\n") && text.ends_with("end\n"), "{text}");
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0; 16]).expect("an end"), 0);
    }
}

#[test]
fn many_at_once_are_all_answered() {
    let stage = Stage::new("", MODULE);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..8 {
                    let answer = answer(&stage, b"status\n");
                    assert!(answer.ends_with(b"end\n"), "{}", String::from_utf8_lossy(&answer));
                }
            });
        }
        stage.server.client("alice", PASSWORD).connect();
    });
}

#[test]
fn another_user_is_not_heard_even_if_the_mode_lets_him() {
    let stage = Stage::new("", MODULE);
    let ask = || {
        let output = Command::new(plugin::built("ovpn-plugin"))
            .arg("status")
            .arg(stage.socket())
            .uid(65534)
            .gid(65534)
            .output()
            .expect("ovpn-plugin");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = ask();
    assert!(status == Some(2) && said.contains("only root may ask"), "{said}");
    std::fs::set_permissions(stage.socket(), std::fs::Permissions::from_mode(0o666)).expect("chmod");
    let (status, said) = ask();
    assert!(status == Some(2) && said.contains("only root may ask"), "{said}");
    stage.status();
    assert_eq!(stage.server.log().count(Mark::START, "was killed"), 0);
}

/// The end of a server does not wait for who has called.
#[test]
fn a_server_ends_in_order_with_callers_there() {
    let stage = Stage::new("session=yes", MODULE);
    stage.server.client("alice", PASSWORD).connect();
    let mut silent = call(&stage);
    stage.server.stop();
    silent.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    assert_eq!(silent.read(&mut [0; 1]).expect("an end"), 0);
}
