//! The table of attempts: all that OpenVPN has asked and PAM has not decided yet, behind one lock.
//!
//! Each verdict takes effect once. If OpenVPN's thread still waits for an attempt, that thread takes the verdict and
//! answers directly; if the attempt was deferred, the thread that reads the verdict gives it to the attempt's [`Decision`].

mod cancel;
mod connecting;
mod deliver_verdicts;
mod held_questions;
mod lost_supervisor;
mod pending_questions;
mod reading;

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use ovpn_plugin::{ConnectDecision, Decision};
use privsep::kept_helper::KeptHelper;

pub use connecting::{Connecting, Step};
pub use deliver_verdicts::{AfterUnlock, RESTART};
use held_questions::HeldQuestions;
use pending_questions::PendingQuestion;
pub use pending_questions::without_credentials;

use super::client_names::LoginResult;
use super::grace::{AttemptKind, Grace};
use super::line_tail::LineTail;
use super::revoked::RevokedNames;
use super::wait_budget::WaitBudget;
use crate::config::{Advance, Config};
use crate::protocol::question::Question;
use crate::protocol::verdict::Verdict;
use crate::protocol::{Reply, Request};

/// Attempts that one use of the lock reads verdicts for, or looks at.
const BATCH: usize = 32;

/// The supervisor as the front sees it: a new one takes the place of one that was killed.
pub type SupervisorLink = KeptHelper<Request, Reply>;

/// One attempt without an answer to OpenVPN.
#[derive(Debug)]
enum Attempt {
    /// OpenVPN's thread waits for it; the verdict, once it is there.
    Awaited(AttemptKind, Option<Decided>),
    /// OpenVPN was answered *deferred*, about this one.
    Deferred(Decision, AttemptDetails),
    /// The same, and the client is asked meanwhile.
    Asked(Decision, AttemptDetails, Box<PendingQuestion>),
    /// No login, but a client that connects: OpenVPN was answered *deferred*, until its session is open.
    Connecting(ConnectDecision, AttemptDetails),
}

impl Attempt {
    /// Whether PAM waits for the person at the client.
    fn waits_for_answer(&self) -> bool {
        matches!(self, Attempt::Asked(_, _, question) if question.waits())
    }

    fn kind(&self) -> AttemptKind {
        match self {
            Attempt::Awaited(kind, _) => *kind,
            Attempt::Deferred(_, details)
            | Attempt::Asked(_, details, _)
            | Attempt::Connecting(_, details) => details.kind,
        }
    }

    /// Whether OpenVPN was answered *deferred* and does not want to know any more.
    fn is_unwanted(&self) -> bool {
        match self {
            Attempt::Awaited(..) => false,
            Attempt::Deferred(decision, _) | Attempt::Asked(decision, ..) => !decision.is_wanted(),
            Attempt::Connecting(decision, _) => !decision.is_wanted(),
        }
    }
}

/// What was decided, and what the person at the client may learn of a rejection.
#[derive(Debug, PartialEq, Eq)]
pub struct Decided {
    /// The verdict.
    pub verdict: Verdict,
    /// The reason; empty: nothing.
    pub told: Vec<u8>,
}

impl Decided {
    /// A rejection without a reason.
    fn rejected() -> Self {
        Decided { verdict: Verdict::Rejected, told: Vec::new() }
    }
}

/// What the log and the grace need of a deferred attempt.
#[derive(Debug)]
pub struct AttemptDetails {
    /// The username.
    pub username: Vec<u8>,
    /// The end of a line of the log.
    pub tail: LineTail,
    /// What the client has sent.
    pub kind: AttemptKind,
}

/// What came of waiting for a verdict.
#[derive(Debug, PartialEq, Eq)]
pub enum WaitResult {
    /// It is there.
    Decided(Decided),
    /// It may still come.
    Pending,
    /// It will not come: the supervisor that had the attempt is gone.
    Lost,
}

/// The table, and the supervisor that decides.
pub struct Attempts {
    /// The supervisor; `None` once it is lost for good.
    pub supervisor: Option<SupervisorLink>,
    /// How long OpenVPN waits.
    pub grace: Grace,
    /// How much of that there may be.
    pub wait_budget: WaitBudget,
    advance: Advance,
    /// The attempts whose clients have sessions that are to be closed.
    pub sessions: HashSet<u64>,
    /// Those whose transactions are, or may yet be, kept until their clients connect. Not those that led to a question: it
    /// stays when the client that was asked is gone, for that comes again with the answer.
    pub kept: HashSet<u64>,
    /// The attempts of clients whose names are kept.
    pub logins: BTreeMap<u64, LoginResult>,
    /// What root has taken back.
    pub revoked: RevokedNames,
    /// What is to be done about clients that connect, by the numbers of the requests.
    pub connecting: BTreeMap<u64, Connecting>,
    table: BTreeMap<u64, Attempt>,
    deferred: usize,
    /// Those of them for which PAM waits for an answer.
    answered_later: usize,
    /// Questions on their way.
    held_questions: HeldQuestions,
    /// What is to be done when the lock is free again.
    after_unlock: AfterUnlock,
}

impl Attempts {
    /// An empty table.
    pub fn new(config: &Config) -> Self {
        Attempts {
            supervisor: None,
            grace: Grace::new(config.grace),
            wait_budget: WaitBudget::new(config.grace.max(config.question_wait)),
            advance: config.advance,
            sessions: HashSet::new(),
            kept: HashSet::new(),
            logins: BTreeMap::new(),
            revoked: RevokedNames::default(),
            connecting: BTreeMap::new(),
            table: BTreeMap::new(),
            deferred: 0,
            answered_later: 0,
            held_questions: HeldQuestions::new(config.question_time()),
            after_unlock: AfterUnlock::default(),
        }
    }

    /// Whether any attempt has no verdict yet, and waits for one, as far as anybody may know.
    pub fn any_pending(&self, now: Instant) -> bool {
        self.table.len() > self.answered_later || self.held_questions.are_pending(now)
    }

    /// Whether any attempt is deferred: then somebody has to read verdicts.
    pub fn any_deferred(&self) -> bool {
        self.deferred > 0
    }

    /// When the next question is to be put to its client.
    pub fn next_question(&self) -> Option<Instant> {
        self.held_questions.next()
    }

    /// OpenVPN's thread waits for this attempt from now on; [`Attempts::take_verdict`] ends that.
    pub fn await_verdict(&mut self, id: u64, kind: AttemptKind) {
        self.table.insert(id, Attempt::Awaited(kind, None));
    }

    /// OpenVPN's thread waits no more.
    pub fn take_verdict(&mut self, id: u64) -> WaitResult {
        match self.table.remove(&id) {
            Some(Attempt::Awaited(_, Some(decided))) => WaitResult::Decided(decided),
            Some(Attempt::Awaited(_, None)) => WaitResult::Pending,
            // Not that of an attempt somebody waits for.
            Some(deferred) => {
                self.table.insert(id, deferred);
                WaitResult::Lost
            }
            None => WaitResult::Lost,
        }
    }

    /// This attempt is answered *deferred*.
    pub fn defer(&mut self, id: u64, decision: Decision, details: AttemptDetails) {
        self.insert_deferred(id, Attempt::Deferred(decision, details));
    }

    /// This client's connection is answered *deferred*.
    pub fn defer_connect(&mut self, id: u64, decision: ConnectDecision, details: AttemptDetails) {
        self.insert_deferred(id, Attempt::Connecting(decision, details));
    }

    fn insert_deferred(&mut self, id: u64, attempt: Attempt) {
        self.deferred += 1;
        self.answered_later += usize::from(attempt.waits_for_answer());
        self.table.insert(id, attempt);
    }

    /// Takes an attempt out if it is deferred.
    fn remove_deferred(&mut self, id: u64) -> Option<Attempt> {
        if matches!(self.table.get(&id)?, Attempt::Awaited(..)) {
            return None;
        }
        let attempt = self.table.remove(&id)?;
        self.deferred -= 1;
        self.answered_later -= usize::from(attempt.waits_for_answer());
        Some(attempt)
    }

    fn settle(&mut self, id: u64, decided: Decided) {
        if let (Verdict::Accepted { took }, Some(attempt)) = (&decided.verdict, self.table.get(&id)) {
            if let Some(login) = self.logins.get_mut(&id) {
                login.accepted = true;
            }
            self.grace.accepted(Instant::now(), *took, attempt.kind());
            if attempt.kind() == AttemptKind::Answer {
                self.wait_budget.answered();
            }
        }
        match self.remove_deferred(id) {
            Some(Attempt::Deferred(decision, details)) => self.decide(id, decision, decided, details),
            Some(Attempt::Asked(decision, details, question)) => {
                self.settle_asked(decision, details, *question, decided);
            }
            Some(Attempt::Connecting(decision, details)) => match self.go_on(id, &decided.verdict) {
                Step::GoesOn => {
                    self.defer_connect(id, decision, AttemptDetails { kind: AttemptKind::Options, ..details })
                }
                Step::Done(config) => self.after_unlock.connecting.push((decision, Some(config))),
                Step::Refused => self.after_unlock.connecting.push((decision, None)),
            },
            Some(Attempt::Awaited(..)) | None => {
                if let Some(Attempt::Awaited(_, awaited)) = self.table.get_mut(&id) {
                    *awaited = Some(decided);
                }
                // Else OpenVPN's thread has given up waiting, or the client is gone.
            }
        }
    }

    /// A deferred attempt has its verdict, which is delivered when the lock is free, or when a question may be known.
    fn decide(&mut self, id: u64, decision: Decision, decided: Decided, details: AttemptDetails) {
        if !matches!(decided.verdict, Verdict::Accepted { .. }) {
            self.kept.remove(&id);
        }
        match decided.verdict {
            Verdict::Asked(question) => self.hold_question(decision, question, details),
            _ => self.after_unlock.decided.push((decision, decided, details)),
        }
    }

    /// The same about a question.
    pub fn hold_question(&mut self, decision: Decision, question: Box<Question>, details: AttemptDetails) {
        self.held_questions.keep(decision, question, details);
    }

    /// Whether questions are not put to clients at once.
    pub fn holds_questions(&self) -> bool {
        self.held_questions.holds()
    }

    /// What is to be done once the lock is free, and where clients are to try again.
    pub fn take_after_unlock(&mut self) -> (AfterUnlock, Advance) {
        self.after_unlock.decided.extend(self.held_questions.take_due(Instant::now()));
        (std::mem::take(&mut self.after_unlock), self.advance)
    }
}
