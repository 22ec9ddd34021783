//! Clients, modules and a front that do with sessions what nobody has thought of.

use harness::Gate;
use harness::proc_table::{Process, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ovpn_plugin_host::{Call, Client, FuncResult, Login, sys};

use super::hostile_front::memory_in_kib;
use super::pending_questions::start;
use super::questions::asked;
use super::sessions::{Site, disconnect};
use crate::raw::{login, send};
use crate::stage::{PATIENCE, deferred, ends, user, user_at, user_with};

/// The login that brings the answer, which is `answer 1`.
fn answer(login: &Login, id: &str) -> Login {
    login.clone().env("password", format!("CRV1::{id}::answer 1"))
}

fn log_in(site: &Site, client: &Client<'_>, login: &Login) {
    let outcome = start(client, login).finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}\n{}", site.stage.log());
}

/// What a login of this user from there is answered at once.
fn reply(client: &Client<'_>, user: &str, address: &str) -> FuncResult {
    let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
        .env("username", user)
        .env("password", "x")
        .env("untrusted_ip", address);
    client.call(&call).unwrap().result
}

/// OpenVPN drops the client that was asked after some seconds, and the person is still typing.
pub(crate) fn who_was_asked_and_comes_again_has_a_session() {
    let site = Site::with_module(&["challenge=yes", "refusal-time=0", "grace=0"]);
    for login in [user("ask-x"), deferred(user("ask-x"))] {
        let client = site.stage.plugin.client();
        let outcome = start(&client, &login).finish(PATIENCE);
        let question = asked(&site.stage, &outcome);
        drop(client);
        // The supervisor has heard of that when it answers this.
        site.stage.plugin.clear_log();
        assert!(site.connect(&site.client("good"), "good"), "{}", site.stage.log());
        let client = site.stage.plugin.client();
        log_in(&site, &client, &answer(&login, &question.id));
        assert!(site.connect(&client, "ask-x"), "{}", site.stage.log());
        disconnect(&client);
        site.stage.line("user 'ask-x': session closed");
    }
}

/// The transaction was begun for a client that has one.
pub(crate) fn who_is_asked_at_a_renegotiation_and_comes_again_has_a_session() {
    let site = Site::with_module(&["challenge=yes", "refusal-time=0", "grace=0"]);
    let client = site.client("good");
    assert!(site.connect(&client, "good"));
    let login = user("ask-x");
    let question = asked(&site.stage, &start(&client, &login).finish(PATIENCE));
    disconnect(&client);
    let client = site.stage.plugin.client();
    log_in(&site, &client, &answer(&login, &question.id));
    assert!(site.connect(&client, "ask-x"), "{}", site.stage.log());
}

pub(crate) fn a_client_that_goes_while_pam_decides_holds_no_worker() {
    let site = Site::with_module(&["refusal-time=0", "grace=0"]);
    let (gate, client) = (Gate::new(), site.stage.plugin.client());
    let running = start(&client, &deferred(user_at("gate-good", &gate)));
    let worker = gate.arrival();
    // OpenVPN removes the files with the client.
    drop(running);
    drop(client);
    // The supervisor has heard of that when it answers this.
    let other = site.client("good");
    gate.open();
    ends(worker, "the worker of a client that is gone");
    drop(other);
}

/// Neither does it take anything back, nor does it speak for the worker.
pub(crate) fn a_child_of_a_module_that_comes_back_out_of_a_session_does_nothing() {
    let site = Site::with_module(&[]);
    for name in ["session-fork-open", "session-fork-close"] {
        site.stage.plugin.clear_log();
        let client = site.client(name);
        assert!(site.connect(&client, name), "{}", site.stage.log());
        disconnect(&client);
        site.stage.line(&format!("user '{name}': session closed"));
        let log = site.stage.log();
        assert_eq!(log.matches("credentials deleted").count(), 1, "{log}");
    }
}

/// Nor out of the account phase, which a session's worker runs at a renegotiation.
pub(crate) fn a_child_that_comes_back_out_of_an_account_check_does_nothing() {
    const NAME: &str = "session-fork-account";
    let site = Site::with_module(&[]);
    let client = site.client(NAME);
    assert!(site.connect(&client, NAME), "{}", site.stage.log());
    let worker = site.worker();
    for _ in 0..3 {
        let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
            .env("username", NAME)
            .env("password", "SESS_ID_AT_x")
            .env("session_state", "Authenticated")
            .env("untrusted_ip", "192.0.2.7");
        assert_eq!(client.call(&call).unwrap().result, FuncResult::Success, "{}", site.stage.log());
        assert!(site.stage.workers().contains(&worker), "{}", site.stage.log());
    }
    disconnect(&client);
    site.stage.line(&format!("user '{NAME}': session closed"));
    let log = site.stage.log();
    assert_eq!(log.matches("credentials deleted").count(), 1, "{log}");
}

/// A client with a token has connected without a session, and gets none later.
pub(crate) fn a_renegotiation_without_a_session_keeps_no_worker() {
    let site = Site::new(&["max-workers=1"]);
    let client = site.stage.plugin.client();
    assert!(site.connect(&client, "good"));
    site.log_in(&client, "good");
    let workers = site.stage.workers();
    for _ in 0..3 {
        site.log_in(&client, "good");
        assert_eq!(site.stage.workers(), workers, "{}", site.stage.log());
    }
}

/// The source with the most of those that have logged in and not connected gives its newest, or gets no further one.
pub(crate) fn who_does_not_connect_leaves_others_room() {
    let site = Site::new(&["max-sessions=2"]);
    let greedy = [site.stage.plugin.client(), site.stage.plugin.client()];
    for client in &greedy {
        assert_eq!(reply(client, "greedy", "192.0.2.66"), FuncResult::Success, "{}", site.stage.log());
    }
    let third = site.stage.plugin.client();
    assert_eq!(reply(&third, "greedy", "192.0.2.66"), FuncResult::Error);
    site.stage.line("user 'greedy' failed to authenticate: too many sessions are open (see max-sessions)");
    let other = site.stage.plugin.client();
    assert_eq!(reply(&other, "good", "192.0.2.7"), FuncResult::Success, "{}", site.stage.log());
    site.stage.line("user 'greedy': was dropped before it connected: other clients need its place");
    assert!(site.connect(&other, "good"), "{}", site.stage.log());
    assert!(site.connect(&greedy[0], "greedy"), "{}", site.stage.log());
    assert!(!site.connect(&greedy[1], "greedy"), "{}", site.stage.log());
}

/// Where it takes long to close one, a client that comes and goes does not take all places.
pub(crate) fn what_is_being_closed_leaves_others_room() {
    let site = Site::new(&["max-sessions=4"]);
    let come = |user: &str, address: &str| {
        let client = site.stage.plugin.client();
        assert_eq!(reply(&client, user, address), FuncResult::Success, "{}", site.stage.log());
        let may = site.connect(&client, user);
        disconnect(&client);
        may
    };
    assert_eq!([0; 3].map(|_| come("hangs-at-end", "192.0.2.66")), [true, true, false]);
    site.stage.line("too many sessions of this address are still being closed");
    assert!(come("good", "192.0.2.7"), "{}", site.stage.log());
}

/// Whatever the client calls itself.
pub(crate) fn sessions_are_counted_by_whom_pam_has_checked() {
    let site = Site::with_module(&["allow-user-mapping=yes", "max-sessions-per-user=1"]);
    let client = site.stage.plugin.client();
    log_in(&site, &client, &user_with("rename", "good"));
    assert!(site.connect(&client, "rename"), "{}", site.stage.log());
    let second = site.client("good");
    assert!(!site.connect(&second, "good"), "{}", site.stage.log());
    site.stage.line("this user has too many sessions (see max-sessions-per-user)");
}

/// It crashes, leaves, lies, or closes what it finds.
pub(crate) fn a_module_that_misbehaves_in_a_session_costs_that_only() {
    let site = Site::with_module(&["max-sessions=1", "timeout=10"]);
    for what in ["crash", "exit", "lie", "closeall"] {
        site.stage.plugin.clear_log();
        let name = format!("session-{what}-open");
        let client = site.client(&name);
        assert!(!site.connect(&client, &name), "{}", site.stage.log());
        site.stage.line(&format!("user '{name}': the client is refused: cannot open a session: the worker"));
        drop(client);
        let name = format!("session-{what}-close");
        let client = site.client(&name);
        assert!(site.connect(&client, &name), "{}", site.stage.log());
        disconnect(&client);
        site.stage.line(&format!("user '{name}': session lost after 0 s: the worker that held it"));
        let client = site.client("good");
        assert!(site.connect(&client, "good"), "{}", site.stage.log());
        disconnect(&client);
        site.stage.line("user 'good': session closed");
    }
}

pub(crate) fn what_a_session_leaves_running_ends_with_it() {
    let site = Site::with_module(&[]);
    let client = site.client("session-child-open");
    assert!(site.connect(&client, "session-child-open"), "{}", site.stage.log());
    let worker = site.worker();
    let all = harness::proc_table::all().into_iter();
    let children: Vec<i32> =
        all.filter(|process| process.parent == worker).map(|process| process.pid).collect();
    assert_eq!(children.len(), 1, "{}", site.stage.log());
    disconnect(&client);
    ends(worker, "the worker of a session that was closed");
    ends(children[0], "a child of a module");
}

/// Nothing that stands behind it is done.
pub(crate) fn after_rubbish_no_session_is_opened() {
    let site = Site::new(&["grace=0"]);
    let client = site.client("good");
    let supervisor = Pid::from_raw(site.stage.supervisor());
    kill(supervisor, Signal::SIGSTOP).unwrap();
    let is_stopped = || Process::look(supervisor.as_raw()).is_some_and(|process| process.state == 'T');
    assert!(wait_until(PATIENCE, is_stopped), "the supervisor goes on");
    send(&[99], &[]);
    // The attempt with the number 1 was let in.
    send(&[&[4][..], &900_000u64.to_le_bytes(), &1u64.to_le_bytes(), &[0, 0]].concat(), &[]);
    kill(supervisor, Signal::SIGCONT).unwrap();
    site.stage.line("exited with status 1");
    assert!(!site.stage.log().contains("session opened"), "{}", site.stage.log());
    site.lines(0);
    drop(client);
}

/// At once, after a word, while it is being opened or when it is open; many at a time.
pub(crate) fn whenever_a_client_goes_what_was_opened_is_closed() {
    const EACH: usize = 6;
    let site = Site::new(&["grace=0"]);
    let clients: Vec<_> = (0..4 * EACH)
        .map(|number| {
            let client = site.client("slow");
            let files = site.files(&number.to_string());
            let result = client.call(&files.call("slow")).unwrap().result;
            assert_eq!(result, FuncResult::Deferred, "{}", site.stage.log());
            (number, client, files)
        })
        .collect();
    // As OpenVPN restarts softly: the plugin stays, and the clients go one after the other.
    for (number, client, files) in clients {
        match number % 4 {
            0 => {}
            1 => disconnect(&client),
            2 => assert!(site.decided(&files), "{}", site.stage.log()),
            _ => {
                assert!(site.decided(&files), "{}", site.stage.log());
                disconnect(&client);
            }
        }
    }
    let balanced = || site.counts() == [4 * EACH; 2];
    assert!(wait_until(PATIENCE, balanced), "{:?}\n{}", site.counts(), site.stage.log());
    let count = |words: &str| site.stage.log().matches(words).count();
    site.stage.line("session closed");
    let told = || [count("session opened"), count("session closed")] == [4 * EACH; 2];
    assert!(wait_until(PATIENCE, told), "{}", site.stage.log());
    assert_eq!(count("session lost"), 0);
    site.stage.works();
}

/// Somebody who holds the front. Each session is opened once and closed once, in whatever order he says so, and what is not
/// there costs nothing.
pub(crate) fn requests_in_any_order_open_and_close_once() {
    const ROUNDS: u64 = 20;
    let site = Site::new(&["grace=0"]);
    let number = |number: u64| number.to_le_bytes();
    let open = |attempt: u64| send(&[&[4][..], &number(900_000), &number(attempt), &[0, 0]].concat(), &[]);
    let close = |attempt: u64| send(&[&[5][..], &number(attempt), &[0, 0, 0, 1]].concat(), &[]);
    let cancel = |id: u64| send(&[&[2][..], &number(id)].concat(), &[]);
    let supervisor = site.stage.supervisor();
    // From the first event on the log is read.
    drop(site.client("good"));
    let mut before = 0;
    for round in 0..ROUNDS {
        let attempt = 5000 + round;
        let mut check = [&[1][..], &number(attempt), &[1], &login(b"good")].concat();
        check[10] = 1;
        send(&check, &[]);
        send(&check, &[]);
        // Its worker runs by now, or not.
        for attempt in [attempt, 1, u64::MAX] {
            close(attempt);
            open(attempt);
        }
        let authenticated = || site.stage.log().matches("user 'good' authenticated").count();
        let so_many = 2 * usize::try_from(round).unwrap() + 2;
        assert!(wait_until(PATIENCE, || authenticated() == so_many), "{}", site.stage.log());
        for _ in 0..30 {
            open(attempt);
        }
        cancel(900_000);
        cancel(attempt);
        for _ in 0..30 {
            close(attempt);
            close(attempt + 1);
            open(attempt + 1);
        }
        let count = |words: &str| site.stage.log().matches(words).count();
        let closed = || count("session closed") == count("session opened");
        assert!(wait_until(PATIENCE, closed), "{}", site.stage.log());
        if round == 4 {
            before = memory_in_kib(supervisor);
        }
    }
    // Whether there were any yet is a matter of time: requests that come before PAM has decided open none.
    let mut check = [&[1][..], &number(9000), &[1], &login(b"good")].concat();
    check[10] = 1;
    send(&check, &[]);
    let authenticated = || site.stage.log().matches("user 'good' authenticated").count();
    let all = 2 * usize::try_from(ROUNDS).unwrap() + 1;
    assert!(wait_until(PATIENCE, || authenticated() == all), "{}", site.stage.log());
    let count = |words: &str| site.stage.log().matches(words).count();
    let before_it = count("session opened");
    open(9000);
    close(9000);
    // One that was asked for earlier may be opened as late.
    let closed = || count("session closed") == count("session opened") && count("session opened") > before_it;
    assert!(wait_until(PATIENCE, closed), "{}", site.stage.log());
    let log = site.stage.log();
    assert!(log.matches("session opened").count() <= all, "{log}");
    assert!(!log.contains("session lost"), "{log}");
    assert_eq!(site.stage.supervisor(), supervisor);
    let after = memory_in_kib(supervisor);
    assert!(after < before + 1024, "{before} KiB, then {after}");
    site.stage.works();
    let few = || site.stage.workers().len() < 8;
    assert!(wait_until(PATIENCE, few), "{:?}", site.stage.workers());
}

/// Over a second connection from the same address: the first login is good, and the client has its session.
pub(crate) fn a_login_that_is_refused_takes_no_session_away() {
    let site = Site::with_module(&["grace=0"]);
    let client = site.client("good");
    for (user, password) in [("good", ""), ("deny", "x")] {
        let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
            .env("username", user)
            .env("password", password)
            .env("untrusted_ip", "192.0.2.7");
        assert_eq!(client.call(&call).unwrap().result, FuncResult::Error, "{}", site.stage.log());
    }
    assert!(site.connect(&client, "good"), "{}", site.stage.log());
    assert_eq!(site.counts(), [1, 0], "{}", site.stage.log());
    disconnect(&client);
    site.lines(2);
}

/// The same where PAM refuses it later.
pub(crate) fn a_login_that_is_refused_later_takes_no_session_away() {
    let site = Site::with_module(&["grace=0", "refusal-time=0"]);
    let client = site.client("good");
    let refused = start(&client, &deferred(user("deny"))).finish(PATIENCE);
    assert!(!refused.accepted(), "{refused}");
    assert!(site.connect(&client, "good"), "{}", site.stage.log());
    assert_eq!(site.counts(), [1, 0], "{}", site.stage.log());
}
