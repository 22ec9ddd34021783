//! What people answer is in no log and, once it is decided, in no memory of the helpers.

use e2e::secrets::{TwoFactors, end_of, unique};
use harness::management::base64;
use harness::needs::Need;
use harness::proc_table::wait_gone;
use harness::requires;
use harness::{Gate, PATIENCE, PersonConfig};

use crate::stage::{QUESTION, Stage};

struct Secrets {
    password: String,
    answer: String,
    wrong: String,
}

impl Secrets {
    fn new() -> Self {
        Self { password: unique("password"), answer: unique("answer"), wrong: unique("another answer") }
    }

    fn all(&self) -> [&str; 3] {
        [&self.password, &self.answer, &self.wrong]
    }

    fn actions(&self) -> Vec<String> {
        vec![
            format!("auth/password={}", self.password),
            format!("auth/ask={QUESTION}"),
            format!("auth/expect={}", self.answer),
        ]
    }

    /// One with the right answer, one with a wrong one, one who gives none.
    fn log_in(&self, stage: &Stage, methods: &str) {
        let person = || stage.server.person("alice", &self.password).announcing(methods);
        person().answers(&[&self.answer]).start().connects();
        person().answers(&[&self.wrong]).start().refused();
    }
}

#[test]
fn no_log_shows_an_answer() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let secrets = Secrets::new();
    for (verb, deferred, methods) in
        [(4, false, "none"), (11, false, "none"), (11, true, "none"), (11, true, "crtext")]
    {
        let stage = Stage::with("syslog=authpriv", &secrets.actions(), |config| {
            config.line(&format!("verb {verb}")).dropped().dev_log().deferred_if(deferred)
        });
        secrets.log_in(&stage, methods);
        stage.server.stop();
        let log = stage.server.log().text() + &stage.server.syslog().text();
        assert!(log.contains("AUTH-PAM") && log.contains(QUESTION) == (verb > 3), "{log}");
        for secret in secrets.all() {
            for form in [end_of(secret).to_string(), base64(secret.as_bytes())] {
                let found: Vec<&str> = log
                    .lines()
                    .filter(|line| line.contains(&form))
                    // OpenVPN's own: from verb 3 on it logs the answer to a question while a login is pending.
                    .filter(|line| !(methods == "crtext" && line.contains("CR_RESPONSE")))
                    .collect();
                assert!(found.is_empty(), "verb {verb}, {methods}: {form} in {found:#?}");
            }
        }
    }
}

fn server(password: &str, deferred: bool, actions: &str) -> TwoFactors {
    TwoFactors::new(password, "challenge=yes", actions, |config| config.deferred_if(deferred))
}

fn person<'a>(at: &'a TwoFactors, methods: &str) -> PersonConfig<'a> {
    at.server.person(at.account.name(), at.account.password()).announcing(methods)
}

#[test]
fn no_helper_keeps_an_answer() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    for (deferred, methods) in [(false, "none"), (true, "none"), (true, "crtext")] {
        for (after, accepted) in [("auth/ask=Code:", true), ("auth/ask=Code: auth/deny", false)] {
            let (secrets, gate) = (Secrets::new(), Gate::new());
            let at = server(&secrets.password, deferred, &format!("auth/{} {after}", gate.tell()));
            let person = person(&at, methods).answers(&[&secrets.answer]).start();
            if accepted {
                person.connects();
            } else {
                person.refused();
            }
            // The worker that asked leaves, and takes with it whatever modules keep.
            assert!(wait_gone(gate.arrival(), PATIENCE));
            for secret in [&secrets.password, &secrets.answer] {
                assert_eq!(at.holders(secret), [0; 0], "deferred: {deferred}, {methods}, {after}: {secret}");
            }
        }
    }
}

/// As long as the question is open its worker has what PAM was given, and nobody else.
#[test]
fn while_a_question_is_open_only_its_worker_has_the_password() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let (secrets, gate) = (Secrets::new(), Gate::new());
    let at = server(&secrets.password, true, &format!("auth/{} auth/ask=Code:", gate.tell()));
    let alice = person(&at, "none").start();
    let worker = gate.arrival();
    alice.question(0);
    assert_eq!(at.holders(&secrets.password), [worker]);
}
