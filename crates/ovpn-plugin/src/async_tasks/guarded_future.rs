//! One future of a plugin as the runtime polls it: a panic ends it with one line, and so does a client that is gone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Interval, interval_at};

use super::future_table::TableEntry;
use crate::answer_in::GONE;
use crate::panic_guard::guard_in_thread;

/// How often is looked whether the client is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Any future of a plugin.
pub(super) type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct GuardedFuture {
    /// `None` once it has ended.
    body: Option<Body>,
    look: Interval,
    // Last: it ends what the body has left undecided.
    entry: TableEntry,
}

impl GuardedFuture {
    /// In the surroundings of a runtime, whose clock it takes.
    pub(super) fn new(body: Body, entry: TableEntry) -> Self {
        Self { body: Some(body), look: interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY), entry }
    }

    /// Runs the author's code: a panic in it is one line in the log, and lines name the client. `None` if it panicked.
    fn guarded<R>(entry: &TableEntry, body: impl FnOnce() -> R) -> Option<R> {
        let info = entry.info();
        info.during(|| guard_in_thread(info.in_lines(), body))
    }

    fn is_unwanted(&mut self, context: &mut Context<'_>) -> bool {
        let mut unwanted = false;
        while self.look.poll_tick(context).is_ready() {
            unwanted = !self.entry.info().is_wanted();
        }
        unwanted
    }

    /// Also its end is the author's code.
    fn end(&mut self) {
        if let Some(body) = self.body.take() {
            Self::guarded(&self.entry, || drop(body));
        }
    }
}

impl Future for GuardedFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(()) };
        let polled = Self::guarded(&this.entry, || body.as_mut().poll(context));
        if let Some(Poll::Pending) = polled {
            if !this.is_unwanted(context) {
                return Poll::Pending;
            }
            let info = this.entry.info();
            info.during(|| log::debug!("{} is dropped: {GONE}", info.in_lines()));
        }
        this.end();
        Poll::Ready(())
    }
}

impl Drop for GuardedFuture {
    fn drop(&mut self) {
        self.end();
    }
}
