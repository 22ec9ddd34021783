//! A deferred login that PAM refuses: the verdict takes its time, whatever PAM takes, and holds up nobody.

use std::time::Duration;

use ovpn_plugin_host::{FuncResult, RunningLogin};

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// The default of `refusal-time`.
const DEFAULT: Duration = Duration::from_millis(1000);
const STACK: [&str; 3] = ["auth/bad*:deny", "account/expired*:code=PAM_ACCT_EXPIRED", "auth/slow:sleep=4000"];

fn start(subject: &Subject, user: &str, number: u8) -> RunningLogin {
    let login = deferred(user, &format!("192.0.2.{number}"), NEW_CLIENT);
    subject.plugin.start_login(&login).expect("the call can be made")
}

/// Whether the plugin waited for them or not.
pub(crate) fn by_default() {
    let subject = Subject::new("", &STACK);
    let good = start(&subject, "good", 1).finish(PATIENCE);
    assert!(good.accepted(), "{good}");
    for (number, user) in (2..).zip(["bad1", "expired1", "bad2", "bad3", "expired2"]) {
        let outcome = start(&subject, user, number).finish(PATIENCE);
        assert!(!outcome.accepted() && outcome.took >= DEFAULT, "{outcome}");
        assert_eq!(outcome.result, FuncResult::Deferred, "{outcome}");
    }
    subject.close();
}

/// The only worker is free meanwhile, and a client that is accepted gets in at once.
pub(crate) fn while_others_log_in() {
    let subject = Subject::new("max-workers=1 refusal-time=8000", &STACK);
    let bad: Vec<RunningLogin> = (1..4).map(|number| start(&subject, "bad", number)).collect();
    for number in 4..8 {
        let good = start(&subject, "good", number).finish(PATIENCE);
        assert!(good.accepted(), "{good}");
    }
    assert!(bad.iter().all(|login| login.files.verdict().is_none()), "refused before the time is over");
    for login in bad {
        let outcome = login.finish(PATIENCE);
        assert!(!outcome.accepted() && outcome.verdict.is_some(), "{outcome}");
    }
    subject.close();
}

/// A refusal comes while a login that began before it is still with PAM.
pub(crate) fn turned_off() {
    let subject = Subject::new("refusal-time=0", &STACK);
    let slow = start(&subject, "slow", 1);
    let bad = start(&subject, "bad", 2).finish(PATIENCE);
    assert!(!bad.accepted() && slow.files.verdict().is_none(), "{bad}");
    let slow = slow.finish(PATIENCE);
    assert!(slow.accepted(), "{slow}");
    subject.close();
}

/// Some wrong logins of one name at once: for which of them there is no room does not tell how long PAM takes, which is
/// longer for a name that has an account.
pub(crate) fn one_too_many() {
    const AT_ONCE: usize = 30;
    // All have come before the first is answered, on a busy machine too.
    let subject = Subject::new("refusal-time=10000", &["auth/account*:sleep=300", "auth/code=PAM_AUTH_ERR"]);
    for (name, number) in [("account", 1), ("nobody", 2)] {
        let running: Vec<RunningLogin> = (0..AT_ONCE).map(|_| start(&subject, name, number)).collect();
        let outcomes = running.into_iter().map(|login| login.finish(PATIENCE));
        let temporary = outcomes.filter(|outcome| outcome.reason.is_some()).count();
        assert_eq!(temporary, AT_ONCE - 6, "of the user {name}");
    }
    subject.close();
}
