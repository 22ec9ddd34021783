//! The clients that were let in, and the sessions that are open for them: which is in which worker, and whether there may be
//! another one. A table without processes and without a clock.

use std::collections::HashMap;
use std::time::Instant;

use crate::origin::Origin;
use crate::session::{Assigned, Usage};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::events::WorkerId;
use crate::supervisor::figures::SessionCounts;
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
    /// Whom PAM has let in, possibly cut.
    pub checked: Vec<u8>,
    /// Where it counts.
    pub source: Source,
    /// Common name of the client's certificate.
    pub common_name: Vec<u8>,
    /// Where the client has logged in from.
    pub origin: Origin,
    /// How far it has come.
    pub stage: Stage,
    /// When PAM was asked to open or close it, as long as it does.
    pub asked: Option<Instant>,
    /// Its account is being looked at once more.
    pub check: Option<Check>,
}

/// The account of an open session is looked at, for a renegotiation.
#[derive(Debug)]
pub struct Check {
    /// The attempt that waits for it; nothing once that was late.
    pub attempt: Option<Box<Attempt>>,
}

/// How far a session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
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

/// All of them.
#[derive(Debug)]
pub struct Sessions {
    bounds: Bounds,
    table: Vec<Session>,
}

impl Session {
    /// Whether the modules have opened it, or are about to.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::LetIn { .. })
    }

    /// Since when somebody waits for PAM to open it, or to look at its account.
    pub fn in_pam(&self) -> Option<Instant> {
        let check =
            self.check.as_ref().and_then(|check| check.attempt.as_ref()).map(|attempt| attempt.arrived);
        match self.stage {
            Stage::Opening { since, .. } => Some(since),
            _ => check,
        }
    }

    /// Until when the attempt waits that has its account looked at.
    fn check_until(&self) -> Option<Instant> {
        self.check.as_ref()?.attempt.as_ref()?.deadline
    }

    fn until(&self) -> Option<Instant> {
        match self.stage {
            Stage::LetIn { until } => Some(until),
            Stage::Opening { until, .. } | Stage::Closing { until, .. } => until,
            Stage::Open { .. } => None,
        }
    }
}

impl Sessions {
    /// None yet.
    pub fn new(bounds: Bounds) -> Self {
        Sessions { bounds, table: Vec::new() }
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
            self.table.iter().rposition(of_most).map(|place| self.table.remove(place))
        };
        self.table.push(session);
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
    pub fn share(&mut self, first: u64, other: u64) {
        if let Some(session) = self.table.iter_mut().find(|session| session.attempts.contains(&first)) {
            session.attempts.push(other);
        }
    }

    /// The one of this attempt.
    pub fn of(&mut self, attempt: u64) -> Option<&mut Session> {
        self.table.iter_mut().find(|session| session.attempts.contains(&attempt))
    }

    /// The one in this worker.
    pub fn in_worker(&mut self, worker: WorkerId) -> Option<&mut Session> {
        self.table.iter_mut().find(|session| session.worker == worker)
    }

    /// The one that this request of the front is to open.
    pub fn opened_by(&mut self, id: u64) -> Option<&mut Session> {
        let opens =
            |session: &&mut Session| matches!(session.stage, Stage::Opening { request, .. } if request == id);
        self.table.iter_mut().find(opens)
    }

    /// Takes out the one in this worker.
    pub fn remove(&mut self, worker: WorkerId) -> Option<Session> {
        let place = self.table.iter().position(|session| session.worker == worker)?;
        Some(self.table.remove(place))
    }

    /// The client of this attempt is gone. Gives back the session if nobody else was let in with it and it is not open.
    pub fn cancel(&mut self, attempt: u64) -> Option<Session> {
        let holds = |session: &Session| !session.is_open() && session.attempts.contains(&attempt);
        let place = self.table.iter().position(holds)?;
        let session = self.table.get_mut(place)?;
        session.attempts.retain(|one| *one != attempt);
        if session.attempts.is_empty() { Some(self.table.remove(place)) } else { None }
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
        let is_closing = |one: &&Session| one.source == source && matches!(one.stage, Stage::Closing { .. });
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
                Stage::Opening { gone, .. } => gone.is_none(),
                Stage::Open { .. } => true,
                Stage::LetIn { .. } | Stage::Closing { .. } => false,
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
        self.table
            .iter_mut()
            .filter(late)
            .filter_map(|session| session.check.as_mut()?.attempt.take())
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
                Stage::LetIn { .. } => &mut counts.let_in,
                Stage::Opening { .. } => &mut counts.opening,
                Stage::Open { .. } => &mut counts.open,
                Stage::Closing { .. } => &mut counts.closing,
            } += 1;
        }
        counts
    }

    /// All of them.
    pub fn all(&self) -> &[Session] {
        &self.table
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::origin::tests::origin;
    use crate::session::Why;

    const A: Source = Source::V4(1);
    const B: Source = Source::V4(2);

    fn session(attempt: u64, checked: &str, stage: Stage) -> Session {
        Session {
            attempts: vec![attempt],
            worker: 100 + attempt,
            username: b"name".to_vec(),
            checked: checked.into(),
            source: A,
            common_name: format!("device-{attempt}").into(),
            origin: origin("192.0.2.7", 1194),
            stage,
            asked: None,
            check: None,
        }
    }

    fn let_in(table: &mut Sessions, session: Session) {
        assert!(matches!(table.let_in(session), Ok(None)));
    }

    fn sessions(most: usize, most_of_user: Option<usize>) -> Sessions {
        Sessions::new(Bounds { most, most_of_user })
    }

    fn open(now: Instant) -> Stage {
        Stage::Open { since: now }
    }

    #[test]
    fn those_that_have_not_connected_have_a_bound_of_their_own() {
        let (mut table, now) = (sessions(2, None), Instant::now());
        for attempt in 1..=2 {
            let_in(&mut table, session(attempt, "alice", open(now)));
        }
        assert!(table.is_full());
        for attempt in 3..=5 {
            let stage = Stage::LetIn { until: now };
            assert_eq!(table.has_room_for(A), attempt < 5);
            assert_eq!(table.let_in(session(attempt, "alice", stage)).is_ok(), attempt < 5);
        }
    }

    #[test]
    fn the_source_with_the_most_gives_its_newest() {
        let (mut table, now) = (sessions(3, None), Instant::now());
        let waiting =
            |attempt, source| Session { source, ..session(attempt, "alice", Stage::LetIn { until: now }) };
        (1..=3).for_each(|attempt| let_in(&mut table, waiting(attempt, A)));
        let given_up = |table: &mut Sessions, one| table.let_in(one).map(|one| one.map(|one| one.worker));
        assert_eq!(given_up(&mut table, waiting(4, A)), Err(NoRoom));
        assert_eq!(given_up(&mut table, waiting(5, B)), Ok(Some(103)));
        // Neither takes it back.
        assert_eq!(given_up(&mut table, waiting(6, A)), Err(NoRoom));
        assert_eq!(given_up(&mut table, waiting(7, B)), Err(NoRoom));
        assert_eq!(given_up(&mut table, waiting(8, Source::V4(3))), Ok(Some(102)));
        assert_eq!(given_up(&mut table, waiting(9, Source::V4(4))), Err(NoRoom));
    }

    #[test]
    fn one_source_fills_half_of_the_places_with_what_is_being_closed() {
        let (mut table, now) = (sessions(5, None), Instant::now());
        let usage = Usage::unknown(Why::Disconnected);
        for attempt in 1..=3 {
            assert_eq!(table.full_for(A, b"alice"), None);
            let stage = Stage::Closing { usage, since: now, until: None };
            let_in(&mut table, session(attempt, "alice", stage));
        }
        assert_eq!((table.full_for(A, b"bob"), table.full_for(B, b"bob")), (Some(Full::Closing), None));
    }

    #[test]
    fn one_user_has_only_so_many() {
        let (mut table, now) = (sessions(9, Some(2)), Instant::now());
        let closing = Stage::Closing { usage: Usage::unknown(Why::Disconnected), since: now, until: None };
        let opening = |gone| Stage::Opening {
            request: 7,
            assigned: Assigned::default(),
            since: now,
            until: None,
            gone,
        };
        for (attempt, username, stage) in [
            (1, "alice", open(now)),
            (2, "alice", closing),
            (3, "alice", Stage::LetIn { until: now }),
            (4, "alice", opening(Some(Usage::unknown(Why::Disconnected)))),
            (5, "bob", open(now)),
        ] {
            let_in(&mut table, session(attempt, username, stage));
        }
        assert_eq!(table.full_for(A, b"alice"), None);
        let_in(&mut table, session(6, "Alice", opening(None)));
        assert_eq!(table.full_for(A, b"alice"), Some(Full::User));
        assert_eq!(table.full_for(A, b"bob"), None);
        assert!(table.user_has_all(b"alice", |_| false) && !table.user_has_all(b"bob", |_| false));
        assert!(!table.user_has_all(b"alice", |session| session.common_name == b"device-6"));
        // That one is being closed anyway.
        assert!(table.user_has_all(b"alice", |session| session.common_name == b"device-2"));
        for attempt in 7..=10 {
            let_in(&mut table, session(attempt, "carol", open(now)));
        }
        assert_eq!(table.full_for(A, b"dave"), Some(Full::All));
    }

    #[test]
    fn who_has_joined_has_it_too_until_one_connects() {
        let (mut table, now) = (sessions(9, None), Instant::now());
        let_in(&mut table, session(1, "alice", Stage::LetIn { until: now }));
        table.share(1, 2);
        table.share(9, 3);
        assert!(table.of(2).is_some() && table.of(3).is_none());
        assert!(table.cancel(1).is_none() && table.of(1).is_none() && table.of(2).is_some());
        assert!(table.cancel(2).is_some() && table.of(2).is_none());
        // What is open is closed in order, and not given up.
        let_in(&mut table, session(4, "alice", open(now)));
        assert!(table.cancel(4).is_none() && table.of(4).is_some());
    }

    #[test]
    fn each_has_its_time() {
        let (mut table, now) = (sessions(9, None), Instant::now());
        let later = now + Duration::from_secs(1);
        let_in(&mut table, session(1, "alice", Stage::LetIn { until: now }));
        let_in(&mut table, session(2, "alice", open(now)));
        let usage = Usage::unknown(Why::OpenVpnEnded);
        let_in(&mut table, session(3, "alice", Stage::Closing { usage, since: now, until: Some(later) }));
        assert_eq!((table.late(now), table.late(later)), (vec![101], vec![101, 103]));
        assert_eq!(table.next_event(), Some(now));
        assert!(table.remove(101).is_some() && table.remove(101).is_none());
        assert_eq!(table.next_event(), Some(later));
    }
}
