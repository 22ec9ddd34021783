//! The lines of a future name its client wherever it is polled, and those of other futures do not.
#![cfg(feature = "tokio")]

use std::future::poll_fn;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use ovpn_plugin::{AsyncTasks, AuthReply, AuthUserPassVerify, EventSet, OpenArgs, Plugin, Result};

const LIMIT: Duration = Duration::from_secs(20);

/// Opened once; a future that comes before waits.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    fn open(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    async fn pass(&self) {
        poll_fn(|context| {
            let mut state = self.0.lock().unwrap();
            state.1 = Some(context.waker().clone());
            if state.0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

struct Sample {
    tasks: AsyncTasks,
    gate: Gate,
    threads: Sender<ThreadId>,
}

thread_local! {
    static PARTS: std::cell::RefCell<Option<(Gate, Sender<ThreadId>)>> = const { std::cell::RefCell::new(None) };
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        let (gate, threads) = PARTS.take().ok_or("no test")?;
        Ok(Self { tasks: AsyncTasks::new(10), gate, threads })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (gate, threads) = (self.gate.clone(), self.threads.clone());
        event.answer_async(&self.tasks, async move {
            log::info!("before");
            threads.send(thread::current().id())?;
            gate.pass().await;
            log::info!("after");
            threads.send(thread::current().id())?;
            Ok(())
        })
    }
}

/// Holds a thread of the runtime until the sender is dropped. Which one.
fn hold(plugin: &Running<Sample>) -> (ThreadId, Sender<()>) {
    let ((held, holds), (go, end)) = (channel(), channel::<()>());
    let blocks = async move {
        log::info!("holds");
        let _ = held.send(thread::current().id());
        let _ = end.recv();
    };
    plugin.plugin().tasks.spawn("blocks", blocks).unwrap();
    (holds.recv_timeout(LIMIT).unwrap(), go)
}

fn next(threads: &Receiver<ThreadId>) -> ThreadId {
    threads.recv_timeout(LIMIT).unwrap()
}

#[test]
fn lines_name_the_client_in_each_thread() {
    let (gate, (sender, threads)) = (Gate::default(), channel());
    PARTS.set(Some((gate.clone(), sender)));
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let files = LoginFiles::new().unwrap();
    let call = files.call().env("username", "joe").env("untrusted_ip", "192.0.2.2");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred);
    let before = next(&threads);
    // Of the two threads the one that it began in is held; so it goes on in the other one.
    let mut holding = hold(&plugin);
    if holding.0 != before {
        holding = hold(&plugin);
    }
    assert_eq!(holding.0, before);
    gate.open();
    assert_ne!(next(&threads), before);
    assert_eq!(files.wait_for_verdict(LIMIT), Some(true));
    drop(holding);
    let lines: Vec<String> = plugin.close().into_iter().map(|line| line.text).collect();
    for line in ["joe/192.0.2.2 before", "joe/192.0.2.2 after", "holds"] {
        assert!(lines.iter().any(|known| known == line), "{lines:?}");
    }
}
