//! `status`, `revoke` and `unblock`: what a server answers is shown, and one that answers anything else does no harm. Real
//! servers are asked in tests/e2e.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, connect, listen, socket};
use serde_json::Value;
use tempfile::TempDir;

use crate::json::validate;
use crate::run::{Run, run};

/// What a busy server says.
pub(crate) const BUSY: &str = "\
server office
version 1.2.3
up 7260.500000
restarts 1
attempts 12 accepted pam
attempts 3 rejected pam
attempts 2 temporary queue_full
attempts 1 asked question
pam 12 PAM_SUCCESS
pam 3 PAM_AUTH_ERR
took 15 0.000170 0.030000 1.500000
latency 12 0.900000 accepted 0.000500:7 60.000000:12
count 1 questions_answered
something new
waiting 3 1024 1.200000
held 1
longest_running 4.000000
workers 1 idle
workers 2 running
workers 512 most
questions 1 64
sessions 1 open
sessions 1024 most
backend away
penalised 1
source 2 1 192.0.2.7
worker 4711 300.000000 4.000000 running 192.0.2.7 it\\'s me
worker 4712 300.000000 1.000000 idle - -
question 30.000000 2001:db8::/64 -
session open 60.000000 192.0.2.7 EXAMPLE\\\\alice
penalty 10 5.000000 3.200000 192.0.2.9
more worker 40
";

/// A server that answers each caller so, until the command is done with it.
struct Fake {
    _place: TempDir,
    socket: PathBuf,
    asked: Option<JoinHandle<String>>,
}

impl Fake {
    fn new(answer: impl Into<Vec<u8>>) -> Self {
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("socket");
        let (listener, answer) = (UnixListener::bind(&socket).unwrap(), answer.into());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = Vec::new();
            let mut byte = [0];
            while stream.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
                question.push(byte[0]);
            }
            // It may hang up.
            let _ = stream.write_all(&answer);
            String::from_utf8(question).unwrap()
        });
        Self { _place: place, socket, asked: Some(asked) }
    }

    fn ask(&mut self, words: &[&str]) -> (Run, String) {
        let mut line = words.to_vec();
        let socket = self.socket.to_str().unwrap().to_owned();
        line.push(&socket);
        let run = run(&line);
        (run, self.asked.take().unwrap().join().unwrap())
    }
}

fn whole(lines: &str) -> String {
    format!("ok\n{lines}end\n")
}

#[test]
fn a_status_is_shown_line_by_line() {
    let (run, question) = Fake::new(whole(BUSY)).ask(&["status"]);
    assert_eq!(question, "status");
    run.expect(
        0,
        &[
            ("server", "office, auth-pam 1.2.3, counting for 2 h, supervisor restarts: 1"),
            ("attempts", "18: 12 accepted, 3 rejected, 2 failed temporarily, 1 asked a question"),
            ("pam", "12 PAM_SUCCESS, 3 PAM_AUTH_ERR"),
            ("not pam", "2 temporary queue full"),
            ("took", "p50 170 us, p90 30 ms, p99 1.5 s (the last 15)"),
            ("waiting", "3 of at most 1024, the oldest for 1.2 s"),
            ("source", "192.0.2.7: 2 waiting, 1 running"),
            ("workers", "3 (1 idle, 2 running); at most 512 run logins"),
            ("worker", "process 4711, 5 min old, running for 4.0 s: it's me from 192.0.2.7"),
            ("worker", "process 4712, 5 min old, idle for 1.0 s"),
            ("asked", "open questions: 1 of at most 64"),
            ("question", "- from 2001:db8::/64, 30.0 s left to answer"),
            ("session", "EXAMPLE\\alice from 192.0.2.7, open for 60.0 s"),
            ("backend", "unreachable for all users"),
            ("penalty", "192.0.2.9: 10 failures, blocked for 5.0 s, 3.2 s left"),
            ("more", "40 more lines 'worker'"),
        ],
    );
}

#[test]
fn json_fits_the_schema() {
    let (run, _) = Fake::new(whole(BUSY)).ask(&["status", "--json"]);
    validate(&run.out).unwrap_or_else(|error| panic!("{error}\n{run}"));
    let status: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&status["restarts"], &status["backend"]), (&1.into(), &"away".into()), "{run}");
    assert_eq!(status["workers"]["processes"][0]["user"], "it's me", "{run}");
    assert_eq!(status["sessions"]["clients"][0]["user"], "EXAMPLE\\alice", "{run}");
    assert_eq!(status["workers"]["processes"][1]["user"], Value::Null, "{run}");
    let revoked = "questions 1\nnot_connected 0\nsessions 2\nrenegotiation -\nown_tokens yes\n";
    let (run, question) = Fake::new(whole(revoked)).ask(&["revoke", "--json", "it's me"]);
    assert_eq!(question, "revoke it's me");
    validate(&run.out).unwrap_or_else(|error| panic!("{error}\n{run}"));
    let unblocked = "source 192.0.2.0/24\nfailures 10\nclosed yes\n";
    let (run, question) = Fake::new(whole(unblocked)).ask(&["unblock", "--json", "192.0.2.0/24"]);
    assert_eq!(question, "unblock 192.0.2.0/24");
    validate(&run.out).unwrap_or_else(|error| panic!("{error}\n{run}"));
}

#[test]
fn what_a_server_refuses_is_said() {
    let (run, _) = Fake::new("error 'joe' is no address and no network\n").ask(&["unblock", "joe"]);
    assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{run}");
    assert!(run.err.contains("'joe' is no address and no network"), "{run}");
}

/// It is stopped, and as many have asked before as the kernel holds for it.
#[test]
fn a_server_that_lets_nobody_in_is_not_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    listen(&listener, Backlog::new(1).unwrap()).unwrap();
    let mut held = Vec::new();
    let address = UnixAddr::new(&path).unwrap();
    let full = loop {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let stream = socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
        match connect(stream.as_raw_fd(), &address) {
            Ok(()) => held.push(stream),
            Err(errno) => break errno,
        }
    };
    assert_eq!(full, Errno::EAGAIN);
    // A command that waits on ends with the listener.
    let (done, waits) = std::sync::mpsc::channel::<()>();
    let end = std::thread::spawn(move || {
        let _ = waits.recv_timeout(Duration::from_secs(60));
        drop(listener);
    });
    let run = run(&["status", path.to_str().unwrap()]);
    drop(done);
    end.join().unwrap();
    assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{run}");
    assert!(run.err.contains("did not answer within 10 s"), "{run}");
}

/// Somebody may have taken over the supervisor.
#[test]
fn a_server_that_answers_anything_does_no_harm() {
    let endless = [b"ok\n".to_vec(), vec![b'x'; 4 << 20]].concat();
    let number = whole(&BUSY.replace("restarts 1", "restarts \x1b[2J"));
    for answer in
        [b"".to_vec(), b"ok\n".to_vec(), BUSY.as_bytes().to_vec(), vec![0xff; 1000], endless, number.into()]
    {
        for words in [&["status"][..], &["status", "--json"], &["revoke", "joe"], &["unblock", "192.0.2.7"]] {
            let (run, _) = Fake::new(answer.clone()).ask(words);
            assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{words:?}: {run}");
            assert!(!run.err.contains('\x1b'), "{run}");
        }
    }
    let names =
        whole(&BUSY.replace("it\\'s me", "\x1b[2J\",\"user\":\"root").replace("office", "\x1b]0;x\x07"));
    for words in [&["status"][..], &["status", "--json"]] {
        let (run, _) = Fake::new(names.clone()).ask(words);
        assert_eq!(run.status, Some(0), "{run}");
        assert!(!run.out.contains('\x1b') && !run.out.contains('\x07'), "{run}");
        if words.len() > 1 {
            validate(&run.out).unwrap_or_else(|error| panic!("{error}\n{run}"));
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("socket");
    drop(UnixListener::bind(&socket).unwrap());
    let run_on = |path: &str| run(&["status", path]);
    let dead = run_on(socket.to_str().unwrap());
    assert!(dead.status == Some(2) && dead.err.contains("no server listens there"), "{dead}");
    let nowhere = run_on("/nonexistent/socket");
    assert!(nowhere.status == Some(2) && nowhere.err.contains("/nonexistent/socket"), "{nowhere}");
    let newline = run(&["revoke", "a\nstatus", socket.to_str().unwrap()]);
    assert!(newline.status == Some(2) && newline.err.contains("cannot have a newline"), "{newline}");
    let long = run(&["revoke", &"u".repeat(1025), socket.to_str().unwrap()]);
    assert!(long.status == Some(2) && long.err.contains("at most 1024 bytes"), "{long}");
}
