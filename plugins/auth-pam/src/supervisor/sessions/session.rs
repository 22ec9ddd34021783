//! The session of one client: whose it is, and how far it has come.

use std::time::Instant;

use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::session::{Assigned, Usage};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::events::WorkerId;
use crate::supervisor::source::Source;

/// One client's.
#[derive(Debug)]
pub struct Session {
    /// The attempts that its transaction has let in. If there are several, the first that connects has it.
    pub attempts: Vec<u64>,
    /// Where the transaction is.
    pub worker: WorkerId,
    /// What the client calls itself.
    pub username: Vec<u8>,
    /// What it has sent, if that is another name.
    pub sent_as: Vec<u8>,
    /// The user that PAM has let in, possibly cut.
    pub checked: Vec<u8>,
    /// Where it counts.
    pub source: Source,
    /// Common name of the client's certificate.
    pub common_name: Vec<u8>,
    /// Where the client has logged in from.
    pub origin: AttemptOrigin,
    /// How far it has come.
    pub stage: SessionStage,
    /// When PAM was asked to open or close it, as long as it does.
    pub asked: Option<Instant>,
    /// Its account is being looked at once more.
    pub check: Option<AccountCheck>,
}

/// The account of an open session is looked at, for a renegotiation.
#[derive(Debug)]
pub struct AccountCheck {
    /// The attempt that waits for it; nothing once that was late.
    pub attempt: Option<Box<Attempt>>,
}

/// How far a session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStage {
    /// The client was let in and has not connected yet.
    LetIn {
        /// When it is given up.
        until: Instant,
    },
    /// It is being opened.
    Opening {
        /// What the front calls the request.
        request: u64,
        /// With these addresses.
        assigned: Assigned,
        /// When it was asked for.
        since: Instant,
        /// When it is over its time.
        until: Option<Instant>,
        /// The client is gone already.
        gone: Option<Usage>,
    },
    /// It is open.
    Open {
        /// Since then.
        since: Instant,
    },
    /// It is being closed.
    Closing {
        /// How the connection was used.
        usage: Usage,
        /// When it was opened.
        since: Instant,
        /// When it is over its time.
        until: Option<Instant>,
    },
}

impl Session {
    /// Whether the modules have opened it, or are about to.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, SessionStage::LetIn { .. })
    }

    /// Since when somebody waits for PAM to open it, or to look at its account.
    pub fn in_pam(&self) -> Option<Instant> {
        let check =
            self.check.as_ref().and_then(|check| check.attempt.as_ref()).map(|attempt| attempt.arrived);
        match self.stage {
            SessionStage::Opening { since, .. } => Some(since),
            _ => check,
        }
    }

    /// Until when the attempt waits that has its account looked at.
    pub(super) fn check_until(&self) -> Option<Instant> {
        self.check.as_ref()?.attempt.as_ref()?.deadline
    }

    pub(super) fn until(&self) -> Option<Instant> {
        match self.stage {
            SessionStage::LetIn { until } => Some(until),
            SessionStage::Opening { until, .. } | SessionStage::Closing { until, .. } => until,
            SessionStage::Open { .. } => None,
        }
    }
}
