//! The table of attempts: all that OpenVPN has asked and PAM has not decided yet, behind one lock.
//!
//! Each verdict takes effect once. If OpenVPN's thread still waits for an attempt, that thread takes the verdict and
//! answers directly; if the attempt was deferred, the thread that reads the verdict gives it to the attempt's [`Decision`].

mod connecting;
mod deliver_verdicts;
mod held_questions;
mod pending_questions;
mod reading;

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::time::Instant;

use ovpn_plugin::{ConnectDecision, Decision};
use privsep::ChannelError;
use privsep::life::KeptHelper;

pub use connecting::{Connecting, Step};
pub use deliver_verdicts::{Afterwards, RESTART};
use held_questions::Held;
use pending_questions::Asking;
pub use pending_questions::without_credentials;

use super::client_names::Heard as HeardOfLogin;
use super::grace::{Grace, Kind};
use super::log_suffix::Tail;
use super::revoked::Revoked;
use super::wait_budget::WaitBudget;
use crate::config::Config;
use crate::protocol::question::Question;
use crate::protocol::verdict::{Advance, Verdict};
use crate::protocol::{Reply, Request};
use crate::quoted::shown;

/// Attempts that one use of the lock reads verdicts for, or looks at.
const BATCH: usize = 32;

/// The supervisor as the front sees it: a new one takes the place of one that was killed.
pub type Supervisor = KeptHelper<Request, Reply>;

/// One attempt without an answer to OpenVPN.
#[derive(Debug)]
enum Attempt {
    /// OpenVPN's thread waits for it; the verdict, once it is there.
    Awaited(Kind, Option<Decided>),
    /// OpenVPN was answered *deferred*, about this one.
    Deferred(Decision, Whom),
    /// The same, and the client is asked meanwhile.
    Asked(Decision, Whom, Box<Asking>),
    /// No login, but a client that connects: OpenVPN was answered *deferred*, until its session is open.
    Connecting(ConnectDecision, Whom),
}

impl Attempt {
    /// Whether PAM waits for the person at the client.
    fn waits_for_answer(&self) -> bool {
        matches!(self, Attempt::Asked(_, _, asking) if asking.waits())
    }

    fn kind(&self) -> Kind {
        match self {
            Attempt::Awaited(kind, _) => *kind,
            Attempt::Deferred(_, whom) | Attempt::Asked(_, whom, _) | Attempt::Connecting(_, whom) => {
                whom.kind
            }
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

/// Whom a deferred attempt is about.
#[derive(Debug)]
pub struct Whom {
    /// The username.
    pub username: Vec<u8>,
    /// The end of a line of the log.
    pub tail: Tail,
    /// What the client has sent.
    pub kind: Kind,
}

/// What came of waiting for a verdict.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
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
    pub supervisor: Option<Supervisor>,
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
    pub logins: BTreeMap<u64, HeardOfLogin>,
    /// What root has taken back.
    pub revoked: Revoked,
    /// What is to be done about clients that connect, by the numbers of the requests.
    pub connecting: BTreeMap<u64, Connecting>,
    table: BTreeMap<u64, Attempt>,
    deferred: usize,
    /// Those of them for which PAM waits for an answer.
    answered_later: usize,
    /// Questions on their way.
    held: Held,
    /// What is to be done when the lock is free again.
    afterwards: Afterwards,
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
            revoked: Revoked::default(),
            connecting: BTreeMap::new(),
            table: BTreeMap::new(),
            deferred: 0,
            answered_later: 0,
            held: Held::new(config.refusal_time),
            afterwards: Afterwards::default(),
        }
    }

    /// Whether any attempt has no verdict yet, and waits for one.
    pub fn any_pending(&self) -> bool {
        self.table.len() > self.answered_later
    }

    /// Whether any attempt is deferred: then somebody has to read verdicts.
    pub fn any_deferred(&self) -> bool {
        self.deferred > 0
    }

    /// When the next question is to be put to its client.
    pub fn next_question(&self) -> Option<Instant> {
        self.held.next()
    }

    /// OpenVPN's thread waits for this attempt from now on; [`Attempts::take_verdict`] ends that.
    pub fn await_verdict(&mut self, id: u64, kind: Kind) {
        self.table.insert(id, Attempt::Awaited(kind, None));
    }

    /// OpenVPN's thread waits no more.
    pub fn take_verdict(&mut self, id: u64) -> Taken {
        match self.table.remove(&id) {
            Some(Attempt::Awaited(_, Some(decided))) => Taken::Decided(decided),
            Some(Attempt::Awaited(_, None)) => Taken::Pending,
            // Not that of an attempt somebody waits for.
            Some(deferred) => {
                self.table.insert(id, deferred);
                Taken::Lost
            }
            None => Taken::Lost,
        }
    }

    /// This attempt is answered *deferred*.
    pub fn defer(&mut self, id: u64, decision: Decision, whom: Whom) {
        self.insert_deferred(id, Attempt::Deferred(decision, whom));
    }

    /// This client's connection is answered *deferred*.
    pub fn defer_connect(&mut self, id: u64, decision: ConnectDecision, whom: Whom) {
        self.insert_deferred(id, Attempt::Connecting(decision, whom));
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
            if attempt.kind() == Kind::Answer {
                self.wait_budget.answered();
            }
        }
        match self.remove_deferred(id) {
            Some(Attempt::Deferred(decision, whom)) => self.decide(id, decision, decided, whom),
            Some(Attempt::Asked(decision, whom, asking)) => {
                self.settle_asked(decision, whom, *asking, decided);
            }
            Some(Attempt::Connecting(decision, whom)) => match self.go_on(id, &decided.verdict) {
                Step::GoesOn => self.defer_connect(id, decision, Whom { kind: Kind::Options, ..whom }),
                Step::Done(config) => self.afterwards.connecting.push((decision, Some(config))),
                Step::Refused => self.afterwards.connecting.push((decision, None)),
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
    fn decide(&mut self, id: u64, decision: Decision, decided: Decided, whom: Whom) {
        if !matches!(decided.verdict, Verdict::Accepted { .. }) {
            self.kept.remove(&id);
        }
        match decided.verdict {
            Verdict::Asked(question) => self.hold(decision, question, whom),
            _ => self.afterwards.decided.push((decision, decided, whom)),
        }
    }

    /// The same about a question.
    pub fn hold(&mut self, decision: Decision, question: Box<Question>, whom: Whom) {
        self.held.keep(decision, question, whom);
    }

    /// Whether questions are not put to clients at once.
    pub fn holds_questions(&self) -> bool {
        self.held.holds()
    }

    /// Drops the deferred attempts whose clients are gone, and has the supervisor not run those that still wait. Looks at a
    /// batch, the first after this id; the last id it looked at, unless it came to the end.
    pub fn cancel_unwanted(&mut self, after: u64) -> Option<u64> {
        let rest = self.table.range((Bound::Excluded(after), Bound::Unbounded));
        let looked_at: Vec<u64> = rest.map(|(id, _)| *id).take(BATCH).collect();
        for id in &looked_at {
            if self.table.get(id).is_some_and(Attempt::is_unwanted) {
                self.remove_deferred(*id);
                self.connecting.remove(id);
                self.cancel(*id);
            }
        }
        looked_at.last().copied().filter(|_| looked_at.len() == BATCH)
    }

    /// Has the supervisor not run an attempt that nobody waits for. Without effect on one that runs already.
    pub fn cancel(&mut self, id: u64) {
        if let Some(supervisor) = &mut self.supervisor {
            let _ = supervisor.try_send(Request::Cancel { id });
        }
    }

    /// The supervisor that had these attempts is gone. Nobody decides them any more, so all are rejected at once.
    fn reject_all(&mut self) {
        let is_decided = |attempt: &Attempt| matches!(attempt, Attempt::Awaited(_, Some(_)));
        let (decided, pending) =
            std::mem::take(&mut self.table).into_iter().partition(|(_, attempt)| is_decided(attempt));
        self.table = decided;
        let pending: BTreeMap<u64, Attempt> = pending;
        (self.deferred, self.answered_later) = (0, 0);
        self.kept.clear();
        self.connecting.clear();
        let open = std::mem::take(&mut self.sessions).len();
        if open > 0 {
            self.afterwards.lines.push(lines::attempts::sessions_forgotten(open).said());
        }
        let mut connecting = Vec::new();
        let pending = pending.into_values().filter_map(|attempt| match attempt {
            Attempt::Connecting(decision, whom) => {
                connecting.push((decision, whom));
                None
            }
            Attempt::Deferred(decision, whom) | Attempt::Asked(decision, whom, _) => Some((decision, whom)),
            Attempt::Awaited(..) => None,
        });
        // Nobody can answer these any more.
        for (decision, whom) in pending.chain(self.held.take_all()) {
            let (user, why) = (shown(&whom.username), lines::refusals::supervisor_gone());
            self.afterwards.lines.push(lines::attempts::failed(&user, why, &whom.tail).said());
            self.afterwards.decided.push((decision, Decided::rejected(), whom));
        }
        for (decision, whom) in connecting {
            let user = shown(&whom.username);
            let why = lines::refusals::supervisor_gone();
            self.afterwards.lines.push(lines::clients::refused(&user, why, &whom.tail).said());
            self.afterwards.connecting.push((decision, None));
        }
    }

    /// Supervisor and keeper are gone.
    pub fn lose_supervisor(&mut self, error: &ChannelError) {
        let Some(supervisor) = self.supervisor.take() else { return };
        if !matches!(error, ChannelError::Closed) {
            self.afterwards.lines.push(lines::processes::unheard(error).said());
        }
        self.reject_all();
        self.afterwards.lost = Some(supervisor);
    }

    /// What is to be done once the lock is free, and where clients are to try again.
    pub fn take_afterwards(&mut self) -> (Afterwards, Advance) {
        self.afterwards.decided.extend(self.held.take_due(Instant::now()));
        (std::mem::take(&mut self.afterwards), self.advance)
    }
}
