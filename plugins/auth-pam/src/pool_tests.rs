//! The pool's rules, without processes: time is a number the tests count up.

use super::*;
use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
struct Job(u32, &'static str);

impl Pending for Job {
    fn address(&self) -> &[u8] {
        self.1.as_bytes()
    }
}

fn limits() -> Limits {
    Limits {
        max_workers: 2,
        max_pending: 3,
        max_pending_per_address: 2,
        time_limit: Some(Duration::from_secs(60)),
        idle_time: Duration::from_secs(30),
        max_served: 3,
        max_age: Duration::from_secs(3600),
        fork_pause: Duration::from_secs(1),
        fork_hold: Duration::from_millis(1),
    }
}

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

/// Does what the pool says until it has nothing more to say; the workers that got a login.
fn settle(pool: &mut Pool<Job>, now: Instant) -> Vec<WorkerId> {
    let mut started = Vec::new();
    while let Some(step) = pool.step(now) {
        match step {
            Step::Fork => drop(pool.forked(now)),
            Step::Run(worker) => started.push(worker),
        }
    }
    started
}

#[test]
fn a_login_forks_a_worker_and_the_next_one_uses_it_again() {
    let (mut pool, now) = (Pool::new(limits()), Instant::now());
    assert_eq!(pool.step(now), None);
    pool.submit(now, Job(1, "a")).unwrap();
    assert_eq!(pool.step(now), Some(Step::Fork));
    assert_eq!(pool.next_worker(), 1);
    assert_eq!(pool.forked(now), 1);
    assert_eq!(pool.step(now), Some(Step::Run(1)));
    assert_eq!(pool.running(1), Some(&Job(1, "a")));
    assert_eq!(pool.step(now), None);
    assert_eq!(pool.finished(now, 1), Some((Job(1, "a"), false)));
    pool.submit(now, Job(2, "a")).unwrap();
    assert_eq!(pool.step(now), Some(Step::Run(1)));
}

#[test]
fn workers_grow_to_the_maximum_and_logins_wait_in_order() {
    let (mut pool, now) = (Pool::new(limits()), Instant::now());
    for (number, address) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
        pool.submit(now, Job(number, address)).unwrap();
    }
    assert_eq!(settle(&mut pool, now), [1, 2]);
    assert_eq!(pool.workers(), 2);
    assert_eq!(pool.finished(now, 2), Some((Job(2, "b"), false)));
    assert_eq!(settle(&mut pool, now), [2]);
    assert_eq!(pool.running(2), Some(&Job(3, "c")));
}

#[test]
fn the_queue_is_bounded_and_what_can_start_at_once_does_not_count() {
    let (mut pool, now) = (Pool::new(limits()), Instant::now());
    let addresses = ["a", "b", "c", "d", "e"];
    for (number, address) in (0..).zip(addresses) {
        pool.submit(now, Job(number, address)).unwrap();
    }
    assert_eq!(pool.submit(now, Job(9, "f")), Err((Job(9, "f"), Full::Queue)));
    settle(&mut pool, now);
    assert_eq!(pool.submit(now, Job(9, "f")), Err((Job(9, "f"), Full::Queue)));
    pool.finished(now, 1);
    settle(&mut pool, now);
    assert_eq!(pool.submit(now, Job(9, "f")), Ok(()));
}

#[test]
fn one_address_cannot_fill_the_queue() {
    let (mut pool, now) = (Pool::new(limits()), Instant::now());
    for number in 0..4 {
        pool.submit(now, Job(number, "a")).unwrap();
        settle(&mut pool, now);
    }
    assert_eq!(pool.submit(now, Job(4, "a")), Err((Job(4, "a"), Full::Address)));
    assert_eq!(pool.submit(now, Job(5, "b")), Ok(()));
    pool.finished(now, 1);
    settle(&mut pool, now);
    assert_eq!(pool.submit(now, Job(6, "a")), Ok(()));
}

#[test]
fn logins_of_unknown_address_share_only_the_common_bound() {
    let (mut pool, now) = (Pool::new(limits()), Instant::now());
    for number in 0..5 {
        pool.submit(now, Job(number, "")).unwrap();
    }
    assert_eq!(pool.submit(now, Job(5, "")), Err((Job(5, ""), Full::Queue)));
}

#[test]
fn a_login_over_its_time_is_taken_from_its_worker_or_from_the_queue() {
    let (mut pool, start) = (Pool::new(Limits { max_workers: 1, ..limits() }), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    settle(&mut pool, start);
    pool.submit(after(start, 10), Job(2, "a")).unwrap();
    assert_eq!(pool.next_event(), Some(after(start, 60)));
    assert!(pool.expired(after(start, 59)).is_empty());
    let expired = pool.expired(after(start, 60));
    assert!(matches!(expired[..], [Expired::Running(1, Job(1, "a"))]), "{expired:?}");
    assert_eq!(pool.workers(), 0);
    let expired = pool.expired(after(start, 70));
    assert!(matches!(expired[..], [Expired::Waiting(Job(2, "a"))]), "{expired:?}");
    assert_eq!(pool.step(after(start, 70)), None);
}

#[test]
fn without_a_time_limit_nothing_expires() {
    let (mut pool, start) = (Pool::new(Limits { time_limit: None, ..limits() }), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    settle(&mut pool, start);
    assert!(pool.expired(after(start, 1_000_000)).is_empty());
    assert_eq!(pool.next_event(), None);
}

#[test]
fn idle_workers_retire_down_to_one() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    pool.submit(start, Job(2, "b")).unwrap();
    settle(&mut pool, start);
    pool.finished(after(start, 1), 1);
    pool.finished(after(start, 2), 2);
    assert_eq!(pool.next_event(), Some(after(start, 31)));
    assert_eq!(pool.retired(after(start, 30)), []);
    assert_eq!(pool.retired(after(start, 31)), [1]);
    assert_eq!(pool.retired(after(start, 3000)), []);
    assert_eq!(pool.next_event(), Some(after(start, 3600)), "the last one's age");
    assert_eq!(pool.retired(after(start, 3600)), [2]);
    assert_eq!(pool.next_event(), None);
}

#[test]
fn a_failed_fork_does_not_close_the_pool_when_nothing_may_wait() {
    let (mut pool, start) = (Pool::new(Limits { max_pending: 0, ..limits() }), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    assert_eq!(pool.fork_failed(start), [Job(1, "a")]);
    assert_eq!(pool.submit(start, Job(2, "a")), Err((Job(2, "a"), Full::Queue)));
    pool.submit(after(start, 1), Job(3, "a")).unwrap();
    assert_eq!(settle(&mut pool, after(start, 1)), [1]);
}

#[test]
fn processes_that_are_not_gone_yet_count_as_workers() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    assert!(pool.set_lingering(2) && !pool.set_lingering(2));
    pool.submit(start, Job(1, "a")).unwrap();
    assert_eq!(pool.step(start), None);
    pool.set_lingering(1);
    assert_eq!(settle(&mut pool, start), [1]);
    pool.submit(start, Job(2, "a")).unwrap();
    assert_eq!(pool.step(start), None);
}

#[test]
fn the_worker_that_was_busy_last_is_used_first() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    pool.submit(start, Job(2, "b")).unwrap();
    settle(&mut pool, start);
    pool.finished(after(start, 1), 2);
    pool.finished(after(start, 2), 1);
    pool.submit(after(start, 3), Job(3, "c")).unwrap();
    assert_eq!(settle(&mut pool, after(start, 3)), [1]);
}

#[test]
fn a_worker_leaves_after_its_number_of_logins_or_its_age() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    for (number, leave) in [(1, false), (2, false), (3, true)] {
        pool.submit(start, Job(number, "a")).unwrap();
        assert_eq!(settle(&mut pool, start), [1]);
        assert_eq!(pool.finished(start, 1), Some((Job(number, "a"), leave)));
    }
    assert_eq!(pool.workers(), 0);
    pool.submit(start, Job(4, "a")).unwrap();
    assert_eq!(settle(&mut pool, start), [2]);
    assert_eq!(pool.finished(after(start, 3600), 2), Some((Job(4, "a"), true)));
}

#[test]
fn a_worker_that_dies_gives_its_login_back_and_is_replaced() {
    let (mut pool, now) = (Pool::new(limits()), Instant::now());
    pool.submit(now, Job(1, "a")).unwrap();
    settle(&mut pool, now);
    assert_eq!(pool.died(1), Some(Job(1, "a")));
    assert_eq!(pool.died(1), None);
    pool.submit(now, Job(2, "a")).unwrap();
    assert_eq!(settle(&mut pool, now), [2]);
}

#[test]
fn a_login_whose_worker_was_gone_before_it_started_is_the_first_again() {
    let (mut pool, now) = (Pool::new(Limits { max_workers: 1, ..limits() }), Instant::now());
    pool.submit(now, Job(1, "a")).unwrap();
    settle(&mut pool, now);
    pool.submit(now, Job(2, "b")).unwrap();
    pool.not_started(1);
    assert_eq!(settle(&mut pool, now), [2]);
    assert_eq!(pool.running(2), Some(&Job(1, "a")));
}

#[test]
fn a_failing_fork_keeps_what_there_is_and_is_tried_again_after_a_pause() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    settle(&mut pool, start);
    pool.submit(start, Job(2, "b")).unwrap();
    assert_eq!(pool.step(start), Some(Step::Fork));
    assert_eq!(pool.fork_failed(start), []);
    assert_eq!(pool.step(start), None);
    assert_eq!(pool.next_event(), Some(after(start, 1)));
    assert_eq!(pool.step(after(start, 1)), Some(Step::Fork));
}

#[test]
fn a_failing_fork_without_any_worker_gives_all_waiting_logins_back() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    pool.submit(start, Job(2, "a")).unwrap();
    assert_eq!(pool.fork_failed(start), [Job(1, "a"), Job(2, "a")]);
    pool.submit(start, Job(3, "a")).unwrap();
    assert_eq!(pool.step(start), None);
    assert_eq!(pool.step(after(start, 1)), Some(Step::Fork));
}

#[test]
fn nothing_is_remembered_of_logins_that_are_over() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    for number in 0..1000 {
        pool.submit(start, Job(number, if number % 2 == 0 { "a" } else { "b" })).unwrap();
        for worker in settle(&mut pool, start) {
            pool.finished(start, worker);
        }
    }
    assert!(pool.waiting_by_address.is_empty());
    assert!(pool.waiting.is_empty());
    assert!(pool.workers.len() <= 1);
}

fn millis(start: Instant, number: u64) -> Instant {
    start + Duration::from_millis(number)
}

/// A pool with one worker that usually needs `usual` milliseconds, and `waiting` logins that wait while it runs one.
fn busy_pool(start: Instant, usual: u64, waiting: u32) -> Pool<Job> {
    let mut pool =
        Pool::new(Limits { max_workers: 8, max_pending: 1000, max_pending_per_address: 1000, ..limits() });
    pool.submit(start, Job(0, "a")).unwrap();
    settle(&mut pool, start);
    pool.finished(millis(start, usual), 1);
    for number in 0..=waiting {
        pool.submit(millis(start, usual), Job(number + 1, "a")).unwrap();
    }
    assert_eq!(pool.step(millis(start, usual)), Some(Step::Run(1)));
    pool
}

#[test]
fn a_quick_stack_is_not_given_more_workers_than_it_needs() {
    let start = Instant::now();
    assert_eq!(busy_pool(start, 1, 10).step(millis(start, 1)), None, "10 ms for all");
    assert_eq!(busy_pool(start, 1, 30).step(millis(start, 1)), Some(Step::Fork), "30 ms");
    assert_eq!(busy_pool(start, 25, 1).step(millis(start, 25)), Some(Step::Fork), "25 ms");
}

#[test]
fn a_login_slower_than_usual_gets_the_others_a_worker_of_their_own() {
    let start = Instant::now();
    let mut pool = busy_pool(start, 1, 1);
    assert_eq!(pool.step(millis(start, 2)), None);
    let again = pool.next_event().unwrap();
    assert!(again > millis(start, 2) && again <= millis(start, 10), "{:?}", again - start);
    assert_eq!(pool.step(again), Some(Step::Fork));
}

#[test]
fn a_held_fork_is_asked_for_again_soon_and_does_not_shorten_the_queue() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    settle(&mut pool, start);
    pool.submit(start, Job(2, "b")).unwrap();
    assert_eq!(pool.step(start), Some(Step::Fork));
    pool.hold_fork(start);
    assert_eq!(pool.step(start), None);
    for (number, address) in [(3, "c"), (4, "d"), (5, "e")] {
        pool.submit(start, Job(number, address)).unwrap_or_else(|(job, full)| panic!("{job:?} {full:?}"));
    }
    assert_eq!(pool.next_event(), Some(millis(start, 1)));
    assert_eq!(pool.step(millis(start, 1)), Some(Step::Fork));
}

#[test]
fn a_worker_that_becomes_idle_ends_the_wait_for_a_held_fork() {
    let (mut pool, start) = (Pool::new(limits()), Instant::now());
    pool.submit(start, Job(1, "a")).unwrap();
    settle(&mut pool, start);
    pool.submit(start, Job(2, "b")).unwrap();
    pool.hold_fork(start);
    pool.finished(start, 1);
    assert_eq!(pool.step(start), Some(Step::Run(1)));
}

#[test]
fn the_newest_workers_are_those_forked_last_that_run_a_login() {
    let (mut pool, now) = (Pool::new(Limits { max_workers: 4, ..limits() }), Instant::now());
    for number in 1..=4 {
        pool.submit(now, Job(number, "")).unwrap();
    }
    settle(&mut pool, now);
    pool.finished(now, 3);
    let newest = |since| pool.newest_running(2, since).collect::<Vec<_>>();
    assert_eq!(newest(now.checked_sub(Duration::from_millis(1)).unwrap()), [4, 2]);
    assert_eq!(newest(now), [] as [WorkerId; 0], "they have been running for too long");
    assert_eq!(pool.runner(|job| job.0 == 2), Some(2));
    assert_eq!(pool.runner(|job| job.0 == 3), None);
}

#[test]
fn one_address_gets_no_further_while_forks_are_put_off() {
    let many = Limits { max_workers: 64, max_pending: 1000, max_pending_per_address: 16, ..limits() };
    let start = Instant::now();
    // Held because there is no processor, or not needed because the stack is quick.
    for held in [true, false] {
        let mut pool = Pool::new(many.clone());
        pool.submit(start, Job(0, "a")).unwrap();
        settle(&mut pool, start);
        if !held {
            pool.finished(start, 1);
            pool.submit(start, Job(0, "a")).unwrap();
            settle(&mut pool, start);
        }
        pool.submit(start, Job(1, "a")).unwrap();
        if held {
            assert_eq!(pool.step(start), Some(Step::Fork));
            pool.hold_fork(start);
        }
        assert_eq!(pool.step(start), None);
        let taken = (2..100).filter(|number| pool.submit(start, Job(*number, "a")).is_ok()).count();
        assert_eq!(taken, 15, "held: {held}");
        pool.submit(start, Job(100, "b")).unwrap();
    }
}
