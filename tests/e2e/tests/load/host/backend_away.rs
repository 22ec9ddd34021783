//! Failures that are not the user's: the client is told to come back later.

use std::time::Duration;

use ovpn_plugin_host::{FuncResult, Login, LoginOutcome};

use crate::check::{self, NEW_CLIENT, OLD_CLIENT, Subject};

const PATIENCE: Duration = Duration::from_secs(30);

/// Each user meets the failure of the same name.
const AWAY: [&str; 5] = ["unavail", "try-again", "acct-unavail", "acct-try-again", "hang"];

fn subject() -> Subject {
    Subject::new(
        "timeout=2",
        &[
            "auth/unavail:code=PAM_AUTHINFO_UNAVAIL",
            "auth/try-again:code=PAM_TRY_AGAIN",
            "account/acct-unavail:code=PAM_AUTHINFO_UNAVAIL",
            "account/acct-try-again:code=PAM_TRY_AGAIN",
            "auth/hang:hang",
            "auth/deny:deny",
            "auth/crash:crash",
            "auth/maxtries:code=PAM_MAXTRIES",
            "account/expired:code=PAM_ACCT_EXPIRED",
        ],
    )
}

fn temporary(outcome: &LoginOutcome) -> bool {
    let reason = outcome.reason.as_deref().unwrap_or_default();
    reason.starts_with("TEMP[backoff ") && reason.contains(",advance no]: the authentication service ")
}

fn outcome(subject: &Subject, login: &Login) -> LoginOutcome {
    let outcome = subject.plugin.login(login, PATIENCE).expect("the call can be made");
    assert!(!outcome.accepted(), "{outcome}");
    assert!(outcome.result != FuncResult::Deferred || outcome.verdict.is_some(), "no verdict: {outcome}");
    outcome
}

/// New clients are told so, old ones are only refused.
fn in_mode(login: impl Fn(&str, &str) -> Login) {
    let subject = subject();
    for user in AWAY {
        let new = outcome(&subject, &login(user, NEW_CLIENT));
        assert!(temporary(&new), "{user}: {new}");
        let old = outcome(&subject, &login(user, OLD_CLIENT));
        assert_eq!(old.reason, None, "{user}: {old}");
    }
    subject.close();
}

fn login(user: &str, iv_proto: &str) -> Login {
    check::deferred(user, "192.0.2.1", iv_proto)
}

pub(crate) fn deferred() {
    in_mode(login);
}

pub(crate) fn default_mode() {
    in_mode(|user, iv_proto| login(user, iv_proto).without_env("deferred_auth_pam"));
}

/// Who comes back later with the same would fail again.
pub(crate) fn other_failures() {
    let subject = subject();
    for user in ["deny", "crash", "maxtries", "expired"] {
        let outcome = outcome(&subject, &login(user, NEW_CLIENT));
        assert_eq!(outcome.reason, None, "{user}: {outcome}");
    }
    subject.close();
}
