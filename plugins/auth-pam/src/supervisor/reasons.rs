//! What the person at the client learns of a refusal (`reasons`). Only the account phase says why, because only then the
//! password, and whatever else was asked for, was right: nobody learns here who has an account, or which factor was
//! wrong.

use pam::ReturnCode;

use super::outcome::{Outcome, code};
use crate::config::Reasons;
use crate::protocol::verdict::Verdict;
use crate::protocol::{MAX_SAID, MAX_TOLD, TransactionEnd};

const TOO_MANY: &str = "you already have as many connections as you may have";

/// The text for the client; empty: it learns nothing.
pub fn for_client(outcome: &Outcome, verdict: &Verdict, reasons: Reasons) -> Vec<u8> {
    let end = match (outcome, verdict) {
        (Outcome::Pam(end, _), Verdict::Rejected) => end,
        // A client that gets this has sent the right password.
        (Outcome::TooManyOfUser, _) if reasons != Reasons::None => return TOO_MANY.into(),
        _ => return Vec::new(),
    };
    let (why, said) = match reasons {
        Reasons::None => return Vec::new(),
        Reasons::Safe => (of_account(end), &[][..]),
        Reasons::All => (of_account(end), &end.said[..end.said.len().min(MAX_SAID)]),
    };
    let parts = [why.unwrap_or_default().as_bytes(), said];
    let mut told = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&b": "[..]);
    told.truncate(MAX_TOLD);
    told
}

/// Why the account phase has refused; `None`: PAM's code does not tell, or it was another phase.
///
/// There is no text for a locked account. pam_faillock refuses in the auth phase, before the password is checked, and a
/// lock set by passwd(1) makes the password wrong. Directories tell of theirs as an expired account.
fn of_account(end: &TransactionEnd) -> Option<&'static str> {
    if end.authenticating {
        return None;
    }
    Some(match code(end) {
        ReturnCode::ACCT_EXPIRED => "your account has expired or is disabled",
        ReturnCode::NEW_AUTHTOK_REQD | ReturnCode::AUTHTOK_EXPIRED => {
            "your password has expired and has to be changed first"
        }
        // pam_time, pam_access and directories: it cannot be told apart what they look at.
        ReturnCode::PERM_DENIED => "your account may not log in here (group, time or address)",
        ReturnCode::MAXTRIES => "your account is locked after too many failed logins",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use privsep::Ended;

    use super::*;
    use crate::protocol::verdict::TemporaryCause;

    fn pam(code: ReturnCode, authenticating: bool, said: &str) -> Outcome {
        let code = code.raw().unsigned_abs();
        let said = said.into();
        let end = TransactionEnd { code, authenticating, said, ..TransactionEnd::not_begun() };
        Outcome::Pam(end, false)
    }

    fn told(outcome: &Outcome, reasons: Reasons) -> String {
        String::from_utf8(for_client(outcome, &Verdict::Rejected, reasons)).unwrap()
    }

    const CODES: [ReturnCode; 5] = [
        ReturnCode::ACCT_EXPIRED,
        ReturnCode::NEW_AUTHTOK_REQD,
        ReturnCode::AUTHTOK_EXPIRED,
        ReturnCode::PERM_DENIED,
        ReturnCode::MAXTRIES,
    ];

    #[test]
    fn the_account_phase_says_why() {
        for code in CODES {
            let outcome = pam(code, false, "said");
            let why = told(&outcome, Reasons::Safe);
            assert!(why.starts_with("your ") && !why.contains("said"), "{why}");
            assert_eq!(told(&outcome, Reasons::All), format!("{why}: said"));
            assert_eq!(told(&outcome, Reasons::None), "");
        }
        assert_eq!(told(&pam(ReturnCode::AUTH_ERR, false, "said"), Reasons::Safe), "");
        assert_eq!(told(&pam(ReturnCode::AUTH_ERR, false, "said"), Reasons::All), "said");
    }

    /// A lock that shows before the password was right, an account that is not there: all look the same.
    #[test]
    fn the_auth_phase_says_nothing() {
        for code in CODES.into_iter().chain([ReturnCode::USER_UNKNOWN, ReturnCode::AUTH_ERR]) {
            assert_eq!(told(&pam(code, true, "said"), Reasons::Safe), "");
            assert_eq!(told(&pam(code, true, "said"), Reasons::All), "said");
            assert_eq!(told(&pam(code, true, ""), Reasons::All), "");
        }
        for outcome in [Outcome::WorkerEnded(Ended::Exited(1)), Outcome::Distrusted(Ended::Killed(9))] {
            assert_eq!(told(&outcome, Reasons::All), "");
        }
    }

    #[test]
    fn who_is_connected_too_often_learns_it() {
        assert_eq!(told(&Outcome::TooManyOfUser, Reasons::None), "");
        for reasons in [Reasons::Safe, Reasons::All] {
            assert_eq!(told(&Outcome::TooManyOfUser, reasons), TOO_MANY);
        }
    }

    #[test]
    fn other_verdicts_have_none() {
        let outcome = pam(ReturnCode::ACCT_EXPIRED, false, "said");
        let temporary = Verdict::Temporary { cause: TemporaryCause::Away, backoff: Duration::ZERO };
        for verdict in [Verdict::Accepted { took: Duration::ZERO }, temporary] {
            assert_eq!(for_client(&outcome, &verdict, Reasons::All), b"");
        }
    }
}
