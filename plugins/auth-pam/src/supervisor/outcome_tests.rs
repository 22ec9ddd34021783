//! Which verdict each outcome leads to, and what the log and the audit line say of it.

use super::super::attempt::tests::attempt;
use super::audit::AuditResult;
use super::*;
use crate::protocol::question::QuestionId;

/// Every variant at least once, with what it is in the audit line. The match does not compile without one.
pub fn every_outcome() -> Vec<(Outcome, AuditResult)> {
    let after = |last: Option<&Outcome>| match last {
        None => Some((pam(ReturnCode::SUCCESS, false, false), AuditResult::Accepted)),
        Some(Outcome::Pam(..)) => Some((Outcome::WorkerEnded(Ended::Killed(11)), AuditResult::NotDecided)),
        Some(Outcome::WorkerEnded(_)) => {
            Some((Outcome::Distrusted(Ended::Killed(9)), AuditResult::NotDecided))
        }
        Some(Outcome::Distrusted(_)) => Some((Outcome::Shortage(Errno::ENOMEM), AuditResult::NotDecided)),
        Some(Outcome::Shortage(_)) => Some((Outcome::RanTooLong, AuditResult::NotDecided)),
        Some(Outcome::RanTooLong) => Some((Outcome::WaitedTooLong, AuditResult::NotDecided)),
        Some(Outcome::WaitedTooLong) => Some((Outcome::QueueFull, AuditResult::NotDecided)),
        Some(Outcome::QueueFull) => Some((Outcome::TooManyUnanswered, AuditResult::NotDecided)),
        Some(Outcome::TooManyUnanswered) => Some((Outcome::TooManySessions, AuditResult::NotDecided)),
        Some(Outcome::TooManySessions) => Some((Outcome::TooManyOfUser, AuditResult::NotDecided)),
        Some(Outcome::TooManyOfUser) => Some((Outcome::Revoked, AuditResult::NotDecided)),
        Some(Outcome::Revoked) => Some((Outcome::NoWorker, AuditResult::NotDecided)),
        Some(Outcome::NoWorker) => Some((Outcome::Away, AuditResult::NotDecided)),
        Some(Outcome::Away) => Some((Outcome::Penalty(BACKOFF), AuditResult::NotDecided)),
        Some(Outcome::Penalty(_)) => {
            let id = QuestionId::from_bytes([7; 16]);
            let question = Question { id, echo: false, page: false, private: false, text: b"Code:".to_vec() };
            Some((Outcome::Asked(question), AuditResult::Challenged))
        }
        Some(Outcome::Asked(question)) => {
            Some((Outcome::AskedAgain(question.clone()), AuditResult::Challenged))
        }
        Some(Outcome::AskedAgain(_)) => Some((Outcome::NoQuestion, AuditResult::NotDecided)),
        Some(Outcome::NoQuestion) => None,
    };
    let mut all: Vec<(Outcome, AuditResult)> = Vec::new();
    while let Some(next) = after(all.last().map(|(outcome, _)| outcome)) {
        all.push(next);
    }
    for code in [
        ReturnCode::AUTH_ERR,
        ReturnCode::USER_UNKNOWN,
        ReturnCode::PERM_DENIED,
        ReturnCode::CONV_ERR,
        // What pam_exec makes of a program that says no.
        ReturnCode::SYSTEM_ERR,
    ] {
        all.push((pam(code, true, false), AuditResult::Rejected));
    }
    for code in [
        ReturnCode::OPEN_ERR,
        ReturnCode::SYMBOL_ERR,
        ReturnCode::SERVICE_ERR,
        ReturnCode::BUF_ERR,
        ReturnCode::ABORT,
        ReturnCode::MODULE_UNKNOWN,
    ] {
        all.push((pam(code, true, false), AuditResult::NotDecided));
    }
    for fault in [WhoseFault::Configuration, WhoseFault::Unclear] {
        let Outcome::Pam(end, away) = pam(ReturnCode::CONV_ERR, true, false) else { continue };
        all.push((Outcome::Pam(TransactionEnd { fault, ..end }, away), AuditResult::NotDecided));
    }
    all.push((Outcome::WorkerEnded(Ended::Exited(1)), AuditResult::NotDecided));
    for (authenticating, away) in [(true, false), (true, true), (false, false)] {
        all.push((pam(ReturnCode::AUTHINFO_UNAVAIL, authenticating, away), AuditResult::NotDecided));
    }
    all
}

fn pam(code: ReturnCode, authenticating: bool, away: bool) -> Outcome {
    let code = code.raw().unsigned_abs();
    let text = b"words".to_vec();
    Outcome::Pam(TransactionEnd { code, authenticating, text, ..TransactionEnd::not_begun() }, away)
}

fn verdict(outcome: &Outcome) -> Verdict {
    let attempt = attempt(1, "alice", "192.0.2.1");
    judge(&attempt, attempt.arrived + Duration::from_millis(7), outcome, Duration::from_secs(60)).0
}

#[test]
fn only_zero_is_a_success() {
    assert_eq!(
        verdict(&pam(ReturnCode::SUCCESS, false, false)),
        Verdict::Accepted { took: Duration::from_millis(7) }
    );
    for code in [1, 7, 9, u32::MAX, 1 << 31] {
        let Outcome::Pam(mut end, _) = pam(ReturnCode::AUTH_ERR, true, false) else { continue };
        end.code = code;
        assert_eq!(verdict(&Outcome::Pam(end, false)), Verdict::Rejected, "{code}");
    }
}

#[test]
fn a_temporary_failure_never_depends_on_what_the_client_sent() {
    for authenticating in [true, false] {
        for code in [ReturnCode::AUTHINFO_UNAVAIL, ReturnCode::TRY_AGAIN, ReturnCode::AUTH_ERR] {
            assert_eq!(verdict(&pam(code, authenticating, false)), Verdict::Rejected);
        }
    }
    let away = Verdict::Temporary { cause: TemporaryCause::Away, backoff: BACKOFF };
    assert_eq!(verdict(&pam(ReturnCode::AUTHINFO_UNAVAIL, true, true)), away);
    assert_eq!(verdict(&Outcome::Away), away);
    for limit in [
        Outcome::RanTooLong,
        Outcome::WaitedTooLong,
        Outcome::QueueFull,
        Outcome::TooManyUnanswered,
        Outcome::TooManySessions,
        Outcome::NoWorker,
    ] {
        assert!(matches!(verdict(&limit), Verdict::Temporary { .. }), "{limit:?}");
    }
}

#[test]
fn a_signal_is_no_refusal_and_an_exit_is() {
    let crashed = Verdict::Temporary { cause: TemporaryCause::Crashed, backoff: BACKOFF };
    for signal in [6, 9, 11] {
        assert_eq!(verdict(&Outcome::WorkerEnded(Ended::Killed(signal))), crashed);
        // That signal was ours.
        assert_eq!(verdict(&Outcome::Distrusted(Ended::Killed(signal))), Verdict::Rejected);
    }
    for status in [0, 1, 70] {
        assert_eq!(verdict(&Outcome::WorkerEnded(Ended::Exited(status))), Verdict::Rejected);
    }
}

#[test]
fn what_ends_a_worker_is_the_modules_fault_but_for_want_of_memory() {
    for signal in [libc::SIGSEGV, libc::SIGABRT, libc::SIGALRM] {
        assert!(Outcome::WorkerEnded(Ended::Killed(signal)).is_modules_fault());
    }
    assert!(Outcome::WorkerEnded(Ended::Exited(0)).is_modules_fault());
    assert!(!Outcome::WorkerEnded(Ended::Killed(libc::SIGKILL)).is_modules_fault());
    // That signal was ours, for what a module has sent.
    assert!(Outcome::Distrusted(Ended::Killed(libc::SIGKILL)).is_modules_fault());
    assert!(
        !Outcome::RanTooLong.is_modules_fault() && !pam(ReturnCode::AUTH_ERR, true, false).is_modules_fault()
    );
}

#[test]
fn a_shortage_is_no_refusal() {
    for errno in [Errno::ENOMEM, Errno::EMFILE, Errno::EIO, Errno::ESTALE] {
        let Verdict::Temporary { cause, .. } = verdict(&Outcome::Shortage(errno)) else {
            panic!("{errno}");
        };
        assert_eq!(cause, TemporaryCause::Busy);
    }
}

#[test]
fn what_modules_say_is_told_of_failures_only() {
    for (code, told) in [(ReturnCode::AUTH_ERR, "; PAM says: it's locked"), (ReturnCode::SUCCESS, "")] {
        let Outcome::Pam(mut end, _) = pam(code, true, false) else { continue };
        end.said = b"it's locked".to_vec();
        assert_eq!(Outcome::Pam(end, false).module_messages(), told);
    }
    assert_eq!(pam(ReturnCode::AUTH_ERR, true, false).module_messages(), "");
    let Outcome::Pam(mut end, _) = pam(ReturnCode::AUTH_ERR, true, false) else { return };
    end.said = vec![b'x'; 10 * MAX_SAID];
    assert!(Outcome::Pam(end, false).module_messages().len() < MAX_SAID + 20);
}

#[test]
fn another_name_is_told() {
    assert_eq!(pam(ReturnCode::SUCCESS, false, false).checked(), "");
    let Outcome::Pam(mut again, _) = pam(ReturnCode::SUCCESS, false, false) else { return };
    again.checked = b"it's".to_vec();
    assert_eq!(Outcome::Pam(again, false).checked(), "; PAM checked 'it\\'s'");
    assert_eq!(Outcome::QueueFull.checked(), "");
}

#[test]
fn a_user_without_an_entry_is_named_as_the_usual_reason() {
    let attempt = attempt(1, "alice", "");
    let outcome = pam(ReturnCode::AUTHINFO_UNAVAIL, false, false);
    let (_, reason) = judge(&attempt, attempt.arrived, &outcome, Duration::ZERO);
    assert_eq!(
        reason,
        "words (usually this user has no entry in /etc/shadow, or the service has no account lines)"
    );
}
