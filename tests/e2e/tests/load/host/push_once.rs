//! Push once: a client that connects again while PAM waits for somebody, to press a button for instance, starts no second
//! transaction.

use std::fs;
use std::time::Duration;

use harness::Gate;
use ovpn_plugin_host::{Login, RunningLogin};

use crate::check::{NEW_CLIENT, Record, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// Attempts of one username and source that may have no answer.
const MOST: usize = 6;

/// A stack that waits at a gate and leaves a line each time it runs.
struct Pushing {
    gate: Gate,
    record: Record,
    subject: Subject,
}

impl Pushing {
    /// After the gate the stack does what `arguments` say.
    fn new(options: &str, arguments: &[&str]) -> Self {
        let (gate, record) = (Gate::new(), Record::new());
        let first = [record.argument(), format!("auth/{}", gate.tell()), format!("auth/{}", gate.wait())];
        let all: Vec<&str> = first.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        let subject = Subject::new(options, &all);
        Self { gate, record, subject }
    }

    fn start(&self, login: &Login) -> RunningLogin {
        self.subject.plugin.start_login(login).expect("the call can be made")
    }

    /// The login of alice, whose transaction arrives at the gate.
    fn first(&self) -> RunningLogin {
        let first = self.start(&alice());
        self.gate.arrival();
        first
    }

    /// Waits until the supervisor has read all that was sent before: PAM is asked about somebody else, who is let in.
    fn settled(&self) {
        let other = self.start(&deferred("other", "198.51.100.1", NEW_CLIENT));
        self.gate.arrival();
        assert!(other.files.verdict().is_none());
    }

    fn says(&self, text: &str) {
        self.subject
            .plugin
            .wait_for_log_text(text, PATIENCE)
            .unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

fn alice() -> Login {
    deferred("alice", "192.0.2.1", NEW_CLIENT)
}

/// What OpenVPN does when it gives up a pending login.
fn give_up(login: &RunningLogin) {
    for file in [login.files.control(), login.files.reason(), login.files.pending()] {
        fs::remove_file(file).expect("the file is there");
    }
}

/// From another port, too: PAM is asked once, and each attempt gets the verdict, with a line that says so.
pub(crate) fn joins() {
    let pushing = Pushing::new("", &[]);
    let first = pushing.first();
    let again = pushing.start(&alice().env("untrusted_port", "40001"));
    pushing.settled();
    assert_eq!(pushing.record.users(), ["alice", "other"]);
    (0..2).for_each(|_| pushing.gate.open());
    for login in [first, again] {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    pushing.says("user 'alice' authenticated; one transaction with reference ");
    // The next one is asked about again.
    pushing.gate.open();
    assert!(pushing.start(&alice()).finish(PATIENCE).accepted());
    assert_eq!(pushing.record.users(), ["alice", "other", "alice"]);
    pushing.subject.close();
}

/// A refusal is one for both.
pub(crate) fn joins_and_is_refused() {
    let pushing = Pushing::new("", &["auth/alice:deny"]);
    let first = pushing.first();
    let again = pushing.start(&alice());
    pushing.settled();
    (0..2).for_each(|_| pushing.gate.open());
    for login in [first, again] {
        let outcome = login.finish(PATIENCE);
        assert!(!outcome.accepted() && outcome.verdict.is_some(), "{outcome}");
    }
    pushing.says("failed to authenticate: Authentication failure; one transaction with reference ");
    assert_eq!(pushing.record.users(), ["alice", "other"]);
    pushing.subject.close();
}

/// Nobody is let in by a transaction for which he has not sent the same.
pub(crate) fn never_with_another_password() {
    let pushing = Pushing::new("refusal-time=0", &["auth/alice:password=word"]);
    let first = pushing.first();
    let guess = pushing.start(&alice().env("password", "guess"));
    // One of its own.
    pushing.gate.arrival();
    (0..2).for_each(|_| pushing.gate.open());
    assert!(first.finish(PATIENCE).accepted());
    let outcome = guess.finish(PATIENCE);
    assert!(!outcome.accepted() && outcome.verdict.is_some(), "{outcome}");
    for other in [
        alice().env("common_name", "phone"),
        alice().env("password", "SCRV1:d29yZA==:MTIz"),
        alice().env("untrusted_ip", "192.0.2.2"),
    ] {
        let first = pushing.first();
        let other = pushing.start(&other);
        pushing.gate.arrival();
        (0..2).for_each(|_| pushing.gate.open());
        assert!(first.finish(PATIENCE).accepted() && other.finish(PATIENCE).accepted());
    }
    pushing.subject.close();
}

/// The first client is gone, its transaction goes on, and the client that comes back has the verdict.
pub(crate) fn gone_and_back() {
    let pushing = Pushing::new("", &[]);
    let gone = pushing.first();
    give_up(&gone);
    let back = pushing.start(&alice());
    pushing.settled();
    (0..2).for_each(|_| pushing.gate.open());
    let outcome = back.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}");
    assert_eq!(pushing.record.users(), ["alice", "other"]);
    assert!(!gone.files.control().exists(), "the control file was made again");
    pushing.subject.close();
}

/// The first one leaves while it waits for a worker: the one that has joined it goes on.
pub(crate) fn the_first_leaves_the_queue() {
    let pushing = Pushing::new("max-workers=1", &[]);
    let busy = pushing.start(&deferred("busy", "192.0.2.9", NEW_CLIENT));
    pushing.gate.arrival();
    let [gone, stays, also_gone] = [(); 3].map(|()| pushing.start(&alice()));
    for login in [&gone, &also_gone] {
        give_up(login);
    }
    let line = "user 'alice': the client has disconnected; PAM was not asked";
    let seen = || pushing.subject.plugin.log_lines().iter().filter(|it| it.text.contains(line)).count();
    assert!(harness::proc_table::wait_until(PATIENCE, || seen() == 2), "{} are gone", seen());
    (0..2).for_each(|_| pushing.gate.open());
    for login in [busy, stays] {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    assert_eq!(pushing.record.users(), ["busy", "alice"]);
    pushing.subject.close();
}

/// So many may join, and one more is rejected for now.
pub(crate) fn bounded() {
    let pushing = Pushing::new("", &[]);
    let all: Vec<RunningLogin> = (0..MOST).map(|_| pushing.start(&alice())).collect();
    let outcome = pushing.start(&alice()).finish(PATIENCE);
    assert!(outcome.reason.as_deref().is_some_and(|reason| reason.starts_with("TEMP[")), "{outcome}");
    pushing.gate.open();
    for login in all {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    assert_eq!(pushing.record.users(), ["alice"]);
    pushing.subject.close();
}
