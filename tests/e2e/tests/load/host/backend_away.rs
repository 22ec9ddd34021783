//! What PAM asks is away. When it is so for everybody, logins are put off without asking PAM until it is back; a single
//! user for whom it seems so is refused as ever.

use std::time::{Duration, Instant};

use ovpn_plugin_host::{FuncResult, Login, LoginOutcome};

use crate::check::{self, NEW_CLIENT, OLD_CLIENT, Record, Subject};

const PATIENCE: Duration = Duration::from_secs(30);
const AWAY: &str = "auth/code=PAM_AUTHINFO_UNAVAIL";
/// So many different users in a row are everybody.
const EVERYBODY: usize = 5;
/// Time between two logins that are tried until PAM is asked again.
const PAUSE: Duration = Duration::from_millis(200);

fn outcome(subject: &Subject, login: &Login) -> LoginOutcome {
    let outcome = subject.plugin.login(login, PATIENCE).expect("the call can be made");
    assert!(outcome.result != FuncResult::Deferred || outcome.verdict.is_some(), "no verdict: {outcome}");
    outcome
}

fn plainly_refused(outcome: &LoginOutcome) {
    assert!(!outcome.accepted() && outcome.reason.is_none(), "{outcome}");
}

fn put_off(outcome: &LoginOutcome, text: &str) {
    let reason = outcome.reason.as_deref().unwrap_or_default();
    let fine =
        reason.starts_with("TEMP[backoff ") && reason.contains(",advance no]: the authentication service ");
    assert!(!outcome.accepted() && fine && reason.contains(text), "{outcome}");
}

/// Each from another address.
fn login(user: &str, number: usize) -> Login {
    check::deferred(user, &format!("198.51.{}.{}", number / 250, number % 250), NEW_CLIENT)
}

/// How many lines tell the administrator that the backend has gone or come.
fn announced(subject: &Subject) -> usize {
    let about = |text: &str| text.contains("backend") || text.contains("authentication service");
    let lines = subject.plugin.log_lines();
    lines.iter().filter(|line| !line.text.contains("user '") && about(&line.text)).count()
}

fn for_everybody(change: impl Fn(Login) -> Login) {
    let record = Record::new();
    let subject = Subject::new("", &[&record.argument()]);
    let mut number = 0;
    let mut next = || {
        number += 1;
        outcome(&subject, &change(login(&format!("user{number}"), number)))
    };
    // Names that nobody has logged in with say nothing.
    for _ in 0..EVERYBODY {
        assert!(next().accepted());
    }
    subject.change(&[&record.argument(), AWAY]);
    for _ in 0..2 * EVERYBODY {
        plainly_refused(&next());
    }
    for known in 1..=EVERYBODY {
        let outcome = outcome(&subject, &change(login(&format!("user{known}"), 100 + known)));
        assert!(!outcome.accepted(), "{outcome}");
    }
    assert_eq!(record.users().len(), 4 * EVERYBODY);
    for _ in 0..20 {
        put_off(&next(), "cannot be reached");
    }
    // Now and then one login finds out.
    let asked = record.users().len() - 4 * EVERYBODY;
    assert!(asked <= 3, "PAM was asked {asked} times");
    assert_eq!(announced(&subject), 1, "{:?}", subject.plugin.log_lines());

    subject.change(&[&record.argument()]);
    let end = Instant::now() + PATIENCE;
    loop {
        let outcome = next();
        if outcome.accepted() {
            break;
        }
        put_off(&outcome, "cannot be reached");
        assert!(Instant::now() < end, "nobody finds out that the backend is back");
        std::thread::sleep(PAUSE);
    }
    for _ in 0..EVERYBODY {
        let outcome = next();
        assert!(outcome.accepted(), "{outcome}");
    }
    assert_eq!(announced(&subject), 2, "{:?}", subject.plugin.log_lines());
    subject.close();
}

pub(crate) fn deferred() {
    for_everybody(|login| login);
}

pub(crate) fn default_mode() {
    for_everybody(|login| login.without_env("deferred_auth_pam"));
}

/// A token without keys, an account without a shadow line: it is the user's, and who tries again fails again.
pub(crate) fn for_one_user() {
    let subject = Subject::new("", &["auth/alice:code=PAM_AUTHINFO_UNAVAIL", "auth/bob:code=PAM_TRY_AGAIN"]);
    for user in ["alice", "bob"] {
        for number in 0..EVERYBODY + 2 {
            plainly_refused(&outcome(&subject, &login(user, number)));
        }
    }
    let carol = outcome(&subject, &login("carol", 100));
    assert!(carol.accepted(), "{carol}");
    assert_eq!(announced(&subject), 0, "{:?}", subject.plugin.log_lines());
    subject.close();
}

/// Which has its own reasons to say so, and then for many users.
pub(crate) fn in_the_account_phase() {
    let subject = Subject::new("", &["account/user*:code=PAM_AUTHINFO_UNAVAIL"]);
    for number in 0..2 * EVERYBODY {
        plainly_refused(&outcome(&subject, &login(&format!("user{number}"), number)));
    }
    let carol = outcome(&subject, &login("carol", 100));
    assert!(carol.accepted(), "{carol}");
    subject.close();
}

/// Clients that understand it are put off, others are refused and learn why.
pub(crate) fn no_answer() {
    let subject = Subject::new("timeout=2", &["auth/hang:hang"]);
    for mode in [|login: Login| login, |login: Login| login.without_env("deferred_auth_pam")] {
        put_off(
            &outcome(&subject, &mode(check::deferred("hang", "192.0.2.1", NEW_CLIENT))),
            "does not answer",
        );
        let old = outcome(&subject, &mode(check::deferred("hang", "192.0.2.1", OLD_CLIENT)));
        let reason = old.reason.clone().unwrap_or_default();
        assert!(reason.starts_with("the authentication service does not answer (reference "), "{old}");
    }
    subject.close();
}

/// Who comes back later with the same would fail again.
pub(crate) fn other_failures() {
    let arguments = [
        "auth/deny:deny",
        "auth/exit:exit",
        "auth/maxtries:code=PAM_MAXTRIES",
        "account/expired:code=PAM_ACCT_EXPIRED",
    ];
    let subject = Subject::new("", &arguments);
    for user in ["deny", "exit", "maxtries"] {
        plainly_refused(&outcome(&subject, &check::deferred(user, "192.0.2.1", NEW_CLIENT)));
    }
    let expired = outcome(&subject, &check::deferred("expired", "192.0.2.1", NEW_CLIENT));
    let reason = expired.reason.as_deref().unwrap_or_default();
    assert!(!expired.accepted() && reason.starts_with("your account"), "{expired}");
    subject.close();
}
