//! Logins that wait for PAM for long: one line when it begins, one when it is over. Each case waits for the ten seconds
//! that a login has to have waited.

use harness::Gate;

use super::questions::ask;
use super::sessions::Site;
use crate::stage::{PATIENCE, Stage, deferred, user, user_at, user_with};

const BEGUN: &str = "logins wait for PAM: ";
const OVER: &str = "logins no longer wait for PAM: ";

fn count(stage: &Stage, words: &str) -> usize {
    stage.log().lines().filter(|line| line.contains(words)).count()
}

/// One hangs in PAM, another one waits for its worker. Somebody is asked a question all the time.
pub(crate) fn it_is_said_at_its_beginning_and_at_its_end() {
    let options = ["challenge=yes", "refusal-time=0", "max-workers=1", "syslog=auth"];
    let stage = Stage::open_with(&[("verb", "1"), ("config", "/etc/openvpn/server1.conf")], &options);
    ask(&stage, &user_with("ask-many", "1"));
    let gate = Gate::new();
    let hangs = stage.start(&deferred(user_at("gate-good", &gate)));
    let worker = gate.arrival();
    let queued = stage.start(&deferred(user("good")));
    let line = stage.line(BEGUN);
    let place =
        format!("in the authentication phase (process {worker}), user 'gate-good'; 1 of 1 workers run, 1 in");
    // The second one has waited for a moment less.
    let begins =
        [1, 2].map(|count| format!("{BEGUN}{count} for 10 s or longer, the oldest for 10 s {place}"));
    assert!(begins.iter().any(|begin| line.contains(begin)), "{line}");
    assert!(line.contains(" the queue (192.0.2.7") && line.contains("server1, reference "), "{line}");
    gate.open();
    for (login, name) in [(hangs, "gate-good"), (queued, "good")] {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
        let line = stage.line(&format!("user '{name}' authenticated"));
        let (_, took) = line.split_once("took ").unwrap_or_default();
        let [whole, pam] = ["", "PAM "].map(|before| {
            let rest = took.split_once(before).map_or("", |(_, rest)| rest);
            rest.split_once(" s,").and_then(|(number, _)| number.parse::<f64>().ok()).unwrap_or(-1.0)
        });
        // Both have waited: one for its module, the other one for the worker.
        assert!(whole >= 9.0 && pam >= 0.0 && (pam >= 9.0) == (name == "gate-good"), "{line}");
    }
    assert!(stage.line(OVER).contains(": it answers again, after 1"), "{}", stage.log());
    assert_eq!((count(&stage, BEGUN), count(&stage, OVER)), (1, 1), "{}", stage.log());
}

pub(crate) fn it_is_over_too_when_nobody_waits_any_more() {
    let stage = Stage::open(&["timeout=12"]);
    let gate = Gate::new();
    let outcome = stage.login(&deferred(user_at("gate-good", &gate)));
    assert!(!outcome.accepted(), "{outcome}");
    let line = stage.line(OVER);
    assert!(line.contains(": the last one has ended without its answer, after 12 s"), "{line}");
    assert_eq!((count(&stage, BEGUN), count(&stage, OVER)), (1, 1), "{}", stage.log());
}

/// Its module looks again and again whether that is done. It came first, and still is not the one that hangs.
pub(crate) fn a_person_at_a_web_page_is_no_slow_login() {
    let stage = Stage::open(&["open-urls=yes", "refusal-time=0", "grace=0", "question-wait=1000"]);
    let [page, gate] = [Gate::new(), Gate::new()];
    let client = stage.plugin.client();
    let login = deferred(user_at("ask-pageG", &page)).env("IV_SSO", "openurl");
    let at_page = client.start_login(&login).unwrap_or_else(|error| panic!("{error}"));
    page.arrival();
    let hangs = stage.start(&deferred(user_at("gate-good", &gate)));
    gate.arrival();
    let line = stage.line(BEGUN);
    assert!(
        line.contains(&format!("{BEGUN}1 for 10 s")) && line.contains("user 'gate-good'; 2 of "),
        "{line}"
    );
    gate.open();
    let outcome = hangs.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}");
    stage.line(OVER);
    page.open();
    let outcome = at_page.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
}

pub(crate) fn a_session_that_hangs_is_named_as_such() {
    let site = Site::new(&[]);
    let client = site.client("hangs");
    let worker = site.worker();
    let files = site.files("hangs");
    client.call(&files.call("hangs")).unwrap();
    let line = site.stage.line(BEGUN);
    let words =
        format!("1 for 10 s or longer, the oldest for 10 s in the session or its account (process {worker})");
    assert!(line.contains(&words), "{line}");
}
