//! A source that only fails is put off before PAM is asked; everybody else, and who only errs, is not.

use std::time::{Duration, Instant};

use harness::proc_table::wait_until;
use ovpn_plugin_host::{Login, LoginOutcome, RunningLogin};

use crate::check::{NEW_CLIENT, Record, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// After so many different failures in a row.
const ENOUGH: usize = 10;
/// So many of those who are put off are tried all the same, in the time a few refusals take.
const FEW: usize = 4;
const GUESSER: &str = "192.0.2.66";
const RIGHT: &str = "word";

struct Scene {
    subject: Subject,
    /// Each time PAM was asked.
    record: Record,
}

impl Scene {
    fn new(options: &str) -> Self {
        Self::with(options, &[])
    }

    /// The module does this before it looks at the password.
    fn with(options: &str, before: &[&str]) -> Self {
        let record = Record::new();
        let (recorded, password) = (record.argument(), format!("auth/password={RIGHT}"));
        let arguments = [&[&*recorded], before, &[&*password]].concat();
        Self { subject: Subject::new(options, &arguments), record }
    }

    fn start(&self, login: &Login) -> RunningLogin {
        self.subject.plugin.start_login(login).expect("the call can be made")
    }

    /// All at once.
    fn all(&self, logins: &[Login]) -> Vec<LoginOutcome> {
        let running: Vec<RunningLogin> = logins.iter().map(|login| self.start(login)).collect();
        running.into_iter().map(|login| login.finish(PATIENCE)).collect()
    }

    /// As many at once as of one name may wait; PAM is asked about each and refuses each.
    fn all_are_refused_by_pam(&self, logins: &[Login]) {
        let before = self.record.users().len();
        for outcome in logins.chunks(4).flat_map(|some| self.all(some)) {
            assert!(!outcome.accepted() && outcome.reason.is_none(), "{outcome}");
        }
        assert_eq!(self.record.users().len() - before, logins.len(), "PAM was asked less often");
    }

    fn is_accepted(&self, login: &Login) {
        let outcome = self.start(login).finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }

    /// All at once; all but a few, which find out whether the source has come to its senses, are put off without PAM.
    fn nearly_all_are_put_off(&self, logins: &[Login]) {
        let before = self.record.users().len();
        let outcomes = self.all(logins);
        let put_off = |outcome: &&LoginOutcome| {
            let reason = outcome.reason.as_deref().unwrap_or_default();
            reason.starts_with("TEMP[backoff ") && reason.contains("too many failed logins from your address")
        };
        let count = outcomes.iter().filter(put_off).count();
        assert!(count + FEW >= logins.len(), "{count} of {} are put off: {outcomes:?}", logins.len());
        assert_eq!(self.record.users().len() - before, logins.len() - count, "PAM was asked about others");
    }
}

fn login(user: &str, password: &str) -> Login {
    deferred(user, GUESSER, NEW_CLIENT).env("password", password)
}

/// Other passwords for one name, and other names for one password.
fn guesses(count: usize, mark: &str) -> Vec<Login> {
    (0..count)
        .map(|number| match number % 2 {
            0 => login("alice", &format!("{mark}{number}")),
            _ => login(&format!("{mark}{number}"), "guess"),
        })
        .collect()
}

fn put_off_after_ten(options: &str, change: impl Fn(usize, Login) -> Login) {
    let scene = Scene::new(options);
    let changed = |logins: Vec<Login>| -> Vec<Login> {
        logins.into_iter().enumerate().map(|(number, login)| change(number, login)).collect()
    };
    scene.all_are_refused_by_pam(&changed(guesses(ENOUGH, "first")));
    let more = |user: fn(usize) -> String, password: &str| {
        changed((0..2 * ENOUGH).map(|number| login(&user(number), &format!("{password}{number}"))).collect())
    };
    // Neither the account that was guessed at, nor others.
    scene.nearly_all_are_put_off(&more(|_| "alice".to_string(), "more"));
    scene.nearly_all_are_put_off(&more(|number| format!("other{number}"), "guess"));
    scene.is_accepted(
        &change(0, login("alice", RIGHT)).without_env("untrusted_ip6").env("untrusted_ip", "198.51.100.1"),
    );
    scene.subject.close();
}

pub(crate) fn deferred_mode() {
    put_off_after_ten("", |_, login| login);
}

pub(crate) fn default_mode() {
    put_off_after_ten("", |_, login| login.without_env("deferred_auth_pam"));
}

/// One IPv6 network is one source.
pub(crate) fn ipv6() {
    put_off_after_ten("", |number, login| {
        login.without_env("untrusted_ip").env("untrusted_ip6", format!("2001:db8:1:2::{number:x}"))
    });
}

pub(crate) fn ipv4_prefix() {
    put_off_after_ten("ipv4-prefix=24", |number, login| {
        login.env("untrusted_ip", format!("192.0.2.{number}"))
    });
}

/// A client with an old password in its configuration.
pub(crate) fn the_same_again() {
    let scene = Scene::new("refusal-time=0");
    // One after the other: at once they would share a transaction.
    for _ in 0..3 * ENOUGH {
        scene.all_are_refused_by_pam(&[login("alice", "old password")]);
    }
    scene.is_accepted(&login("alice", RIGHT));
    scene.subject.close();
}

pub(crate) fn forgiven() {
    let scene = Scene::new("");
    for mark in ["first", "second", "third"] {
        scene.all_are_refused_by_pam(&guesses(ENOUGH - 1, mark));
        scene.is_accepted(&login("bob", RIGHT));
    }
    scene.subject.close();
}

pub(crate) fn turned_off() {
    let scene = Scene::new("penalties=no");
    scene.all_are_refused_by_pam(&guesses(3 * ENOUGH, "guess"));
    scene.is_accepted(&login("alice", RIGHT));
    scene.subject.close();
}

/// Guesses that wait when the source is closed are not passed on either. It is closed when the tenth refusal may be known,
/// so until then PAM goes on.
pub(crate) fn a_burst() {
    const SLEEP: Duration = Duration::from_millis(200);
    /// The longest default.
    const REFUSAL: Duration = Duration::from_millis(1250);
    let scene = Scene::with("max-workers=1 grace=0", &[&format!("auth/sleep={}", SLEEP.as_millis())]);
    let begin = Instant::now();
    let outcomes = scene.all(&guesses(10 * ENOUGH, "burst"));
    assert!(outcomes.iter().all(|outcome| !outcome.accepted()), "{outcomes:?}");
    let asked = scene.record.users().len();
    // A new name is passed on each second, and on a slow machine the burst takes some.
    let seconds = usize::try_from(begin.elapsed().as_secs()).expect("some seconds");
    let meanwhile = usize::try_from(REFUSAL.as_millis().div_ceil(SLEEP.as_millis())).expect("a few");
    let most = ENOUGH + meanwhile + FEW + seconds;
    assert!((ENOUGH..=most).contains(&asked), "PAM was asked {asked} times in {seconds} s");
    scene.subject.close();
}

/// A name that has an account takes PAM longer than one that has none.
const SLOW: &str = "auth/account:sleep=1500";
/// So long that all of a check is over before the first refusal may be known, on a busy machine too.
const LATE: &str = "refusal-time=8000";

/// Of one kind with the other: put off, or refused by PAM.
fn backoff(outcome: &LoginOutcome) -> Option<u64> {
    assert!(!outcome.accepted(), "{outcome}");
    let number = outcome.reason.as_deref()?.strip_prefix("TEMP[backoff ")?.split(',').next()?;
    Some(number.parse().expect("a number"))
}

/// The tenth guess closes its source. Whether the next one is put off does not tell how long PAM took for the tenth.
pub(crate) fn closing_tells_nothing() {
    for name in ["account", "nobody"] {
        let scene = Scene::with(LATE, &[SLOW]);
        let mut running: Vec<RunningLogin> =
            guesses(ENOUGH - 1, "first").iter().map(|login| scene.start(login)).collect();
        assert!(wait_until(PATIENCE, || scene.record.users().len() == ENOUGH - 1), "PAM was not asked");
        running.push(scene.start(&login(name, "guess")));
        assert!(wait_until(PATIENCE, || scene.record.users().len() == ENOUGH), "PAM was not asked");
        // So that what PAM says of the one without an account has come. No event tells: that it has come must not show. Where
        // this is too short, less is tried.
        std::thread::sleep(Duration::from_millis(500));
        running.push(scene.start(&login("alice", "another guess")));
        let outcomes = running.into_iter().map(|login| login.finish(PATIENCE));
        let put_off = outcomes.filter(|outcome| backoff(outcome).is_some()).count();
        assert_eq!(put_off, 0, "after a guess for {name}");
        scene.subject.close();
    }
}

/// While a source is closed, a new name is passed on each second. When the same name may be tried again does not tell how long
/// PAM took for it.
pub(crate) fn a_closed_source_tells_nothing() {
    for name in ["account", "nobody"] {
        let scene = Scene::with(LATE, &["auth/crash*:crash", SLOW]);
        // These count at once.
        let crashes: Vec<Login> =
            (0..ENOUGH).map(|number| login(&format!("crash{number}"), "guess")).collect();
        scene.all(&crashes);
        let before = scene.record.users().len();
        let first = scene.start(&login(name, "guess"));
        assert!(wait_until(PATIENCE, || scene.record.users().len() > before), "PAM was not asked");
        // As in `closing_tells_nothing`.
        std::thread::sleep(Duration::from_millis(500));
        let second = scene.start(&login(name, "another guess")).finish(PATIENCE);
        // On a slow machine the second is over, and this one is passed on too.
        assert!(backoff(&second).is_none_or(|seconds| seconds <= 1), "after a guess for {name}: {second}");
        assert_eq!(backoff(&first.finish(PATIENCE)), None);
        scene.subject.close();
    }
}

/// Users behind one router, one of whom guesses somebody else's password all the time.
pub(crate) fn among_many() {
    let scene = Scene::new("");
    let logins: Vec<Login> = (0..300)
        .map(|number| match number % 3 {
            0 => login("alice", &format!("guess{number}")),
            _ => login(&format!("good{number}"), RIGHT),
        })
        .collect();
    let harmed: Vec<String> = scene
        .all(&logins)
        .iter()
        .enumerate()
        .filter(|(number, outcome)| outcome.accepted() != (number % 3 != 0))
        .map(|(number, outcome)| format!("{number}: {outcome}"))
        .collect();
    assert!(harmed.is_empty(), "{} are harmed: {}", harmed.len(), harmed[0]);
    scene.subject.close();
}
