//! One future of a plugin as the runtime polls it: a panic ends it with one line, and so does a client that is gone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Interval, interval_at};

use super::jobs::Place;
use crate::guard::guard_in_thread;

/// How often is looked whether the client is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Any future of a plugin.
pub(super) type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Running {
    /// `None` once it has ended.
    body: Option<Body>,
    look: Interval,
    // Last: it ends what the body has left undecided.
    place: Place,
}

impl Running {
    /// In the surroundings of a runtime, whose clock it takes.
    pub(super) fn new(body: Body, place: Place) -> Self {
        Self { body: Some(body), look: interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY), place }
    }

    fn is_unwanted(&mut self, context: &mut Context<'_>) -> bool {
        let mut unwanted = false;
        while self.look.poll_tick(context).is_ready() {
            unwanted = !self.place.is_wanted();
        }
        unwanted
    }

    /// Also its end is the author's code.
    fn end(&mut self) {
        if let Some(body) = self.body.take() {
            guard_in_thread(self.place.name(), || drop(body));
        }
    }
}

impl Future for Running {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(()) };
        let polled = guard_in_thread(this.place.name(), || body.as_mut().poll(context));
        if let Some(Poll::Pending) = polled {
            if !this.is_unwanted(context) {
                return Poll::Pending;
            }
            log::debug!("{}: the client is gone, nobody waits for the answer any more", this.place.name());
        }
        this.end();
        Poll::Ready(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
