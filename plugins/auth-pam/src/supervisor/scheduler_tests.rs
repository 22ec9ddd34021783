//! The scheduler's rules, one by one and against a slow model that is nothing but the rules.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    id: u64,
    source: Source,
    username: String,
    deadline: Option<Instant>,
}

impl Schedulable for Attempt {
    fn id(&self) -> u64 {
        self.id
    }
    fn source(&self) -> Source {
        self.source
    }
    fn username(&self) -> &[u8] {
        self.username.as_bytes()
    }
    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

const A: Source = Source::V4(1);
const B: Source = Source::V4(2);
const C: Source = Source::V6(3);

/// An attempt of a user nobody else has.
fn lone(id: u64, source: Source) -> Attempt {
    attempt(id, source, &format!("user {id}"))
}

fn attempt(id: u64, source: Source, username: &str) -> Attempt {
    Attempt { id, source, username: username.to_string(), deadline: None }
}

fn scheduler(max_workers: usize, max_pending: usize) -> Scheduler<Attempt> {
    Scheduler::new(&Limits { max_workers, max_suspended: 0, max_sessions: 0, max_pending })
}

fn fill(scheduler: &mut Scheduler<Attempt>, attempts: impl IntoIterator<Item = Attempt>) {
    for attempt in attempts {
        assert_eq!(scheduler.submit(attempt, 0), None);
    }
}

fn ids(scheduler: &mut Scheduler<Attempt>) -> Vec<u64> {
    std::iter::from_fn(|| scheduler.next()).map(|attempt| attempt.id).collect()
}

#[test]
fn sources_are_served_in_turn_and_each_in_order() {
    let mut scheduler = scheduler(100, 100);
    fill(&mut scheduler, (1..=4).map(|id| lone(id, A)));
    fill(&mut scheduler, [lone(5, B), lone(6, C), lone(7, B), lone(8, Source::Unknown)]);
    assert_eq!(scheduler.runnable(), 8);
    assert_eq!(ids(&mut scheduler), [1, 5, 6, 8, 2, 7, 3, 4]);
}

#[test]
fn a_source_leaves_the_last_quarter_to_others() {
    for (max_workers, share) in [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (8, 6), (9, 6), (512, 384)] {
        let mut scheduler = scheduler(max_workers, 2000);
        fill(&mut scheduler, (0..1000).map(|id| lone(id, A)));
        assert_eq!(scheduler.runnable(), share, "{max_workers}");
        assert_eq!(ids(&mut scheduler).len(), share, "{max_workers}");
        fill(&mut scheduler, [lone(1000, B)]);
        assert_eq!(ids(&mut scheduler), [1000], "{max_workers}");
        scheduler.finished(A, b"user 0");
        assert_eq!(ids(&mut scheduler).len(), 1, "{max_workers}");
    }
}

#[test]
fn without_addresses_there_is_no_share() {
    let mut scheduler = scheduler(4, 100);
    fill(&mut scheduler, (0..10).map(|id| lone(id, Source::Unknown)));
    assert_eq!((scheduler.runnable(), ids(&mut scheduler).len()), (10, 10));
}

#[test]
fn what_goes_on_with_an_answer_counts_as_running_again() {
    let mut scheduler = scheduler(4, 100);
    // More than might start: they have their workers.
    (0..4).for_each(|_| scheduler.resumed(A, b"alice"));
    fill(&mut scheduler, [attempt(1, B, "alice"), lone(2, A), lone(3, B)]);
    assert_eq!(ids(&mut scheduler), [3], "a username runs twice, a source has three quarters");
    scheduler.finished(A, b"alice");
    assert_eq!(ids(&mut scheduler), Vec::<u64>::new());
    scheduler.finished(A, b"alice");
    assert_eq!(ids(&mut scheduler), [2]);
    scheduler.finished(A, b"alice");
    assert_eq!(ids(&mut scheduler), [1]);
    (0..3).for_each(|_| scheduler.finished(B, b"alice"));
    assert_eq!((scheduler.waiting(), scheduler.runnable()), (0, 0));
}

#[test]
fn a_username_runs_twice_at_most_wherever_it_comes_from() {
    let mut scheduler = scheduler(100, 100);
    fill(&mut scheduler, (1..=4).map(|id| attempt(id, A, "alice")));
    fill(&mut scheduler, [attempt(5, B, "alice"), lone(6, A), lone(7, B)]);
    assert_eq!(scheduler.runnable(), 4);
    // Alice's second turn is that of B; then she is passed over.
    assert_eq!(ids(&mut scheduler), [1, 5, 6, 7]);
    assert_eq!(scheduler.runnable(), 0);
    scheduler.finished(A, b"alice");
    assert_eq!(ids(&mut scheduler), [2]);
}

#[test]
fn a_source_that_is_held_up_keeps_its_turn() {
    let mut scheduler = scheduler(100, 100);
    // C's only attempt is held up by its username, which A has many of.
    fill(&mut scheduler, (1..=2).map(|id| attempt(id, A, "alice")));
    assert_eq!(ids(&mut scheduler), [1, 2]);
    fill(&mut scheduler, [attempt(3, C, "alice"), attempt(4, A, "alice"), attempt(5, B, "alice")]);
    scheduler.finished(A, b"alice");
    assert_eq!(ids(&mut scheduler), [3]);
    fill(&mut scheduler, [attempt(6, C, "alice")]);
    scheduler.finished(C, b"alice");
    assert_eq!(ids(&mut scheduler), [4]);
    scheduler.finished(A, b"alice");
    assert_eq!(ids(&mut scheduler), [5]);
}

#[test]
fn the_longest_queue_gives_its_newest() {
    let mut scheduler = scheduler(4, 4);
    fill(&mut scheduler, [lone(1, A), lone(2, A), lone(3, A), lone(4, B)]);
    assert_eq!(scheduler.submit(lone(5, C), 0), Some(lone(3, A)));
    // A and B would be equal: the new one's source gives.
    assert_eq!(scheduler.submit(lone(6, B), 0), Some(lone(6, B)));
    assert_eq!(scheduler.submit(lone(7, C), 0), Some(lone(7, C)));
    assert_eq!(ids(&mut scheduler), [1, 4, 5, 2]);
    // What runs counts: A has two of its own running.
    fill(&mut scheduler, [lone(8, A), lone(9, B), lone(10, B), lone(11, B)]);
    assert_eq!(scheduler.submit(lone(12, Source::Unknown), 0), Some(lone(11, B)));
    assert_eq!(scheduler.submit(lone(13, Source::Unknown), 0), Some(lone(10, B)));
}

#[test]
fn what_free_workers_can_take_does_not_wait() {
    let mut scheduler = scheduler(4, 0);
    assert_eq!(scheduler.submit(lone(1, A), 2), None);
    assert_eq!(scheduler.submit(lone(2, A), 2), None);
    assert_eq!(scheduler.submit(lone(3, A), 2), Some(lone(3, A)));
    assert_eq!(ids(&mut scheduler), [1, 2]);
    assert_eq!(scheduler.submit(lone(4, B), 0), Some(lone(4, B)));
    // A free worker is of no use to one that may not start.
    fill_free(&mut scheduler, &[attempt(5, B, "alice"), attempt(6, B, "alice")]);
    assert_eq!(ids(&mut scheduler), [5, 6]);
    assert_eq!(scheduler.submit(attempt(7, C, "alice"), 4), Some(attempt(7, C, "alice")));
    assert_eq!(scheduler.submit(lone(8, C), 4), None);
}

fn fill_free(scheduler: &mut Scheduler<Attempt>, attempts: &[Attempt]) {
    for attempt in attempts {
        assert_eq!(scheduler.submit(attempt.clone(), 4), None);
    }
}

#[test]
fn a_number_that_waits_is_not_taken_again() {
    let mut scheduler = scheduler(4, 4);
    fill(&mut scheduler, [lone(1, A)]);
    assert_eq!(scheduler.submit(attempt(1, B, "other"), 4), Some(attempt(1, B, "other")));
    assert_eq!((scheduler.waiting(), ids(&mut scheduler)), (1, vec![1]));
}

#[test]
fn one_given_back_is_the_first_again_and_keeps_its_deadline() {
    let (mut scheduler, now) = (scheduler(100, 9), Instant::now());
    let mut first = attempt(1, A, "alice");
    first.deadline = Some(now + Duration::from_secs(5));
    fill_free(&mut scheduler, &[first.clone(), lone(2, B), attempt(3, A, "alice"), attempt(4, A, "alice")]);
    assert_eq!(scheduler.next(), Some(first.clone()));
    assert_eq!(scheduler.next_deadline(), None);
    scheduler.give_back(first.clone());
    assert_eq!(scheduler.next_deadline(), first.deadline);
    assert_eq!(ids(&mut scheduler), [1, 2, 3]);
    scheduler.give_back(first.clone());
    assert_eq!(scheduler.expired(now + Duration::from_secs(5)), [first]);
    assert_eq!(ids(&mut scheduler), [4]);
}

#[test]
fn one_given_back_does_not_make_a_third_of_its_username_runnable() {
    let mut scheduler = scheduler(2, 100);
    fill(&mut scheduler, (1..=3).map(|id| attempt(id, Source::Unknown, "alice")));
    let first = scheduler.next().unwrap();
    // B has its share, so what else waits there does not count.
    fill(&mut scheduler, (4..=9).map(|id| lone(id, B)));
    assert_eq!(ids(&mut scheduler), [2, 4]);
    scheduler.finished(Source::Unknown, b"alice");
    scheduler.give_back(first);
    assert_eq!(scheduler.runnable(), 2);
}

#[test]
fn time_and_cancelling_take_attempts_out() {
    let (mut scheduler, now) = (scheduler(1, 10), Instant::now());
    let in_seconds =
        |id, seconds| Attempt { deadline: Some(now + Duration::from_secs(seconds)), ..lone(id, A) };
    fill(
        &mut scheduler,
        [in_seconds(1, 9), in_seconds(2, 3), lone(3, A), in_seconds(4, 3), in_seconds(5, 4)],
    );
    assert_eq!(scheduler.next_deadline(), Some(now + Duration::from_secs(3)));
    assert_eq!(scheduler.expired(now + Duration::from_millis(2999)), []);
    assert_eq!(scheduler.expired(now + Duration::from_secs(3)), [in_seconds(2, 3), in_seconds(4, 3)]);
    assert_eq!(scheduler.cancel(5), Some(in_seconds(5, 4)));
    assert_eq!((scheduler.cancel(5), scheduler.cancel(2)), (None, None));
    assert_eq!(scheduler.next_deadline(), Some(now + Duration::from_secs(9)));
    fill(&mut scheduler, [attempt(6, B, "user 1"), attempt(7, B, "user 2")]);
    let taken = scheduler.take_source(B, |attempt| attempt.id == 7);
    assert_eq!(taken.iter().map(Schedulable::id).collect::<Vec<_>>(), [7]);
    assert_eq!(scheduler.take_source(B, |_| true).iter().map(Schedulable::id).collect::<Vec<_>>(), [6]);
    assert_eq!(scheduler.drain().iter().map(Schedulable::id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!((scheduler.waiting(), scheduler.runnable(), scheduler.next_deadline()), (0, 0, None));
    // Nothing is left of anybody.
    fill(&mut scheduler, [attempt(6, A, "user 1")]);
    assert_eq!(ids(&mut scheduler), [6]);
}

#[test]
fn thousands_of_attempts_take_no_longer_each_than_a_few() {
    let many = 30_000u32;
    let of_one_source = |id: u32| lone(u64::from(id), A);
    let of_a_source_each = |id: u32| lone(u64::from(id), Source::V4(id));
    for make in [&of_one_source as &dyn Fn(u32) -> Attempt, &of_a_source_each] {
        let mut scheduler = scheduler(512, many as usize);
        fill(&mut scheduler, (0..many).map(make));
        for id in 0..1000 {
            assert!(scheduler.submit(make(many + id), 0).is_some());
        }
        let mut served = 0;
        while let Some(attempt) = scheduler.next() {
            scheduler.finished(attempt.source, attempt.username.as_bytes());
            served += 1;
        }
        assert_eq!(served, many);
    }
}

#[path = "scheduler_model_tests.rs"]
mod model;
