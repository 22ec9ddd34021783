//! The starts of workers, tick by tick and before simulated bursts.

use super::*;
use proptest::prelude::*;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn the_first_worker_is_started_at_once() {
    let (mut worker_starts, now) = (WorkerStarts::new(), Instant::now());
    assert_eq!((worker_starts.forks(now, 0, 0, 0, 8), worker_starts.next_tick()), (0, None));
    assert_eq!(worker_starts.forks(now, 5, 0, 0, 8), 1);
    assert_eq!((worker_starts.forks(now, 5, 1, 1, 8), worker_starts.next_tick()), (0, Some(now + TICK)));
}

#[test]
fn a_tick_does_not_delay_the_successor_of_the_only_worker() {
    let (mut worker_starts, now) = (WorkerStarts::new(), Instant::now());
    assert_eq!(worker_starts.forks(now, 5, 0, 1, 8), 0);
    assert_eq!(worker_starts.forks(now + ms(1), 5, 0, 0, 8), 1);
}

#[test]
fn an_attempt_that_finds_all_busy_waits_for_one_tick() {
    let (mut worker_starts, now) = (WorkerStarts::new(), Instant::now());
    assert_eq!((worker_starts.forks(now, 1, 0, 1, 8), worker_starts.next_tick()), (0, Some(now + TICK)));
    assert_eq!(worker_starts.forks(now + ms(9), 1, 0, 1, 8), 0);
    assert_eq!(worker_starts.forks(now + ms(10), 1, 0, 1, 8), 1);
    // The one that starts will take it.
    assert_eq!((worker_starts.forks(now + ms(10), 1, 1, 2, 8), worker_starts.next_tick()), (0, None));
}

#[test]
fn the_step_doubles_up_to_32_and_falls_when_nothing_waits() {
    let (mut worker_starts, mut now, mut processes) = (WorkerStarts::new(), Instant::now(), 1);
    assert_eq!(worker_starts.forks(now, 500, 0, processes, 512), 0);
    for step in [1, 2, 4, 8, 16, 32, 32] {
        now += TICK;
        assert_eq!(worker_starts.forks(now, 500, 0, processes, 512), step);
        processes += step;
    }
    assert_eq!((worker_starts.forks(now, 0, 3, processes, 512), worker_starts.next_tick()), (0, None));
    assert_eq!(worker_starts.forks(now, 500, 0, processes, 512), 0);
    assert_eq!(worker_starts.forks(now + TICK, 500, 0, processes, 512), 1);
}

#[test]
fn never_more_than_needed_and_never_more_than_allowed() {
    let (mut worker_starts, mut now) = (WorkerStarts::new(), Instant::now());
    for _ in 0..5 {
        worker_starts.forks(now, 100, 0, 1, 512);
        now += TICK;
    }
    assert_eq!(worker_starts.forks(now, 10, 3, 60, 512), 7);
    now += TICK;
    assert_eq!(worker_starts.forks(now, 100, 0, 500, 512), 12);
    now += TICK;
    assert_eq!((worker_starts.forks(now, 100, 0, 512, 512), worker_starts.next_tick()), (0, None));
    assert_eq!(worker_starts.forks(now, 100, 0, 600, 512), 0);
}

#[test]
fn none_is_started_while_those_that_wait_will_be_through_soon() {
    let (mut worker_starts, now) = (WorkerStarts::new(), Instant::now());
    assert_eq!(worker_starts.forks(now, 20 * SOON_TICKS, 0, 1, 8), 0);
    (0..20).for_each(|_| worker_starts.finished());
    assert_eq!(worker_starts.forks(now + ms(10), 20 * SOON_TICKS, 0, 1, 8), 0);
    (0..19).for_each(|_| worker_starts.finished());
    assert_eq!(worker_starts.forks(now + ms(20), 20 * SOON_TICKS, 0, 1, 8), 1);
    // The idle will take some of them.
    (0..19).for_each(|_| worker_starts.finished());
    assert_eq!(worker_starts.forks(now + ms(30), 20 * SOON_TICKS, SOON_TICKS, 2, 8), 0);
    // The step did not grow meanwhile.
    assert_eq!(worker_starts.forks(now + ms(40), 20 * SOON_TICKS, 0, 2, 8), 2);
}

/// More workers would share the same processors, and each costs a fork and the loading of its modules.
#[test]
fn where_each_worker_is_through_with_one_a_tick_they_come_one_by_one() {
    let (mut worker_starts, mut now, mut processes) = (WorkerStarts::new(), Instant::now(), 1);
    assert_eq!(worker_starts.forks(now, 5000, 0, processes, 512), 0);
    for _ in 0..10 {
        now += TICK;
        (0..processes).for_each(|_| worker_starts.finished());
        assert_eq!(worker_starts.forks(now, 5000, 0, processes, 512), 1);
        processes += 1;
    }
    // Not any more: they double again.
    for step in [2, 4, 8] {
        now += TICK;
        (0..processes - 1).for_each(|_| worker_starts.finished());
        assert_eq!(worker_starts.forks(now, 5000, 0, processes, 512), step);
        processes += step;
    }
}

#[test]
fn transactions_that_ended_before_the_tick_do_not_count() {
    let (mut worker_starts, now) = (WorkerStarts::new(), Instant::now());
    (0..100).for_each(|_| worker_starts.finished());
    assert_eq!(worker_starts.forks(now, 5, 0, 1, 8), 0);
    assert_eq!(worker_starts.forks(now + TICK, 5, 0, 1, 8), 1);
}

#[test]
fn a_failed_fork_is_a_pause_of_a_second() {
    let (mut worker_starts, now) = (WorkerStarts::new(), Instant::now());
    assert_eq!(worker_starts.forks(now, 5, 0, 0, 8), 1);
    worker_starts.fork_failed(now);
    assert_eq!(worker_starts.next_tick(), Some(now + PAUSE));
    assert_eq!(
        (worker_starts.forks(now + ms(999), 5, 0, 0, 8), worker_starts.next_tick()),
        (0, Some(now + PAUSE))
    );
    // It goes on when nothing waits for a while, and then nobody needs to be woken.
    assert_eq!((worker_starts.forks(now + ms(999), 0, 0, 0, 8), worker_starts.next_tick()), (0, None));
    assert_eq!(
        (worker_starts.forks(now + ms(999), 5, 0, 0, 8), worker_starts.next_tick()),
        (0, Some(now + PAUSE))
    );
    assert_eq!(worker_starts.forks(now + PAUSE, 5, 0, 0, 8), 1);
}

/// A burst before workers that start with one and each take `takes` for a transaction: when it is over, and how many
/// processes there were.
fn burst(attempts: usize, takes: Duration, max_workers: usize) -> (Duration, usize) {
    let (mut worker_starts, begin) = (WorkerStarts::new(), Instant::now());
    let (mut now, mut waiting) = (begin, attempts);
    let mut free_at = vec![begin];
    loop {
        let mut idle = 0;
        for free in &mut free_at {
            // What a worker does between two looks is several transactions if they are quick.
            while *free <= now && waiting > 0 {
                *free = (*free).max(now - ms(1)) + takes;
                waiting -= 1;
                worker_starts.finished();
            }
            idle += usize::from(*free <= now);
        }
        let forks = worker_starts.forks(now, waiting, idle, free_at.len(), max_workers);
        free_at.extend(std::iter::repeat_n(now, forks));
        if waiting == 0 {
            let end = free_at.iter().max().copied().unwrap_or(now);
            return (end.saturating_duration_since(begin), free_at.len());
        }
        now += ms(1);
    }
}

#[test]
fn slow_transactions_get_all_workers_within_a_quarter_of_a_second() {
    let (time, processes) = burst(1000, ms(500), 512);
    assert_eq!(processes, 512);
    assert!(time <= ms(1250), "{time:?}");
}

#[test]
fn quick_transactions_get_few() {
    let (_, processes) = burst(100, Duration::from_micros(100), 512);
    assert_eq!(processes, 1);
    let (time, processes) = burst(1000, Duration::from_micros(200), 512);
    assert!(processes <= 16 && time <= ms(150), "{processes} {time:?}");
}

proptest! {
    #[test]
    fn the_bounds_hold_whatever_comes(
        calls in prop::collection::vec((0u64..30, 0usize..2000, 0usize..50, 0usize..600, 0usize..600, 0u8..9), 0..200),
    ) {
        let (mut worker_starts, mut now) = (WorkerStarts::new(), Instant::now());
        for (after, runnable, idle, processes, max_workers, other) in calls {
            now += ms(after);
            match other {
                0 => worker_starts.fork_failed(now),
                1..5 => worker_starts.finished(),
                _ => {}
            }
            let forks = worker_starts.forks(now, runnable, idle, processes, max_workers);
            let possible = runnable.saturating_sub(idle).min(max_workers.saturating_sub(processes));
            prop_assert!(forks <= possible.min(MAX_STEP));
            // Somebody looks again if something is left undone.
            prop_assert_eq!(possible > 0, worker_starts.next_tick().is_some());
            prop_assert!(worker_starts.next_tick().is_none_or(|tick| tick > now && tick <= now + PAUSE));
        }
    }
}
