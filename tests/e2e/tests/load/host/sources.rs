//! Sources share the workers and the queue: one may use all that nobody else wants, and no more.

use std::time::Duration;

use harness::Gate;
use ovpn_plugin_host::{Login, LoginOutcome, RunningLogin};

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than a check lasts.
const FLOOD: &str = "auth/flood*:sleep=120000";

fn start(subject: &Subject, login: &Login) -> RunningLogin {
    subject.plugin.start_login(login).expect("the call can be made")
}

fn pending(logins: &[RunningLogin]) -> usize {
    logins.iter().filter(|login| login.files.verdict().is_none()).count()
}

/// Users behind one router lose nothing, with different names or one. PAM answers none of them before all have come, and then
/// takes half a second for each.
pub(crate) fn one_router() {
    let gate = Gate::new();
    let subject = Subject::new("", &[&format!("auth/{}", gate.wait()), "auth/sleep=500"]);
    let logins: Vec<RunningLogin> = (0..300)
        .map(|number| start(&subject, &deferred(&format!("user{number}"), "192.0.2.1", NEW_CLIENT)))
        .collect();
    logins.iter().for_each(|_| gate.open());
    let outcomes: Vec<LoginOutcome> = logins.into_iter().map(|login| login.finish(PATIENCE)).collect();
    let refused: Vec<&LoginOutcome> = outcomes.iter().filter(|outcome| !outcome.accepted()).collect();
    assert!(refused.is_empty(), "{} of 300 are refused, the first: {}", refused.len(), refused[0]);
    subject.close();
}

/// A thousand logins of one address, which take for ever, do not keep somebody else waiting.
pub(crate) fn one_address() {
    let subject = Subject::new("timeout=0", &[FLOOD]);
    let flood: Vec<RunningLogin> = (0..1000)
        .map(|number| start(&subject, &deferred(&format!("flood{number}"), "192.0.2.1", NEW_CLIENT)))
        .collect();
    let waiting = pending(&flood);
    assert_eq!(waiting, 1000, "{} of a thousand logins are refused", 1000 - waiting);
    for user in ["alice", "bob"] {
        let outcome = start(&subject, &deferred(user, "192.0.2.2", NEW_CLIENT)).finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    assert_eq!(pending(&flood), 1000, "the flood is over: nobody had to wait for it");
    subject.close();
}

/// More logins than may wait, each from another address of one network of the size a customer gets.
pub(crate) fn one_network() {
    let subject = Subject::new("timeout=0", &[FLOOD]);
    let from = |user: &str, address: String| {
        deferred(user, "", NEW_CLIENT).without_env("untrusted_ip").env("untrusted_ip6", address)
    };
    let flood: Vec<RunningLogin> = (0..2000)
        .map(|number| start(&subject, &from(&format!("flood{number}"), format!("2001:db8:1:2::{number:x}"))))
        .collect();
    // The queue is full, or else this shows nothing.
    assert!(pending(&flood) < flood.len(), "all of {} logins may wait", flood.len());
    for (user, address) in [("alice", "2001:db8:1:3::1"), ("bob", "2001:db8:9::1")] {
        let outcome = start(&subject, &from(user, address.into())).finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    let outcome = start(&subject, &deferred("carol", "192.0.2.2", NEW_CLIENT)).finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}");
    assert!(pending(&flood) > 1000, "the flood is over: nobody had to wait for it");
    subject.close();
}

/// The rest is for others, whether they are there or not. An IPv4 address is the same in its IPv6 form.
pub(crate) fn three_quarters() {
    let gate = Gate::new();
    let arguments = [format!("auth/many*:{}", gate.tell()), format!("auth/many*:{}", gate.wait())];
    let subject = Subject::new("max-workers=4", &arguments.each_ref().map(String::as_str));
    let many: Vec<RunningLogin> = (0..6)
        .map(|number| {
            let login = deferred(&format!("many{number}"), "192.0.2.1", NEW_CLIENT);
            let mapped = login.clone().without_env("untrusted_ip").env("untrusted_ip6", "::ffff:192.0.2.1");
            start(&subject, if number % 2 == 0 { &login } else { &mapped })
        })
        .collect();
    for _ in 0..3 {
        gate.arrival();
    }
    // Each gets the fourth worker, which the source would keep if it ever had it.
    for user in ["alice", "bob", "carol"] {
        let outcome = start(&subject, &deferred(user, "192.0.2.2", NEW_CLIENT)).finish(PATIENCE);
        assert!(outcome.accepted(), "a fourth worker for the same source: {outcome}");
    }
    many.iter().for_each(|_| gate.open());
    for login in many {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    subject.close();
}

/// A name that many log in with, from wherever, has two transactions at a time; who has another name does not wait.
pub(crate) fn one_username() {
    let gate = Gate::new();
    let arguments = [format!("auth/alice:{}", gate.tell()), format!("auth/alice:{}", gate.wait())];
    let subject = Subject::new("max-workers=3", &arguments.each_ref().map(String::as_str));
    let alice: Vec<RunningLogin> = (1..5)
        .map(|number| start(&subject, &deferred("alice", &format!("192.0.2.{number}"), NEW_CLIENT)))
        .collect();
    let first_two = [gate.arrival(), gate.arrival()];
    assert_ne!(first_two[0], first_two[1]);
    // Each gets the third worker, which alice would keep if she ever had it.
    for user in ["bob", "carol"] {
        let outcome = start(&subject, &deferred(user, "192.0.2.9", NEW_CLIENT)).finish(PATIENCE);
        assert!(outcome.accepted(), "a third transaction: {outcome}");
    }
    for _ in &alice {
        gate.open();
    }
    for login in alice {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    subject.close();
}
