//! Which session is where, and who may have another one.

use std::time::Duration;

use super::*;
use crate::protocol::attempt_origin::tests::origin;
use crate::protocol::session::{Assigned, CloseReason, Usage};

const A: Source = Source::V4(1);
const B: Source = Source::V4(2);

pub fn session(attempt: u64, checked: &str, stage: SessionStage) -> Session {
    Session {
        attempts: vec![attempt],
        worker: 100 + attempt,
        username: b"name".to_vec(),
        sent_as: vec![],
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

fn open(now: Instant) -> SessionStage {
    SessionStage::Open { since: now }
}

#[test]
fn those_that_have_not_connected_have_a_bound_of_their_own() {
    let (mut table, now) = (sessions(2, None), Instant::now());
    for attempt in 1..=2 {
        let_in(&mut table, session(attempt, "alice", open(now)));
    }
    assert!(table.is_full());
    for attempt in 3..=5 {
        let stage = SessionStage::LetIn { until: now };
        assert_eq!(table.has_room_for(A), attempt < 5);
        assert_eq!(table.let_in(session(attempt, "alice", stage)).is_ok(), attempt < 5);
    }
}

#[test]
fn the_source_with_the_most_gives_its_newest() {
    let (mut table, now) = (sessions(3, None), Instant::now());
    let waiting =
        |attempt, source| Session { source, ..session(attempt, "alice", SessionStage::LetIn { until: now }) };
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
    let usage = Usage::unknown(CloseReason::Disconnected);
    for attempt in 1..=3 {
        assert_eq!(table.full_for(A, b"alice"), None);
        let stage = SessionStage::Closing { usage, since: now, until: None };
        let_in(&mut table, session(attempt, "alice", stage));
    }
    assert_eq!((table.full_for(A, b"bob"), table.full_for(B, b"bob")), (Some(Full::Closing), None));
}

#[test]
fn one_user_has_only_so_many() {
    let (mut table, now) = (sessions(9, Some(2)), Instant::now());
    let closing =
        SessionStage::Closing { usage: Usage::unknown(CloseReason::Disconnected), since: now, until: None };
    let opening = |gone| SessionStage::Opening {
        request: 7,
        assigned: Assigned::default(),
        since: now,
        until: None,
        gone,
    };
    for (attempt, username, stage) in [
        (1, "alice", open(now)),
        (2, "alice", closing),
        (3, "alice", SessionStage::LetIn { until: now }),
        (4, "alice", opening(Some(Usage::unknown(CloseReason::Disconnected)))),
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
    let_in(&mut table, session(1, "alice", SessionStage::LetIn { until: now }));
    table.add_attempt(1, 2);
    table.add_attempt(9, 3);
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
    let_in(&mut table, session(1, "alice", SessionStage::LetIn { until: now }));
    let_in(&mut table, session(2, "alice", open(now)));
    let usage = Usage::unknown(CloseReason::OpenVpnEnded);
    let_in(&mut table, session(3, "alice", SessionStage::Closing { usage, since: now, until: Some(later) }));
    assert_eq!((table.late(now), table.late(later)), (vec![101], vec![101, 103]));
    assert_eq!(table.next_event(), Some(now));
    assert!(table.remove(101).is_some() && table.remove(101).is_none());
    assert_eq!(table.next_event(), Some(later));
}
