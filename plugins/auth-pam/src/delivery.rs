//! How a login ends: what is logged, what is audited, what is written to its files, what the front is told.

use std::fmt;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use pam::ReturnCode;
use privsep::Ended;
use privsep::passed::{Refused, check_plain_file};

use crate::audit::{self, Audit};
use crate::config::Config;
use crate::login::shown;
use crate::pool::Pending;
use crate::protocol::{Answer, Check, Login};
use crate::verdict::{Advance, Files, Verdict};

/// When a client should try again after a temporary failure.
const BACKOFF: Duration = Duration::from_secs(15);

/// A login with the files its verdict goes to.
#[derive(Debug)]
pub struct Task {
    id: u64,
    login: Option<Login>,
    username: Vec<u8>,
    address: Vec<u8>,
    files: Files,
    temporary: bool,
    arrived: Instant,
}

/// Why a request of the front cannot be one.
#[derive(Debug, PartialEq, Eq)]
pub enum BadRequest {
    /// More or fewer descriptors than announced.
    Count,
    /// One that must not be written to.
    Descriptor(Refused),
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadRequest::Count => f.write_str("not as many descriptors as announced"),
            BadRequest::Descriptor(refused) => refused.fmt(f),
        }
    }
}

impl std::error::Error for BadRequest {}

impl Task {
    /// Takes what the front sent, mistrusting it. `now`: when it came. `missing`: some of the descriptors did not arrive.
    pub fn new(
        now: Instant,
        check: Check,
        descriptors: Vec<OwnedFd>,
        missing: bool,
    ) -> Result<Self, BadRequest> {
        let announced = usize::from(check.control) + usize::from(check.reason);
        if descriptors.len() > announced || (descriptors.len() < announced && !missing) {
            return Err(BadRequest::Count);
        }
        if let Some(refused) = descriptors.iter().find_map(|descriptor| check_plain_file(descriptor).err()) {
            // Not closed here: for a file of FUSE that would mean to wait for whoever serves it.
            std::mem::forget(descriptors);
            return Err(BadRequest::Descriptor(refused));
        }
        let mut descriptors = descriptors.into_iter();
        let control = if check.control { descriptors.next() } else { None };
        let files = Files::new(control, descriptors.next());
        let (username, address) = (check.login.username.clone(), check.login.address.clone());
        Ok(Task {
            id: check.id,
            login: Some(check.login),
            username,
            address,
            files,
            temporary: check.temporary,
            arrived: now,
        })
    }

    /// The front's number of the login.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The login, to be sent to a worker; what stays here holds no password.
    pub fn take_login(&mut self) -> Option<Login> {
        self.login.take()
    }

    /// The worker was gone.
    pub fn give_back(&mut self, login: Login) {
        self.login = Some(login);
    }

    fn user(&self) -> String {
        shown(&self.username)
    }
}

impl Pending for Task {
    fn address(&self) -> &[u8] {
        &self.address
    }
}

/// How a login came to its end.
#[derive(Debug)]
pub enum Outcome {
    /// PAM decided.
    Pam {
        /// Its code, 0 for success.
        code: u32,
        /// Its words.
        words: Vec<u8>,
    },
    /// The worker ended before PAM did.
    WorkerEnded(Ended),
    /// PAM took longer than the time limit.
    RanTooLong,
    /// No worker was free within the time limit.
    WaitedTooLong,
    /// Too many logins waited already.
    QueueFull,
    /// Too many logins of the same address waited already.
    AddressFull,
    /// There is no worker and none can be started.
    NoWorker,
    /// The supervisor is at its limit on open files.
    DescriptorsMissing,
}

/// What all logins have in common at their end.
pub struct Delivery {
    audit: Option<Audit>,
    time_limit: Duration,
    advance: Advance,
    decided: u64,
}

impl Delivery {
    /// As the configuration says.
    pub fn new(config: &Config) -> Self {
        let audit = config.syslog.map(Audit::new);
        let time_limit = config.time_limit.unwrap_or_default();
        Delivery { audit, time_limit, advance: config.advance, decided: 0 }
    }

    /// Logs what a worker noted about a login.
    pub fn notes(&self, task: &Task, notes: &[Vec<u8>]) {
        for note in notes {
            log::info!("BACKGROUND: user '{}': {}", task.user(), String::from_utf8_lossy(note));
        }
    }

    /// Audits a login that the front refused by itself; the front has logged it.
    pub fn refused_by_front(&self, username: &[u8], address: &[u8], words: &[u8]) {
        if let Some(audit) = &self.audit {
            audit.write(audit::Result::Rejected, username, address, words);
        }
    }

    /// Ends a login: log and audit first, then reason file, control file, and last what the front is to be told.
    pub fn conclude(&mut self, task: Task, outcome: &Outcome) -> Answer {
        let (verdict, words) = self.judge(outcome);
        if verdict.accepted() {
            // OpenVPN logs what a direct answer leads to at once; with deferred ones in play, it is not that clear when.
            if task.files.control.is_some() {
                log::info!("BACKGROUND: user '{}' authenticated", task.user());
            }
        } else {
            log::error!("BACKGROUND: user '{}' failed to authenticate: {words}", task.user());
        }
        if let Some(audit) = &self.audit {
            let result = if verdict.accepted() { audit::Result::Accepted } else { audit::Result::Rejected };
            audit.write(result, &task.username, &task.address, words.as_bytes());
        }
        if let Err(error) = task.files.write(&verdict, task.temporary) {
            log::error!("BACKGROUND: user '{}': the control file cannot be written: {error}", task.user());
        }
        self.decided += 1;
        let took = matches!(outcome, Outcome::Pam { .. }).then(|| task.arrived.elapsed());
        Answer::Verdict { id: task.id, accepted: verdict.accepted(), decided: self.decided, took }
    }

    fn judge(&self, outcome: &Outcome) -> (Verdict, String) {
        let away = |text| Verdict::Temporary { text, backoff: BACKOFF, advance: self.advance };
        let seconds = self.time_limit.as_secs();
        match outcome {
            Outcome::Pam { code, words } => {
                let words = String::from_utf8_lossy(words).into_owned();
                match i32::try_from(*code).map(ReturnCode::from_raw) {
                    Ok(ReturnCode::SUCCESS) => (Verdict::Accepted, words),
                    Ok(ReturnCode::AUTHINFO_UNAVAIL | ReturnCode::TRY_AGAIN) => {
                        (away("the authentication service cannot be reached"), words)
                    }
                    _ => (Verdict::Rejected, words),
                }
            }
            Outcome::WorkerEnded(how) => {
                (Verdict::Rejected, format!("the worker {how} while a PAM module was running"))
            }
            Outcome::RanTooLong => (
                away("the authentication service does not answer"),
                format!("the time limit of {seconds} s was reached while a PAM module was running"),
            ),
            Outcome::WaitedTooLong => (
                away("the authentication service is busy"),
                format!("no worker was free within the time limit of {seconds} s (see max-workers)"),
            ),
            Outcome::QueueFull => (
                away("the authentication service is busy"),
                "too many logins are waiting (see max-pending)".into(),
            ),
            Outcome::AddressFull => (
                away("too many logins from your address"),
                "too many logins from the same address are waiting (see max-pending-per-address)".into(),
            ),
            Outcome::DescriptorsMissing => (
                away("the authentication service is busy"),
                "its files did not reach the supervisor, which is at its limit on open files".into(),
            ),
            Outcome::NoWorker => {
                (away("the authentication service is busy"), "no worker process can be started".into())
            }
        }
    }
}
