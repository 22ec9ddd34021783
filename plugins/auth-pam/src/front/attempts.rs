//! The table of attempts: all that OpenVPN has asked and PAM has not decided yet, behind one lock.
//!
//! Each verdict takes effect once. If OpenVPN's thread still waits for an attempt, that thread takes the verdict and
//! answers directly; if the attempt was deferred, whoever reads the verdict hands it to the attempt's [`Decision`].

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::{Duration, Instant};

use log::Level;
use ovpn_plugin::Decision;
use privsep::ChannelError;
use privsep::life::{Heard, Kept};

use super::grace::Grace;
use super::rejection::{refusal, rejection};
use crate::protocol::{Reply, Request};
use crate::reference::Reference;
use crate::verdict::{Advance, Verdict};

/// What an administrator is to do when there is no supervisor any more.
pub const RESTART: &str = "logins are refused until OpenVPN is restarted";
/// How long a keeper that is gone may take to be reaped.
const REAP: Duration = Duration::from_millis(100);

/// Attempts that one use of the lock reads verdicts for, or looks at.
const BATCH: usize = 32;

/// The supervisor as the front sees it: a new one takes the place of one that was killed.
pub type Supervisor = Kept<Request, Reply>;

/// One attempt without an answer to OpenVPN.
#[derive(Debug)]
enum Attempt {
    /// OpenVPN's thread waits for it; the verdict, once it is there.
    Awaited(Option<Decided>),
    /// OpenVPN was answered *deferred*, about this one.
    Deferred(Decision, Whom),
}

/// What was decided, and what the person at the client may learn of a rejection.
#[derive(Debug, PartialEq, Eq)]
pub struct Decided {
    /// The verdict.
    pub verdict: Verdict,
    /// The reason; empty: nothing.
    pub told: Vec<u8>,
}

/// Whom a deferred attempt is about.
#[derive(Debug)]
pub struct Whom {
    /// The username, for the log.
    pub user: String,
    /// The end of a line of the log.
    pub tail: String,
    /// The reference.
    pub reference: Reference,
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

/// What was read.
enum Read {
    Nothing,
    /// The verdict of an attempt.
    Verdict(u64, Verdict),
    /// Nothing more about what was sent before.
    Lost,
}

/// The table, and the supervisor that decides.
pub struct Attempts {
    /// The supervisor; `None` once it is lost for good.
    pub supervisor: Option<Supervisor>,
    /// How long OpenVPN waits.
    pub grace: Grace,
    advance: Advance,
    table: BTreeMap<u64, Attempt>,
    deferred: usize,
    /// What is to be done when the lock is free again.
    afterwards: Afterwards,
}

/// What a use of the table leaves to be done once nobody waits for its lock: files and logs may make whoever uses them
/// wait.
#[derive(Default)]
pub struct Afterwards {
    /// Deferred attempts with their verdicts.
    decided: Vec<(Decision, Decided, Reference)>,
    /// Lines for the log.
    lines: Vec<(Level, String)>,
    /// The supervisor that is lost for good.
    pub lost: Option<Supervisor>,
}

impl Afterwards {
    /// Delivers the verdicts, then gives the lines to be logged.
    pub fn deliver(self, advance: Advance) -> Vec<(Level, String)> {
        let Afterwards { decided, mut lines, lost } = self;
        let failed = |error| (Level::Error, format!("OpenVPN's control file cannot be written: {error}"));
        lines.extend(decided.into_iter().filter_map(|(decision, Decided { verdict, told }, reference)| {
            let delivered = match verdict {
                Verdict::Accepted { .. } => decision.accept(),
                Verdict::Rejected if told.is_empty() => decision.reject(),
                Verdict::Rejected => decision.reject_with(&refusal(&told, reference)),
                Verdict::Temporary { cause, backoff } => {
                    decision.reject_with(&rejection(cause, backoff, advance, reference))
                }
            };
            delivered.err().map(failed)
        }));
        if let Some(supervisor) = lost {
            let keeper = supervisor.keeper();
            let how = supervisor.reap(REAP).map(|how| format!(" ({how})")).unwrap_or_default();
            let line = format!("the supervisor and its keeper, process {keeper}, are gone{how}: {RESTART}");
            lines.insert(0, (Level::Error, line));
            supervisor.stop(Duration::ZERO);
        }
        lines
    }
}

impl Attempts {
    /// An empty table.
    pub fn new(grace: Duration, advance: Advance) -> Self {
        let grace = Grace::new(grace);
        let (table, afterwards) = (BTreeMap::new(), Afterwards::default());
        Attempts { supervisor: None, grace, advance, table, deferred: 0, afterwards }
    }

    /// Whether any attempt has no verdict yet.
    pub fn any_pending(&self) -> bool {
        !self.table.is_empty()
    }

    /// Whether any attempt is deferred: then somebody has to read verdicts.
    pub fn any_deferred(&self) -> bool {
        self.deferred > 0
    }

    /// OpenVPN's thread waits for this attempt from now on; [`Attempts::take_verdict`] ends that.
    pub fn await_verdict(&mut self, id: u64) {
        self.table.insert(id, Attempt::Awaited(None));
    }

    /// OpenVPN's thread waits no more.
    pub fn take_verdict(&mut self, id: u64) -> Taken {
        match self.table.remove(&id) {
            Some(Attempt::Awaited(Some(decided))) => Taken::Decided(decided),
            Some(Attempt::Awaited(None)) => Taken::Pending,
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
        self.table.insert(id, Attempt::Deferred(decision, whom));
        self.deferred += 1;
    }

    /// Reads what the supervisor has sent.
    pub fn read(&mut self) {
        while !matches!(self.read_one(Supervisor::try_receive), None | Some(Read::Nothing)) {}
    }

    /// The same, a batch at most: whoever holds the lock keeps OpenVPN from it.
    pub fn read_batch(&mut self) {
        for _ in 0..BATCH {
            if matches!(self.read_one(Supervisor::try_receive), None | Some(Read::Nothing)) {
                return;
            }
        }
    }

    /// Reads until `until` says of the verdict of `id` that it is enough, until it can no longer come, at most until `end`.
    pub fn wait_for(&mut self, id: u64, end: Option<Instant>, until: impl Fn(Verdict) -> bool) {
        let left = || end.map(|end| end.saturating_duration_since(Instant::now()));
        while let Some(read) = self.read_one(|supervisor| supervisor.receive(left())) {
            match read {
                Read::Verdict(decided, verdict) if decided != id || !until(verdict) => {}
                Read::Verdict(..) | Read::Lost | Read::Nothing => return,
            }
        }
    }

    /// Receives and settles one verdict. `None`: there is no supervisor any more.
    fn read_one(
        &mut self,
        receive: impl FnOnce(&mut Supervisor) -> Result<Option<Heard<Reply>>, ChannelError>,
    ) -> Option<Read> {
        match receive(self.supervisor.as_mut()?) {
            Ok(None) => Some(Read::Nothing),
            Ok(Some(Heard::Message(reply))) => {
                let Reply::Verdict { id, verdict, told } = reply;
                self.settle(id, Decided { verdict, told });
                Some(Read::Verdict(id, verdict))
            }
            Ok(Some(Heard::Lost)) => {
                self.reject_all();
                Some(Read::Lost)
            }
            Err(error) => {
                self.lose_supervisor(&error);
                None
            }
        }
    }

    fn settle(&mut self, id: u64, decided: Decided) {
        if let Verdict::Accepted { took } = decided.verdict {
            self.grace.accepted(Instant::now(), took);
        }
        match self.table.remove(&id) {
            Some(Attempt::Awaited(_)) => drop(self.table.insert(id, Attempt::Awaited(Some(decided)))),
            Some(Attempt::Deferred(decision, whom)) => {
                self.deferred -= 1;
                self.afterwards.decided.push((decision, decided, whom.reference));
            }
            // OpenVPN's thread has given up waiting, or the client is gone.
            None => {}
        }
    }

    /// Drops the deferred attempts whose clients are gone, and has the supervisor not run those that still wait. Looks at a
    /// batch, the first after this id; the last id it looked at, unless it came to the end.
    pub fn cancel_unwanted(&mut self, after: u64) -> Option<u64> {
        let rest = self.table.range((Bound::Excluded(after), Bound::Unbounded));
        let looked_at: Vec<u64> = rest.map(|(id, _)| *id).take(BATCH).collect();
        for id in &looked_at {
            if matches!(self.table.get(id), Some(Attempt::Deferred(decision, _)) if !decision.is_wanted()) {
                self.table.remove(id);
                self.deferred -= 1;
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
        let is_decided = |attempt: &Attempt| matches!(attempt, Attempt::Awaited(Some(_)));
        let (decided, pending) =
            std::mem::take(&mut self.table).into_iter().partition(|(_, attempt)| is_decided(attempt));
        self.table = decided;
        let pending: BTreeMap<u64, Attempt> = pending;
        self.deferred = 0;
        for (_, attempt) in pending {
            if let Attempt::Deferred(decision, Whom { user, tail, reference }) = attempt {
                let decided = Decided { verdict: Verdict::Rejected, told: Vec::new() };
                self.afterwards.decided.push((decision, decided, reference));
                let line = format!("user '{user}' failed to authenticate: the supervisor is gone{tail}");
                self.afterwards.lines.push((Level::Error, line));
            }
        }
    }

    /// Supervisor and keeper are gone.
    pub fn lose_supervisor(&mut self, error: &ChannelError) {
        let Some(supervisor) = self.supervisor.take() else { return };
        if !matches!(error, ChannelError::Closed) {
            let line = format!("the supervisor cannot be heard: {error}");
            self.afterwards.lines.push((Level::Error, line));
        }
        self.reject_all();
        self.afterwards.lost = Some(supervisor);
    }

    /// What is to be done once the lock is free, and where clients are to try again.
    pub fn take_afterwards(&mut self) -> (Afterwards, Advance) {
        (std::mem::take(&mut self.afterwards), self.advance)
    }
}
