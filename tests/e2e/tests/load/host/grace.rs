//! Which deferred logins OpenVPN waits for, and for how long.

use std::time::{Duration, Instant};

use ovpn_plugin_host::{FuncResult, LoginOutcome, RunningLogin};

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that the option allows.
const GRACE: Duration = Duration::from_secs(10);

/// A plugin that would wait very long for a deferred login.
fn patient(arguments: &[&str]) -> Subject {
    Subject::new(&format!("grace={}", GRACE.as_millis()), arguments)
}

fn start(subject: &Subject, user: &str) -> RunningLogin {
    // What follows an accepted login within a millisecond is a burst, for which nobody waits.
    std::thread::sleep(Duration::from_millis(5));
    let login = subject.plugin.start_login(&deferred(user, "192.0.2.1", NEW_CLIENT));
    login.expect("the call can be made")
}

fn finish(login: RunningLogin) -> LoginOutcome {
    let outcome = login.finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}");
    outcome
}

/// Two quick logins: from then on OpenVPN waits.
fn teach(subject: &Subject) {
    for _ in 0..2 {
        assert_eq!(finish(start(subject, "first")).result, FuncResult::Deferred);
    }
}

/// What PAM accepts within the grace is answered directly, and does not wait for the end of the grace.
pub(crate) fn quick() {
    let subject = patient(&["auth/sleep=50"]);
    teach(&subject);
    let quick = [(); 3].map(|()| finish(start(&subject, "quick")));
    assert!(quick.iter().all(|outcome| outcome.result == FuncResult::Success), "{quick:?}");
    assert!(quick.iter().any(|outcome| outcome.took < GRACE), "{quick:?}");
    subject.close();
}

/// A refusal costs the whole grace, whatever PAM thought of the login and whenever.
pub(crate) fn refused() {
    let subject = Subject::new(
        "grace=700 refusal-time=0",
        &["auth/late:sleep=200", "auth/late:deny", "auth/unknown:deny"],
    );
    teach(&subject);
    for user in ["unknown", "late"] {
        let started = Instant::now();
        let login = start(&subject, user);
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(700), "{user}: the call took {took:?}");
        assert!(!login.finish(PATIENCE).accepted());
    }
    subject.close();
}

/// One slow login changes nothing. After two of the last four, none is waited for, until one of the two is no longer among
/// them. Refusals in between change nothing.
pub(crate) fn learning() {
    let subject = Subject::new("grace=300 refusal-time=0", &["auth/slow:sleep=600", "auth/bad:deny"]);
    teach(&subject);
    assert_eq!(finish(start(&subject, "slow")).result, FuncResult::Deferred);
    assert_eq!(finish(start(&subject, "quick")).result, FuncResult::Success);
    assert_eq!(finish(start(&subject, "slow")).result, FuncResult::Deferred);
    let results: Vec<FuncResult> = (0..3)
        .map(|_| {
            assert!(!start(&subject, "bad").finish(PATIENCE).accepted());
            finish(start(&subject, "quick")).result
        })
        .collect();
    assert_eq!(results, [FuncResult::Deferred, FuncResult::Deferred, FuncResult::Success]);
    subject.close();
}

/// Somebody with one account logs in again and again. Each login is quick, but all of them together must not stop the server.
pub(crate) fn again_and_again() {
    const GRACE: Duration = Duration::from_millis(100);
    const LOGIN: Duration = Duration::from_millis(60);
    let subject = Subject::new("grace=100", &["auth/sleep=60"]);
    teach(&subject);
    let begin = Instant::now();
    let outcomes = (0..100).map(|_| finish(start(&subject, "eve")).result);
    let waits = outcomes.filter(|result| *result == FuncResult::Success).count();
    let stood_still = LOGIN * u32::try_from(waits).expect("a hundred");
    let budget = GRACE * 16 + begin.elapsed() / 5;
    assert!(waits > 0 && stood_still <= budget + LOGIN, "{waits} waits in {:?}", begin.elapsed());
    subject.close();
}

/// As many logins that never end as would otherwise be reason enough not to start another worker.
pub(crate) fn spinning() {
    let processors = std::thread::available_parallelism().expect("number of processors").get();
    let spinners = 2 * processors;
    let subject = Subject::new("timeout=20 grace=0 max-workers=64", &["auth/spin*:compute=60000"]);
    let spinning: Vec<RunningLogin> =
        (0..spinners).map(|number| start(&subject, &format!("spin{number}"))).collect();
    let login = subject.plugin.start_login(&deferred("good", "192.0.2.2", NEW_CLIENT)).expect("the call");
    finish(login);
    // It did not have to wait until they were over.
    assert!(spinning.iter().all(|login| login.files.wait_for_verdict(Duration::ZERO).is_none()));
    spinning.into_iter().for_each(|login| assert!(!login.finish(PATIENCE).accepted()));
    subject.close();
}
