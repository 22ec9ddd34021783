//! The clients that were let in, and the sessions that are open for them: which is in which worker, and whether there may be
//! another one. A table without processes and without a clock.

use std::collections::HashMap;
use std::time::Instant;

use crate::supervisor::attempt::Attempt;
use crate::supervisor::counters::SessionCounts;
use crate::supervisor::events::WorkerId;
use crate::supervisor::source::Source;

use super::session::{Session, SessionStage};

/// How many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of all users. As many clients again may have been let in and not have connected yet.
    pub most: usize,
    /// Of one user; `None`: as many as of all.
    pub most_of_user: Option<usize>,
}

/// Why there may not be another session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// There are too many.
    All,
    /// The user has too many.
    User,
    /// Too many of the source are being closed.
    Closing,
}

/// Too many clients were let in and have not connected.
#[derive(Debug, PartialEq, Eq)]
pub struct NoRoom;

/// All of them. Every change goes through [`Sessions::change`].
#[derive(Debug)]
pub struct Sessions {
    bounds: Bounds,
    table: Vec<Session>,
    /// How many wait for PAM: asked in each turn of the supervisor, so nobody goes through all of them for that.
    in_pam: usize,
}

impl Sessions {
    /// None yet.
    pub fn new(bounds: Bounds) -> Self {
        Sessions { bounds, table: Vec::new(), in_pam: 0 }
    }

    /// Changes the one in this worker.
    pub fn change<R>(&mut self, worker: WorkerId, change: impl FnOnce(&mut Session) -> R) -> Option<R> {
        let session = self.table.iter_mut().find(|session| session.worker == worker)?;
        Some(counted(&mut self.in_pam, session, change))
    }

    /// Whether somebody waits for PAM to open one, or to look at its account.
    pub fn any_in_pam(&self) -> bool {
        self.in_pam > 0
    }

    fn put(&mut self, session: Session) {
        self.in_pam += usize::from(session.in_pam().is_some());
        self.table.push(session);
    }

    fn take(&mut self, place: usize) -> Session {
        let session = self.table.remove(place);
        self.in_pam -= usize::from(session.in_pam().is_some());
        session
    }

    /// A client was let in. If too many have not connected, the source with the most of those gives its newest, which comes
    /// back.
    pub fn let_in(&mut self, session: Session) -> Result<Option<Session>, NoRoom> {
        if !self.has_room_for(session.source) {
            return Err(NoRoom);
        }
        let (count, counts) = self.waiting();
        let most = counts.values().max().copied();
        let given_up = if count < self.bounds.most {
            None
        } else {
            let of_most = |one: &Session| !one.is_open() && counts.get(&one.source).copied() == most;
            self.table.iter().rposition(of_most).map(|place| self.take(place))
        };
        self.put(session);
        Ok(given_up)
    }

    /// Whether one more client of this source may be let in: there is room, or another source has more that have not
    /// connected, also when it has given one.
    pub fn has_room_for(&self, source: Source) -> bool {
        let (count, counts) = self.waiting();
        let own = counts.get(&source).copied().unwrap_or(0);
        count < self.bounds.most || counts.values().any(|count| *count > own + 1)
    }

    /// How many have not connected, of all and of each source.
    fn waiting(&self) -> (usize, HashMap<Source, usize>) {
        let mut counts = HashMap::new();
        let waiting = self.table.iter().filter(|session| !session.is_open());
        let count = waiting.inspect(|session| *counts.entry(session.source).or_default() += 1).count();
        (count, counts)
    }

    /// The transaction that has let `first` in has let `other` in too.
    pub fn add_attempt(&mut self, first: u64, other: u64) {
        if let Some(session) = self.table.iter_mut().find(|session| session.attempts.contains(&first)) {
            session.attempts.push(other);
        }
    }

    /// The one of this attempt.
    pub fn of(&self, attempt: u64) -> Option<&Session> {
        self.table.iter().find(|session| session.attempts.contains(&attempt))
    }

    /// The one in this worker.
    pub fn in_worker(&self, worker: WorkerId) -> Option<&Session> {
        self.table.iter().find(|session| session.worker == worker)
    }

    /// The one that this request of the front is to open.
    pub fn opened_by(&self, id: u64) -> Option<&Session> {
        let opens = |session: &&Session| matches!(session.stage, SessionStage::Opening { request, .. } if request == id);
        self.table.iter().find(opens)
    }

    /// Takes out the one in this worker.
    pub fn remove(&mut self, worker: WorkerId) -> Option<Session> {
        let place = self.table.iter().position(|session| session.worker == worker)?;
        Some(self.take(place))
    }

    /// The client of this attempt is gone. Gives back the session if nobody else was let in with it and it is not open.
    pub fn cancel(&mut self, attempt: u64) -> Option<Session> {
        let holds = |session: &Session| !session.is_open() && session.attempts.contains(&attempt);
        let place = self.table.iter().position(holds)?;
        let session = self.table.get_mut(place)?;
        session.attempts.retain(|one| *one != attempt);
        if session.attempts.is_empty() { Some(self.take(place)) } else { None }
    }

    /// The client of this attempt is gone. If its account is being looked at, that goes on.
    pub fn client_gone(&mut self, attempt: u64) {
        let checked = self.table.iter_mut().filter_map(|session| session.check.as_mut()?.attempt.as_mut());
        checked.filter(|checked| checked.id == attempt).for_each(|checked| checked.gone = true);
    }

    /// Whether any more may be opened at all.
    pub fn is_full(&self) -> bool {
        self.table.iter().filter(|session| session.is_open()).count() >= self.bounds.most
    }

    /// Why this user may not have another one from there. There is a bound for those that are being closed, since these do not
    /// count as the user's: where it takes long to close one, those of one source take half of the places at most.
    pub fn full_for(&self, source: Source, checked: &[u8]) -> Option<Full> {
        if self.is_full() {
            return Some(Full::All);
        }
        let is_closing =
            |one: &&Session| one.source == source && matches!(one.stage, SessionStage::Closing { .. });
        if self.table.iter().filter(is_closing).count() >= self.bounds.most.div_ceil(2) {
            return Some(Full::Closing);
        }
        self.user_has_all(checked, |_| false).then_some(Full::User)
    }

    /// Whether this user has as many as may be, besides those that are `replaced`. A session that is being closed does not
    /// count as the user's: its client is gone, and may be the one that comes again. Names that differ only in case are
    /// the same: to many modules they are.
    pub fn user_has_all(&self, checked: &[u8], replaced: impl Fn(&Session) -> bool) -> bool {
        let counts = |session: &&Session| {
            let stays = match &session.stage {
                SessionStage::Opening { gone, .. } => gone.is_none(),
                SessionStage::Open { .. } => true,
                SessionStage::LetIn { .. } | SessionStage::Closing { .. } => false,
            };
            stays && session.checked.eq_ignore_ascii_case(checked) && !replaced(session)
        };
        self.bounds.most_of_user.is_some_and(|most| self.table.iter().filter(counts).count() >= most)
    }

    /// The workers of all that are over their time.
    pub fn late(&self, now: Instant) -> Vec<WorkerId> {
        let late = |session: &&Session| session.until().is_some_and(|until| until <= now);
        self.table.iter().filter(late).map(|session| session.worker).collect()
    }

    /// The attempts whose time is over while the account of a session is looked at.
    pub fn late_checks(&mut self, now: Instant) -> Vec<Attempt> {
        let late = |session: &&mut Session| session.check_until().is_some_and(|until| until <= now);
        let take = |session: &mut Session| session.check.as_mut()?.attempt.take();
        self.table
            .iter_mut()
            .filter(late)
            .filter_map(|session| counted(&mut self.in_pam, session, take))
            .map(|attempt| *attempt)
            .collect()
    }

    /// When [`Sessions::late`] or [`Sessions::late_checks`] will have something to give.
    pub fn next_event(&self) -> Option<Instant> {
        self.table.iter().flat_map(|session| [session.until(), session.check_until()]).flatten().min()
    }

    /// How many are how far.
    pub fn counts(&self) -> SessionCounts {
        let mut counts = SessionCounts::default();
        for session in &self.table {
            *match session.stage {
                SessionStage::LetIn { .. } => &mut counts.let_in,
                SessionStage::Opening { .. } => &mut counts.opening,
                SessionStage::Open { .. } => &mut counts.open,
                SessionStage::Closing { .. } => &mut counts.closing,
            } += 1;
        }
        counts
    }

    /// All of them.
    pub fn all(&self) -> &[Session] {
        &self.table
    }
}

/// Changes a session, and the count of those that wait for PAM with it.
fn counted<R>(in_pam: &mut usize, session: &mut Session, change: impl FnOnce(&mut Session) -> R) -> R {
    let before = session.in_pam().is_some();
    let result = change(session);
    *in_pam = *in_pam + usize::from(session.in_pam().is_some()) - usize::from(before);
    result
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "in_pam_tests.rs"]
mod in_pam_tests;
