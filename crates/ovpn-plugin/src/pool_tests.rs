//! Pools: their bounds, panics, the order of ends, and what becomes of logins.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::*;
use crate::testing::LoginFiles;
use crate::{AuthUserPassVerify, Decision};

const PATIENCE: Duration = Duration::from_secs(20);

/// A job that says that it runs, and runs until it has to stop.
struct Gate {
    running: Sender<()>,
    end: Receiver<()>,
}

fn gate() -> (Gate, Receiver<()>, Sender<()>) {
    let ((running, runs), (go, end)) = (channel(), channel());
    (Gate { running, end }, runs, go)
}

fn pass(gate: Gate, _: &Stop) {
    gate.running.send(()).unwrap_or_default();
    // Ends too when the test has dropped its side.
    let _ = gate.end.recv();
}

/// A login that has been deferred.
fn login() -> (LoginFiles, Decision) {
    let files = LoginFiles::new().unwrap();
    let (decision, _) = files.call().event::<AuthUserPassVerify<'_>>().defer().unwrap();
    (files, decision)
}

#[test]
fn one_more_than_may_is_given_back() {
    let pool = Tasks::pool("gates", 2, 1, pass);
    let mut ends = Vec::new();
    for _ in 0..2 {
        let (gate, runs, go) = gate();
        pool.submit(gate).unwrap();
        runs.recv_timeout(PATIENCE).unwrap();
        ends.push(go);
    }
    let (waiting, waits, go) = gate();
    assert!(!pool.is_full());
    pool.submit(waiting).unwrap();
    let (more, _runs, _go) = gate();
    assert!(pool.is_full());
    let refused = pool.submit(more).unwrap_err();
    assert!(refused.is_full());
    assert_eq!(refused.to_string(), "the pool 'gates' is full: 3 jobs run or wait, which is the limit");
    assert!(waits.try_recv().is_err(), "it waits");
    // One ends: what waits runs.
    drop(ends.pop());
    waits.recv_timeout(PATIENCE).unwrap();
    drop(go);
}

#[test]
fn no_more_threads_than_needed() {
    let pool = Tasks::pool("gates", 8, 8, pass);
    for _ in 0..3 {
        let (gate, runs, go) = gate();
        pool.submit(gate).unwrap();
        runs.recv_timeout(PATIENCE).unwrap();
        drop(go);
        // The thread is free when it no longer counts as running.
        while pool.lock().unwrap().queue.lock().running > 0 {
            std::thread::yield_now();
        }
    }
    assert_eq!(pool.lock().unwrap().queue.lock().threads, 1);
}

#[test]
fn a_full_pool_becomes_a_temporary_failure() {
    let (first, second) = (login(), login());
    let pool = Tasks::pool("logins", 1, 0, |(gate, _login): (Gate, Decision), stop: &Stop| pass(gate, stop));
    let (gate_of_first, runs, _go) = gate();
    pool.submit((gate_of_first, first.1)).unwrap();
    runs.recv_timeout(PATIENCE).unwrap();
    let refused = pool.submit((gate().0, second.1)).unwrap_err();
    let busy = crate::Rejection::temporary("busy", Duration::from_secs(10), crate::Retry::SameServer);
    refused.into_job().1.reject_with(&busy).unwrap();
    assert_eq!((second.0.verdict(), second.0.reason().as_str()), (Some(false), "busy"));
}

#[test]
fn a_panic_costs_one_job() {
    let (tell, told) = channel();
    let pool = Tasks::pool("careless", 1, 10, move |job: (u32, Option<Decision>), _: &Stop| {
        assert_ne!(job.0, 1, "told to");
        tell.send(job.0).unwrap_or_default();
    });
    let (files, decision) = login();
    pool.submit((1, Some(decision))).unwrap();
    for number in 2..5 {
        pool.submit((number, None)).unwrap();
        assert_eq!(told.recv_timeout(PATIENCE), Ok(number));
    }
    assert_eq!(files.verdict(), Some(false), "the login of the job that panicked");
}

#[test]
fn what_is_undecided_at_the_end_is_rejected() {
    let logins = [login(), login(), login()];
    let (tell, told) = channel();
    let pool = Pool::new("backend", 1, 10);
    let mut files = Vec::new();
    for (number, (file, decision)) in logins.into_iter().enumerate() {
        files.push(file);
        let tell = tell.clone();
        pool.run(move |stop| {
            tell.send(number).unwrap_or_default();
            assert!(stop.wait(Duration::MAX).is_err());
            drop(decision);
        })
        .unwrap();
    }
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
    drop(pool);
    assert_eq!(told.try_recv().ok(), None, "none was begun any more");
    assert!(files.iter().all(|files| files.verdict() == Some(false)));
}

/// Jobs that are dropped while they wait may panic, too.
#[test]
fn a_job_that_panics_when_it_is_dropped_costs_itself() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (files, decision) = login();
    let pool =
        Tasks::pool("bombs", 1, 10, |job: (Option<Gate>, Option<Bomb>, Option<Decision>), stop: &Stop| {
            if let Some(gate) = job.0 {
                pass(gate, stop);
            }
        });
    let (gate, runs, go) = gate();
    pool.submit((Some(gate), None, None)).unwrap();
    runs.recv_timeout(PATIENCE).unwrap();
    pool.submit((None, Some(Bomb), None)).unwrap();
    pool.submit((None, None, Some(decision))).unwrap();
    drop(go);
    drop(pool);
    assert_eq!(files.verdict(), Some(false));
}

/// Fields of a plugin: whichever is dropped first, the end comes, and what is undecided is rejected.
#[test]
fn pools_that_use_each_other_end_in_any_order() {
    for first in 0..3 {
        let (files, decision) = login();
        let (tell, told) = channel();
        let backend = Arc::new(Pool::new("backend", 1, 10));
        let front = Pool::new("front", 1, 10);
        let mut tasks = Tasks::new(1);
        let of_task = Arc::clone(&backend);
        tasks
            .spawn("watch", move |stop| {
                let _ = stop.wait(Duration::MAX);
                let _ = of_task.run(|_| {});
            })
            .unwrap();
        let of_job = Arc::clone(&backend);
        front
            .run(move |stop| {
                tell.send(()).unwrap_or_default();
                let _ = stop.wait(Duration::MAX);
                let _ = of_job.run(move |_| drop(decision));
            })
            .unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        let mut fields: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(backend), Box::new(front), Box::new(tasks)];
        fields.rotate_left(first);
        drop(fields);
        assert_eq!(files.verdict(), Some(false), "first {first}");
    }
}

/// The last one that holds a pool may be one of its own jobs.
#[test]
fn a_job_may_hold_its_own_pool() {
    let pool = Arc::new(Pool::new("own", 1, 10));
    let (own, (tell, told), (gate, runs, go)) = (Arc::clone(&pool), channel(), gate());
    pool.run(move |stop| {
        pass(gate, stop);
        drop(own);
        tell.send(()).unwrap_or_default();
    })
    .unwrap();
    runs.recv_timeout(PATIENCE).unwrap();
    drop(pool);
    drop(go);
    told.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn goes_where_plugins_keep_it_and_shows_no_job() {
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}
    let pool = Tasks::pool("secrets", 0, 0, |_: &str, _: &Stop| {});
    is_shared(&pool);
    assert_eq!(format!("{pool:?}"), "Pool { name: \"secrets\", workers: 1, most: 1, .. }");
    let refused = Refused { job: "hunter2", why: Why::Full { name: "secrets".into(), most: 1 } };
    assert!(!format!("{refused:?} {refused}").contains("hunter2"));
    assert_eq!(io::Error::from(refused).kind(), io::ErrorKind::WouldBlock);
}
