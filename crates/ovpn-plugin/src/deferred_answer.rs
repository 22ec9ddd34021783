//! The one door between a call and a decision that was taken away from it: nothing is written before OpenVPN was
//! answered that the decision comes later.
//!
//! OpenVPN makes one set of files for all its plugins and reads them if any of them defers. A plugin that answers a
//! call directly must therefore leave them alone, or it would speak for another one.

use std::cell::{Cell, OnceCell};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{DeferError, Deferral};

/// The files of one decision.
pub(crate) trait Target: Send + 'static {
    /// What is written into them.
    type Answer: Send + 'static;

    /// The call was answered with the reply that defers, and there is no answer yet.
    fn wait(&mut self) -> io::Result<()>;

    /// Writes the answer.
    fn settle(&mut self, answer: Self::Answer) -> io::Result<()>;

    /// Whether OpenVPN still wants to know.
    fn is_wanted(&self) -> bool;
}

enum State<T: Target> {
    /// The call is not answered yet; the answer, if there is one, is kept.
    Call { target: T, answer: Option<T::Answer> },
    /// OpenVPN waits for the answer: it is written as soon as there is one.
    Delivered(T),
    /// Answered, or never to be.
    Over,
}

/// A decision's side of the door. Whoever answers closes it.
pub(crate) struct Door<T: Target>(Arc<Mutex<State<T>>>);

/// The call's side of the door.
pub(crate) trait Held: Send + Sync {
    /// OpenVPN is about to be answered that the decision comes later: opens the door.
    fn deliver(&self) -> io::Result<()>;

    /// OpenVPN is answered otherwise: the decision is void.
    fn void(&self);
}

impl<T: Target> Door<T> {
    /// A closed door, with its two sides.
    pub(crate) fn new(target: T) -> (Self, Arc<dyn Held>) {
        let state = Arc::new(Mutex::new(State::Call { target, answer: None }));
        (Self(Arc::clone(&state)), state)
    }

    /// Gives the answer. Only the first counts.
    pub(crate) fn answer(&self, answer: T::Answer) -> io::Result<()> {
        let mut state = lock(&self.0);
        match std::mem::replace(&mut *state, State::Over) {
            State::Call { target, answer: None } => {
                *state = State::Call { target, answer: Some(answer) };
                Ok(())
            }
            State::Delivered(mut target) => {
                // Not under the lock: the call must not wait for a slow file system.
                drop(state);
                target.settle(answer)
            }
            first @ State::Call { .. } => {
                *state = first;
                Ok(())
            }
            State::Over => Ok(()),
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        match &*lock(&self.0) {
            State::Call { target, .. } | State::Delivered(target) => target.is_wanted(),
            State::Over => false,
        }
    }
}

impl<T: Target> std::fmt::Debug for Door<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Door").finish_non_exhaustive()
    }
}

impl<T: Target> Held for Mutex<State<T>> {
    fn deliver(&self) -> io::Result<()> {
        let mut state = lock(self);
        match std::mem::replace(&mut *state, State::Over) {
            State::Call { mut target, answer: None } => {
                target.wait()?;
                *state = State::Delivered(target);
                Ok(())
            }
            State::Call { mut target, answer: Some(answer) } => target.settle(answer),
            // Delivered once before.
            other => {
                *state = other;
                Ok(())
            }
        }
    }

    fn void(&self) {
        *lock(self) = State::Over;
    }
}

fn lock<T: Target>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an event knows of the decision that was taken away from it. Dropped before the reply was delivered, as by a
/// panic of the handler, it makes the decision void.
pub(crate) struct Taken {
    held: OnceCell<Arc<dyn Held>>,
    delivered: Cell<bool>,
    given_up: Cell<bool>,
}

impl Taken {
    pub(crate) fn new() -> Self {
        Self { held: OnceCell::new(), delivered: Cell::new(false), given_up: Cell::new(false) }
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.held.get().is_some() && !self.given_up.get()
    }

    /// Nobody got the decision after all: it is void, and the reply may decide.
    pub(crate) fn give_up(&self) {
        self.given_up.set(true);
    }

    /// Whether this is the door of the decision that was taken away.
    pub(crate) fn is_behind(&self, door: &Arc<dyn Held>) -> bool {
        self.held.get().is_some_and(|held| Arc::ptr_eq(held, door))
    }

    /// Takes the decision away, which is possible once: otherwise there would be two answers. `is_call`: whether a
    /// reply will be delivered; without one, as in unit tests, the decision counts at once.
    pub(crate) fn take<T: Target>(
        &self,
        is_call: bool,
        target: impl FnOnce() -> Result<T, DeferError>,
    ) -> Result<(Door<T>, Deferral), DeferError> {
        if self.held.get().is_some() {
            return Err(DeferError::Taken);
        }
        let (door, held) = Door::new(target()?);
        if !is_call {
            held.deliver().map_err(DeferError::Write)?;
            self.delivered.set(true);
        }
        let deferral = Deferral::of(Arc::clone(&held));
        // Cannot be set: it was looked at above, and nothing in between runs code of the plugin.
        let _ = self.held.set(held);
        Ok((door, deferral))
    }

    /// The reply is that the decision comes later. The last step of a call: nothing can fail after it.
    pub(crate) fn deliver(&self) -> io::Result<()> {
        self.delivered.set(true);
        self.held.get().map_or(Ok(()), |held| held.deliver())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(held) = self.held.get().filter(|_| !self.delivered.get()) {
            held.void();
        }
    }
}
