//! What needs no loaded plugin: clients that futures decide, bounds, and the threads.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::*;
use crate::testing::{CallData, ConnectFiles};
use crate::{ClientConfig, ClientConnect, ClientConnectReply};

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends when it is dropped.
struct Witness(std::sync::mpsc::Sender<()>);

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// A future without end, and who hears of it: once when it has begun, and once when it is dropped.
fn endless() -> (impl Future<Output = ()> + Send, Receiver<()>) {
    let (sender, receiver) = channel();
    let future = async move {
        let _ = sender.send(());
        let _witness = Witness(sender);
        std::future::pending().await
    };
    (future, receiver)
}

fn verdict(files: &ConnectFiles) -> String {
    let end = Instant::now() + PATIENCE;
    while files.verdict() == "2" && Instant::now() < end {
        std::thread::yield_now();
    }
    files.verdict()
}

#[test]
fn a_future_decides_about_a_client() {
    let tasks = AsyncTasks::new(10);
    let mut config = ClientConfig::new();
    config.push("route 10.9.0.0").unwrap();
    for (answer, wanted) in
        [(Ok(config), ("1", "push \"route 10.9.0.0\"\n")), (Err("no room".into()), ("0", ""))]
    {
        let files = ConnectFiles::new().unwrap();
        let call = files.call();
        let event: ClientConnect<'_> = call.event();
        let later = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            answer
        };
        assert!(event.answer_async(&tasks, later).is_ok());
        assert_eq!((&*verdict(&files), &*files.config()), wanted);
    }
}

#[test]
fn a_client_that_nothing_decides_is_refused() {
    let tasks = AsyncTasks::new(1).close_limit(PATIENCE * 100);
    let (first, second) = (ConnectFiles::new().unwrap(), ConnectFiles::new().unwrap());
    let (future, heard) = endless();
    let never = async move {
        future.await;
        Ok(ClientConfig::new())
    };
    assert!(first.call().event::<ClientConnect<'_>>().answer_async(&tasks, never).is_ok());
    heard.recv_timeout(PATIENCE).unwrap();
    let now = async { Ok(ClientConfig::new()) };
    let reply = second.call().event::<ClientConnect<'_>>().answer_async(&tasks, now);
    assert_eq!(reply.unwrap(), ClientConnectReply::Reject);
    assert_eq!((first.verdict(), second.verdict()), ("2".to_owned(), "0".to_owned()));
    let closing = std::thread::spawn(move || drop(tasks));
    heard.recv_timeout(PATIENCE).expect("the end waits for what could be dropped");
    closing.join().unwrap();
    assert_eq!(first.verdict(), "0");
}

#[test]
fn what_cannot_be_deferred_takes_no_place() {
    let tasks = AsyncTasks::new(1);
    let now = || async { Ok(ClientConfig::new()) };
    for _ in 0..3 {
        let error = CallData::new().event::<ClientConnect<'_>>().answer_async(&tasks, now()).unwrap_err();
        assert!(error.to_string().contains("cannot defer"), "{error}");
    }
    tasks.spawn("first", async {}).expect("its place is free");
}

#[test]
fn futures_are_counted() {
    let tasks = AsyncTasks::new(1);
    let (future, heard) = endless();
    tasks.spawn("first", future).unwrap();
    heard.recv_timeout(PATIENCE).unwrap();
    let error = tasks.spawn("second", async {}).unwrap_err();
    assert_eq!(error.to_string(), "1 futures are running, which is the limit");
    drop(tasks);
    heard.recv_timeout(PATIENCE).unwrap();
}

/// The signals this thread does not take.
#[cfg(target_os = "linux")]
fn blocked() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap_or_default().trim();
    u64::from_str_radix(mask, 16).unwrap_or(0)
}

#[cfg(target_os = "linux")]
#[test]
fn threads_that_are_started_from_openvpns_own_take_no_signals_either() {
    let before = blocked();
    let tasks = AsyncTasks::new(1);
    let (sender, receiver) = channel();
    let call = move || sender.send(blocked()).unwrap_or_default();
    tasks.enter(|| tokio::task::spawn_blocking(call)).unwrap();
    let in_thread = receiver.recv_timeout(PATIENCE).unwrap();
    assert_ne!(in_thread & (1 << (libc::SIGTERM - 1)), 0);
    assert_eq!(blocked(), before);
}

/// As after the fork by which OpenVPN becomes a daemon: the runtime is that of another process.
#[test]
fn a_lost_runtime_is_replaced() {
    let tasks = AsyncTasks::new(1);
    let (future, _heard) = endless();
    tasks.spawn("lost", future).unwrap();
    if let Some(started) = &mut *tasks.started.lock().unwrap() {
        started.process_id = 0;
    }
    let (sender, receiver) = channel();
    tasks.spawn("new", async move { sender.send(()).unwrap_or_default() }).unwrap();
    receiver.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_future_that_holds_its_own_tasks_does_not_wait_for_itself() {
    let tasks = std::sync::Arc::new(AsyncTasks::new(1));
    let (own, (sender, receiver)) = (std::sync::Arc::clone(&tasks), channel());
    let (go, gate) = channel::<()>();
    let future = async move {
        let _ = gate.recv_timeout(PATIENCE);
        drop(own);
        let _ = sender.send(());
    };
    tasks.spawn("own", future).unwrap();
    drop(tasks);
    go.send(()).unwrap();
    receiver.recv_timeout(PATIENCE).unwrap();
}
