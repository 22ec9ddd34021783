//! How an attempt ends: what was decided, and what the log says of it.

use std::time::{Duration, Instant};

use lines::{questions, refusals, sessions};
use nix::errno::Errno;
use pam::ReturnCode;
use privsep::{Ended, signal_name};

use super::attempt::Attempt;
use super::audit;
use crate::protocol::question::Question;
use crate::protocol::verdict::{BACKOFF, TemporaryCause, Verdict};
use crate::protocol::{MAX_SAID, TransactionEnd, WhoseFault};
use crate::quoted::shown;

/// How an attempt came to its end.
#[derive(Debug)]
pub enum Outcome {
    /// PAM decided. The flag: its backend is unreachable for all users.
    Pam(TransactionEnd, bool),
    /// PAM asks the person at the client.
    Asked(Question),
    /// PAM has asked this already, and the same client has come again.
    AskedAgain(Question),
    /// No question waits for this answer. It may have come late or twice.
    NoQuestion,
    /// The worker ended by itself before PAM did.
    WorkerEnded(Ended),
    /// The worker was killed, for what it has sent is no report.
    Distrusted(Ended),
    /// The system refused what it takes to have PAM asked, or to hear what it says.
    Shortage(Errno),
    /// PAM took longer than the time limit.
    RanTooLong,
    /// No worker was free within the time limit.
    WaitedTooLong,
    /// Too many attempts wait.
    QueueFull,
    /// Too many attempts of the same username and source have no answer.
    TooManyUnanswered,
    /// Too many sessions are open, or too many clients that were let in have not connected.
    TooManySessions,
    /// PAM has let the client in, but its user has as many sessions as may be.
    TooManyOfUser,
    /// PAM has let the client in, but its user was revoked meanwhile.
    Revoked,
    /// There is no worker and none can be started.
    NoWorker,
    /// The backend is unreachable for all users, so PAM was not asked.
    Away,
    /// The source only fails, so PAM was not asked.
    Penalty(Duration),
}

impl Outcome {
    /// How long a refusal must stay unknown, counted from the arrival of the attempt, as PAM's modules want it.
    pub fn delay(&self) -> Duration {
        match self {
            Outcome::Pam(end, _) => end.delay,
            _ => Duration::ZERO,
        }
    }

    /// What the audit line calls it. Rejected is only what the client has to answer for, since log watchers ban for that.
    pub fn result(&self) -> audit::AuditResult {
        match self {
            Outcome::Pam(end, _) => match code(end) {
                ReturnCode::SUCCESS => audit::AuditResult::Accepted,
                // Where it is unclear, penalties count the failure all the same.
                _ if end.fault != WhoseFault::Client => audit::AuditResult::NotDecided,
                // A module could not reach what it asks. Another one of the stack may have refused the password before:
                // penalties count this failure all the same.
                ReturnCode::AUTHINFO_UNAVAIL => audit::AuditResult::NotDecided,
                // A module is missing or does not work, for everybody: no password is wrong over that. An error of the
                // system is not among these: pam_exec says that of a program that refuses.
                ReturnCode::OPEN_ERR
                | ReturnCode::SYMBOL_ERR
                | ReturnCode::SERVICE_ERR
                | ReturnCode::BUF_ERR
                | ReturnCode::ABORT
                | ReturnCode::MODULE_UNKNOWN => audit::AuditResult::NotDecided,
                _ => audit::AuditResult::Rejected,
            },
            Outcome::Asked(_) | Outcome::AskedAgain(_) => audit::AuditResult::Challenged,
            Outcome::WorkerEnded(_)
            | Outcome::Distrusted(_)
            | Outcome::Shortage(_)
            | Outcome::RanTooLong
            | Outcome::WaitedTooLong
            | Outcome::QueueFull
            | Outcome::TooManyUnanswered
            | Outcome::TooManySessions
            // The password was right, and somebody with several devices is nobody to ban.
            | Outcome::TooManyOfUser
            | Outcome::Revoked
            | Outcome::NoWorker
            | Outcome::Away
            // Typing too slowly is no failed login, and nobody can guess an id.
            | Outcome::NoQuestion
            // The failures that led to it were counted when they happened, and now PAM was not asked: this user may share
            // the address with the one who failed.
            | Outcome::Penalty(_) => audit::AuditResult::NotDecided,
        }
    }

    /// Whether a hostile front can cause any number of these: they cost neither PAM nor a place in the queue.
    pub fn costs_nothing(&self) -> bool {
        match self {
            Outcome::Pam(..)
            | Outcome::Asked(_)
            | Outcome::WorkerEnded(_)
            | Outcome::Distrusted(_)
            | Outcome::Shortage(_)
            | Outcome::RanTooLong
            | Outcome::WaitedTooLong
            | Outcome::TooManyOfUser
            | Outcome::Revoked => false,
            Outcome::AskedAgain(_)
            | Outcome::NoQuestion
            | Outcome::QueueFull
            | Outcome::TooManyUnanswered
            | Outcome::TooManySessions
            | Outcome::NoWorker
            | Outcome::Away
            | Outcome::Penalty(_) => true,
        }
    }

    /// Whether a module has ended the worker, which costs a new one. SIGKILL is the kernel's, for want of memory.
    pub fn is_modules_fault(&self) -> bool {
        match self {
            Outcome::WorkerEnded(how) => *how != Ended::Killed(libc::SIGKILL),
            Outcome::Distrusted(_) => true,
            _ => false,
        }
    }

    /// Whether the backend was there; `None`: that is not known.
    pub fn reached(&self) -> Option<bool> {
        match self {
            Outcome::Pam(end, _) => reached(end),
            _ => None,
        }
    }

    /// The name that PAM has checked, if it has let in another one than it was asked about; else empty.
    pub fn name(&self) -> Vec<u8> {
        match self {
            Outcome::Pam(end, _) if end.code == 0 => end.checked.clone(),
            _ => Vec::new(),
        }
    }

    /// What modules have said to the person at the client about a login that failed. A locked account, for example, shows in no code. Its
    /// quotes are not escaped. It may tell who has an account, so it is for the log.
    pub fn module_messages(&self) -> String {
        match self {
            Outcome::Pam(end, _) if !end.said.is_empty() && code(end) != ReturnCode::SUCCESS => {
                format!("; PAM says: {}", String::from_utf8_lossy(&end.said[..end.said.len().min(MAX_SAID)]))
            }
            _ => String::new(),
        }
    }

    /// What is said after the reason if PAM has checked another name than the client sent.
    pub fn checked(&self) -> String {
        match self {
            Outcome::Pam(end, _) if !end.checked.is_empty() => {
                format!("; PAM checked '{}'", shown(&end.checked))
            }
            _ => String::new(),
        }
    }
}

/// Whether PAM's module could not reach what it authenticates against.
pub fn unavailable(end: &TransactionEnd) -> bool {
    end.authenticating && code(end) == ReturnCode::AUTHINFO_UNAVAIL
}

/// Whether PAM's module could reach what it authenticates against; `None`: that is not known, since the login failed before.
pub fn reached(end: &TransactionEnd) -> Option<bool> {
    match code(end) {
        // No answer to a prompt, an error of the system: the module may not have asked.
        ReturnCode::CONV_ERR | ReturnCode::SYSTEM_ERR | ReturnCode::BUF_ERR if end.authenticating => None,
        _ => Some(!unavailable(end)),
    }
}

pub fn code(end: &TransactionEnd) -> ReturnCode {
    // A code that does not fit is none that PAM has, and no success.
    i32::try_from(end.code).map_or(ReturnCode::SYSTEM_ERR, ReturnCode::from_raw)
}

/// The verdict of an attempt, and its reason for log and audit line.
pub fn judge(attempt: &Attempt, now: Instant, outcome: &Outcome, time_limit: Duration) -> (Verdict, String) {
    let temporary = |cause, backoff| Verdict::Temporary { cause, backoff };
    let seconds = time_limit.as_secs();
    match outcome {
        Outcome::Pam(end, away) => {
            let text = String::from_utf8_lossy(&end.text).into_owned();
            match code(end) {
                ReturnCode::SUCCESS => {
                    (Verdict::Accepted { took: now.saturating_duration_since(attempt.arrived) }, text)
                }
                ReturnCode::AUTHINFO_UNAVAIL if *away => (temporary(TemporaryCause::Away, BACKOFF), text),
                ReturnCode::AUTHINFO_UNAVAIL => (Verdict::Rejected, format!("{text} ({})", usually(end))),
                _ => (Verdict::Rejected, text),
            }
        }
        Outcome::Asked(question) | Outcome::AskedAgain(question) => {
            (Verdict::Asked(Box::new(question.clone())), questions::was_asked().to_string())
        }
        Outcome::NoQuestion => (Verdict::Rejected, questions::none_waits().to_string()),
        Outcome::WorkerEnded(how) | Outcome::Distrusted(how) => {
            let reason = match how {
                Ended::Killed(signal) => refusals::worker_killed(&signal_name(*signal)).to_string(),
                Ended::Exited(status) => refusals::worker_exited(*status).to_string(),
            };
            match (outcome, how) {
                // A fault of a module, or the kernel's for want of memory, says nothing about the login. An exit may be
                // a module's way to refuse.
                (Outcome::WorkerEnded(_), Ended::Killed(_)) => {
                    (temporary(TemporaryCause::Crashed, BACKOFF), reason)
                }
                _ => (Verdict::Rejected, reason),
            }
        }
        Outcome::Shortage(errno) => {
            (temporary(TemporaryCause::Busy, BACKOFF), refusals::shortage(errno.desc()).to_string())
        }
        Outcome::RanTooLong => {
            (temporary(TemporaryCause::NoAnswer, BACKOFF), refusals::ran_too_long(seconds).to_string())
        }
        Outcome::WaitedTooLong => {
            (temporary(TemporaryCause::Busy, BACKOFF), refusals::waited_too_long(seconds).to_string())
        }
        Outcome::QueueFull => (temporary(TemporaryCause::Busy, BACKOFF), refusals::queue_full().to_string()),
        Outcome::TooManyUnanswered => {
            (temporary(TemporaryCause::Busy, BACKOFF), refusals::too_many_unanswered().to_string())
        }
        Outcome::TooManySessions => {
            (temporary(TemporaryCause::Busy, BACKOFF), sessions::too_many().to_string())
        }
        // Not temporary: each try would have PAM ask for another code, or send another push.
        Outcome::TooManyOfUser => (Verdict::Rejected, sessions::too_many_of_user().to_string()),
        Outcome::Revoked => (Verdict::Rejected, refusals::revoked_meanwhile().to_string()),
        Outcome::NoWorker => (temporary(TemporaryCause::Busy, BACKOFF), refusals::no_worker().to_string()),
        Outcome::Away => (temporary(TemporaryCause::Away, BACKOFF), refusals::away().to_string()),
        Outcome::Penalty(backoff) => {
            (temporary(TemporaryCause::Failures, *backoff), refusals::penalty().to_string())
        }
    }
}

/// What the code usually means, for the reader of the log.
fn usually(end: &TransactionEnd) -> &'static str {
    if end.authenticating {
        "usually this user is unknown to the PAM module, or its server cannot be reached"
    } else {
        "usually this user has no entry in /etc/shadow, or the service has no account lines"
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
pub mod tests;
