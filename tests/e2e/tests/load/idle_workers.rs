//! Workers that a burst has called up leave again.
//!
//! The longest test, so its name starts it first.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use harness::proc_table::wait_gone;
use harness::{Gate, PATIENCE, ServerConfig};

use crate::stack::Stack;

/// How long the plugin keeps workers that have nothing to do.
const IDLE: Duration = Duration::from_secs(30);

#[test]
fn idle_workers_leave_until_one_is_left() {
    let gate = Gate::new();
    let stack = Stack::with_gate(&gate);
    let server = ServerConfig::auth_pam(&stack.service).deferred().dropped().start();
    let clients: Vec<_> = (0..4).map(|n| server.client(&format!("slow{n}"), "word").start()).collect();
    let workers: Vec<i32> = clients.iter().map(|_| gate.arrival()).collect();

    let (tell, told) = mpsc::channel();
    for worker in workers.clone() {
        let tell = tell.clone();
        std::thread::spawn(move || wait_gone(worker, IDLE + PATIENCE) && tell.send(worker).is_ok());
    }
    let busy_until = Instant::now();
    clients.iter().for_each(|_| gate.open());
    for client in &clients {
        client.wait_connected();
    }
    let mut left = workers;
    while left.len() > 1 {
        let gone = told.recv_timeout(IDLE + PATIENCE).expect("idle workers leave");
        assert!(busy_until.elapsed() >= IDLE, "a worker left too early");
        left.retain(|worker| *worker != gone);
    }
    assert_eq!(server.workers().iter().map(|worker| worker.pid).collect::<Vec<_>>(), left);
    server.client("alice", "word").start().wait_connected();
    assert!(told.try_recv().is_err(), "the last worker left too");
}
