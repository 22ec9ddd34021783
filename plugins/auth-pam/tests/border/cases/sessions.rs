//! Sessions of PAM, from the login to the end of the connection. The service's session line runs a program that writes down
//! what it finds in its environment.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use harness::proc_table::wait_until;
use harness::scratch::Scratch;
use ovpn_plugin_host::{Call, Client, FuncResult, sys};

use crate::stage::{PATIENCE, Stage, ends, kill9, place};

/// Writes a line for each call; the user's name says what else it does.
const WITNESS: &str = r#"#!/bin/sh
case "$PAM_USER/$PAM_TYPE" in
refused/open_session) exit 1 ;;
hangs/open_session|hangs-at-end/close_session) sleep 60 ;;
slow/open_session) sleep 0.5 ;;
esac
echo "$PAM_TYPE user=$PAM_USER ip=$OPENVPN_TUNNEL_IP ip6=$OPENVPN_TUNNEL_IP6 received=$OPENVPN_BYTES_RECEIVED \
sent=$OPENVPN_BYTES_SENT seconds=$OPENVPN_DURATION why=$OPENVPN_CLOSE_REASON" >> "$1"
"#;

const LET_IN: &str = "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n";

/// The plugin, and what the program has written.
pub(super) struct Site {
    pub(super) stage: Stage,
    scratch: Scratch,
}

/// The files of a client that connects.
pub(super) struct ConnectFiles {
    config: PathBuf,
    deferred: PathBuf,
}

impl Site {
    pub(super) fn new(options: &[&str]) -> Self {
        Self::with(&[], options)
    }

    /// With files of OpenVPN's that its variables name.
    pub(super) fn with(files: &[(&str, &str)], options: &[&str]) -> Self {
        Self::of(LET_IN, files, options)
    }

    /// Where the module of these tests authenticates, and has a part in the session.
    pub(super) fn with_module(options: &[&str]) -> Self {
        let module = place().join("pam_border.so");
        let line = |phase: &str| format!("{phase} required {}\n", module.display());
        Self::of(&["auth", "account", "session"].map(line).concat(), &[], options)
    }

    fn of(lines: &str, files: &[(&str, &str)], options: &[&str]) -> Self {
        let scratch = Scratch::new();
        let witness = scratch.write("witness", WITNESS, 0o755);
        let log = log(&scratch);
        let lines = format!("{lines}session required pam_exec.so {} {}\n", witness.display(), log.display());
        scratch.write("service", &lines, 0o644);
        let written = files.iter().map(|(name, text)| (*name, scratch.write(name, text, 0o644)));
        let written: Vec<_> = written.map(|(name, path)| (name, path.display().to_string())).collect();
        let env = written.iter().map(|(name, path)| (*name, &path[..])).chain([("verb", "4")]);
        let stage = Stage::open_service(
            scratch.path(),
            "service",
            &env.collect::<Vec<_>>(),
            &[&["session=yes"], options].concat(),
        );
        Site { stage, scratch }
    }

    /// A client that has logged in.
    pub(super) fn client(&self, user: &str) -> Client<'_> {
        let client = self.stage.plugin.client();
        self.log_in(&client, user);
        client
    }

    pub(super) fn log_in(&self, client: &Client<'_>, user: &str) {
        let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
            .env("username", user)
            .env("password", "x")
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "40000");
        let reply = client.call(&call).unwrap();
        assert_eq!(reply.result, FuncResult::Success, "{}", self.stage.log());
    }

    pub(super) fn files(&self, name: &str) -> ConnectFiles {
        let config = self.scratch.write(&format!("{name}-config"), "", 0o600);
        ConnectFiles { config, deferred: self.scratch.write(&format!("{name}-deferred"), "", 0o600) }
    }

    /// Has a client connect; whether it may.
    pub(super) fn connect(&self, client: &Client<'_>, user: &str) -> bool {
        let files = self.files(user);
        match client.call(&files.call(user)).unwrap().result {
            FuncResult::Success => true,
            FuncResult::Error => false,
            FuncResult::Deferred => self.decided(&files),
            FuncResult::Other(code) => panic!("{code}"),
        }
    }

    /// What was decided about a client that was deferred.
    pub(super) fn decided(&self, files: &ConnectFiles) -> bool {
        let verdict = || fs::read_to_string(&files.deferred).unwrap_or_default();
        assert!(wait_until(PATIENCE, || verdict() != "2"), "{}", self.stage.log());
        match &verdict()[..] {
            "1" => true,
            "0" => false,
            other => panic!("{other:?}"),
        }
    }

    /// How many were opened and closed by now.
    pub(super) fn counts(&self) -> [usize; 2] {
        let text = fs::read_to_string(log(&self.scratch)).unwrap_or_default();
        ["open_session", "close_session"]
            .map(|what| text.lines().filter(|line| line.starts_with(what)).count())
    }

    /// What the program has written, when it is so many lines.
    pub(super) fn lines(&self, count: usize) -> Vec<String> {
        let lines = || -> Vec<String> {
            let text = fs::read_to_string(log(&self.scratch)).unwrap_or_default();
            text.lines().map(String::from).collect()
        };
        assert!(wait_until(PATIENCE, || lines().len() >= count), "{:?}\n{}", lines(), self.stage.log());
        let lines = lines();
        assert_eq!(lines.len(), count, "{lines:?}");
        lines
    }

    /// The worker of the only session.
    pub(super) fn worker(&self) -> i32 {
        // The others are free for logins, and would not be there without one.
        let newest = self.stage.workers().into_iter().min();
        newest.unwrap_or_else(|| panic!("no worker\n{}", self.stage.log()))
    }
}

fn log(scratch: &Scratch) -> PathBuf {
    scratch.join("log")
}

impl ConnectFiles {
    pub(super) fn call(&self, user: &str) -> Call {
        Call::new(sys::PLUGIN_CLIENT_CONNECT)
            .arg(self.config.as_os_str().as_bytes())
            .env("username", user)
            .env("ifconfig_pool_remote_ip", "10.8.0.2")
            .env("ifconfig_pool_remote_ip6", "fd00::2")
            .env("client_connect_deferred_file", self.deferred.as_os_str().as_bytes())
    }
}

pub(super) fn disconnect(client: &Client<'_>) {
    let call = Call::new(sys::PLUGIN_CLIENT_DISCONNECT)
        .env("bytes_received", "123")
        .env("bytes_sent", "456")
        .env("time_duration", "7");
    assert_eq!(client.call(&call).unwrap().result, FuncResult::Success);
}

const OPENED: &str = "open_session user=good ip=10.8.0.2 ip6=fd00::2 received= sent= seconds= why=";
const CLOSED: &str =
    "close_session user=good ip=10.8.0.2 ip6=fd00::2 received=123 sent=456 seconds=7 why=disconnected";

pub(crate) fn opened_and_closed_with_what_is_known() {
    let site = Site::new(&[]);
    for round in 0..3 {
        let client = site.client("good");
        assert_eq!(site.lines(2 * round).len(), 2 * round, "opened before it connects");
        assert!(site.connect(&client, "good"), "{}", site.stage.log());
        assert_eq!(site.lines(2 * round + 1)[2 * round], OPENED);
        site.stage.line("user 'good': session opened, address 10.8.0.2,fd00::2 (192.0.2.7:40000, ");
        let worker = site.worker();
        disconnect(&client);
        assert_eq!(site.lines(2 * round + 2)[2 * round + 1], CLOSED);
        site.stage.line(
            "user 'good': session closed after 7 s, 123 bytes received, 456 bytes sent, disconnected (192.0.2.7",
        );
        ends(worker, "the worker of a session that was closed");
        site.stage.plugin.clear_log();
    }
}

/// After two quick ones OpenVPN is answered at once.
pub(crate) fn a_client_is_deferred_until_it_is_open() {
    let site = Site::new(&["grace=10000"]);
    for round in 0..4 {
        // Clients within a millisecond are a burst, for which OpenVPN does not wait.
        std::thread::sleep(Duration::from_millis(2));
        let client = site.client("good");
        let files = site.files("good");
        let result = client.call(&files.call("good")).unwrap().result;
        let expected = if round < 2 { FuncResult::Deferred } else { FuncResult::Success };
        assert_eq!(result, expected, "{round}\n{}", site.stage.log());
        if result == FuncResult::Deferred {
            assert!(site.decided(&files));
        }
        disconnect(&client);
    }
    // Who takes longer than the grace is deferred again.
    let site = Site::new(&["grace=100"]);
    let client = site.client("slow");
    let files = site.files("slow");
    assert_eq!(client.call(&files.call("slow")).unwrap().result, FuncResult::Deferred);
    assert!(site.decided(&files));
}

/// OpenVPN before 2.5 cannot wait.
pub(crate) fn without_a_deferred_file_openvpn_stands_still() {
    let site = Site::new(&[]);
    let client = site.client("slow");
    let call = site.files("slow").call("slow").without_env("client_connect_deferred_file");
    assert_eq!(client.call(&call).unwrap().result, FuncResult::Success, "{}", site.stage.log());
    site.lines(1);
}

/// What cannot work as the administrator wants it is said at the start.
pub(crate) fn what_does_not_work_is_said() {
    let start = |version: u32, session: Option<&str>, options: &[&str]| {
        let scratch = Scratch::new();
        let session = session.map(|line| format!("session {line}\n")).unwrap_or_default();
        scratch.write("service", &format!("{LET_IN}{session}"), 0o644);
        Stage::open_version(scratch.path(), "service", version, options).log()
    };
    for (version, session, options, words) in [
        (
            4,
            Some("required pam_permit.so"),
            &["session=yes"][..],
            "OpenVPN before 2.5 stands still while PAM opens a session",
        ),
        (6, None, &["session=yes"], "it has no session lines"),
        (6, Some("required pam_permit.so"), &["max-sessions=7"], "have no effect without session=yes"),
    ] {
        let log = start(version, session, options);
        assert!(log.contains(words), "no '{words}' in: {log}");
        let log = start(6, Some("required pam_permit.so"), &["session=yes", "max-sessions=7"]);
        assert!(!log.contains(words), "{words} in: {log}");
    }
}

pub(crate) fn one_that_cannot_be_opened_refuses_the_client() {
    let site = Site::new(&[]);
    let client = site.client("refused");
    let worker = site.worker();
    assert!(!site.connect(&client, "refused"), "{}", site.stage.log());
    site.stage.line("user 'refused': the client is refused: cannot open a session: ");
    ends(worker, "the worker of a session that was not opened");
    // Nothing was opened, so nothing is closed.
    drop(client);
    let other = site.client("good");
    assert!(site.connect(&other, "good"));
    disconnect(&other);
    assert_eq!(site.lines(2), [OPENED, CLOSED]);
}

pub(crate) fn one_that_takes_too_long_to_open_refuses_the_client() {
    let site = Site::new(&["timeout=1"]);
    let client = site.client("hangs");
    let worker = site.worker();
    assert!(!site.connect(&client, "hangs"), "{}", site.stage.log());
    site.stage.line("the time limit of 1 s was reached while it was being opened");
    ends(worker, "a worker whose module hangs");
}

pub(crate) fn one_that_hangs_at_its_end_is_ended() {
    let site = Site::new(&["timeout=1"]);
    let client = site.client("hangs-at-end");
    assert!(site.connect(&client, "hangs-at-end"), "{}", site.stage.log());
    let worker = site.worker();
    disconnect(&client);
    site.stage.line("session lost after 1 s: the time limit of 1 s was reached while it was being closed");
    ends(worker, "a worker whose module hangs");
}

/// The client's state goes with it, whatever OpenVPN has said before.
pub(crate) fn a_client_that_goes_without_a_word_leaves_nothing() {
    let site = Site::new(&[]);
    // Never connected.
    let client = site.client("good");
    let worker = site.worker();
    drop(client);
    ends(worker, "the worker of a client that has not connected");
    // Refused by somebody else after its session was opened.
    let client = site.client("good");
    assert!(site.connect(&client, "good"));
    drop(client);
    let lines = site.lines(2);
    assert!(lines[1].ends_with(" received= sent= seconds= why=not-connected"), "{lines:?}");
}

/// OpenVPN would have given it up by then.
pub(crate) fn who_does_not_connect_is_forgotten() {
    let site = Site::with(&[("config", "hand-window 1\n")], &[]);
    let client = site.client("good");
    let worker = site.worker();
    site.stage.line("user 'good': was accepted but never connected; no session is opened");
    ends(worker, "the worker of a client that has not connected");
    assert!(!site.connect(&client, "good"));
    site.stage.line("its login is over");
    site.lines(0);
}

/// While it is being opened.
pub(crate) fn a_client_that_goes_meanwhile_has_its_session_closed() {
    let site = Site::new(&["grace=0"]);
    let client = site.client("slow");
    assert_eq!(client.call(&site.files("slow").call("slow")).unwrap().result, FuncResult::Deferred);
    drop(client);
    let lines = site.lines(2);
    assert!(lines[1].starts_with("close_session user=slow"), "{lines:?}");
}

pub(crate) fn a_renegotiation_opens_none() {
    let site = Site::new(&[]);
    let client = site.client("good");
    assert!(site.connect(&client, "good"));
    for _ in 0..3 {
        site.log_in(&client, "good");
    }
    disconnect(&client);
    assert_eq!(site.lines(2), [OPENED, CLOSED]);
}

/// With a token OpenVPN has asked nobody.
pub(crate) fn who_comes_without_a_login_has_none() {
    let site = Site::new(&[]);
    let client = site.stage.plugin.client();
    assert!(site.connect(&client, "good"));
    site.stage.line("user 'good' connects without a login through PAM");
    disconnect(&client);
    site.lines(0);
}

pub(crate) fn two_clients_of_one_user_have_two() {
    let site = Site::new(&[]);
    let clients = [site.client("good"), site.client("good")];
    for client in &clients {
        assert!(site.connect(client, "good"), "{}", site.stage.log());
    }
    clients.iter().for_each(disconnect);
    let mut lines = site.lines(4);
    lines.sort();
    assert_eq!(lines, [CLOSED, CLOSED, OPENED, OPENED]);
}

/// They have bounds of their own.
pub(crate) fn a_session_does_not_count_as_a_worker() {
    let site = Site::new(&["max-workers=1"]);
    let clients: Vec<_> = ["one", "two", "three"].into_iter().map(|user| (site.client(user), user)).collect();
    for (client, user) in &clients {
        assert!(site.connect(client, user), "{}", site.stage.log());
    }
}

pub(crate) fn a_worker_that_is_killed_is_said() {
    let site = Site::new(&[]);
    let client = site.client("good");
    assert!(site.connect(&client, "good"));
    kill9(site.worker());
    site.stage.line("user 'good': session lost after 0 s: the worker that held it was killed by SIGKILL");
    // The client stays; its end is no event.
    disconnect(&client);
    let client = site.client("good");
    let worker = site.worker();
    kill9(worker);
    site.stage.line("user 'good': the worker that waited for the client to connect was killed by SIGKILL");
    assert!(!site.connect(&client, "good"), "{}", site.stage.log());
}

/// Before anybody is killed.
pub(crate) fn all_are_closed_when_the_plugin_is() {
    let site = Site::new(&[]);
    let clients: Vec<_> = (0..20).map(|_| site.client("good")).collect();
    for client in &clients {
        assert!(site.connect(client, "good"), "{}", site.stage.log());
    }
    // OpenVPN says goodbye to some.
    clients[..10].iter().for_each(disconnect);
    // The others' states are never dropped, as if OpenVPN had been killed.
    clients.into_iter().for_each(std::mem::forget);
    let Site { stage, scratch } = site;
    stage.plugin.close();
    let text = fs::read_to_string(log(&scratch)).unwrap_or_default();
    let count = |word: &str| text.lines().filter(|line| line.ends_with(word)).count();
    assert_eq!((count("why=disconnected"), count("why=openvpn-ended")), (10, 10), "{text}");
}

/// Not for longer than the limit of this case.
pub(crate) fn what_hangs_does_not_keep_the_plugin_from_closing() {
    for (options, words) in [
        (&[][..], "it was not closed within 10 s"),
        (&["timeout=1"], "the time limit of 1 s was reached while it was being closed"),
    ] {
        let site = Site::new(options);
        let client = site.client("hangs-at-end");
        assert!(site.connect(&client, "hangs-at-end"));
        std::mem::forget(client);
        let Site { stage, .. } = site;
        let log = stage.plugin.close();
        let text: String = log.log_lines.iter().map(|line| format!("{line}\n")).collect();
        assert!(text.contains(words), "{text}");
    }
}

pub(crate) fn when_the_supervisor_is_killed_that_is_said() {
    let site = Site::new(&[]);
    let client = site.client("good");
    assert!(site.connect(&client, "good"));
    let waiting = site.client("good");
    let supervisor = site.stage.supervisor();
    kill9(supervisor);
    site.stage.next_supervisor(supervisor);
    assert!(!site.connect(&waiting, "good"), "{}", site.stage.log());
    site.stage.line("the supervisor is gone: 1 sessions of connected clients stay open");
    disconnect(&client);
    let client = site.client("good");
    assert!(site.connect(&client, "good"), "{}", site.stage.log());
}
