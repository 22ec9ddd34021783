//! A verdict that is given after the call: nothing is written before OpenVPN has got the reply that defers.
//!
//! OpenVPN makes one set of files for all its plugins and reads them if any of them defers. A plugin that replies to a
//! call directly must therefore leave them alone, or it would speak for another one.
//!
//! Two sides share one state. The decision, in any thread, gives the verdict. The call, in OpenVPN's thread, says which
//! reply OpenVPN gets. Only when both have happened is the verdict written.

use std::cell::{Cell, OnceCell};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::log_subject::OwnedSubject;
use crate::{DeferError, Deferral};

/// The files of one decision.
pub(crate) trait VerdictFiles: Send + 'static {
    /// What is written into them.
    type Verdict: Send + 'static;

    /// OpenVPN is about to get the reply that defers, and there is no verdict yet.
    fn wait(&mut self) -> io::Result<()>;

    /// Writes the verdict.
    fn settle(&mut self, verdict: Self::Verdict) -> io::Result<()>;

    /// Whether OpenVPN still wants to know.
    fn is_wanted(&self) -> bool;
}

enum State<F: VerdictFiles> {
    /// OpenVPN has no reply yet. A verdict, if there is one, is kept.
    BeforeReply { files: F, verdict: Option<F::Verdict> },
    /// OpenVPN waits for the verdict, which is written as soon as there is one.
    Deferred(F),
    /// The verdict is written, or will never be.
    Over,
}

/// The decision's side.
pub(crate) struct DeferredVerdict<F: VerdictFiles> {
    state: Arc<Mutex<State<F>>>,
    /// The verdict may be given in any thread, and its lines name the client.
    subject: OwnedSubject,
}

/// The call's side.
pub(crate) trait CallSide: Send + Sync {
    /// OpenVPN is about to get the reply that defers. From now on the verdict is written.
    fn deliver(&self) -> io::Result<()>;

    /// OpenVPN gets another reply: nothing is ever written.
    fn void(&self);
}

impl<F: VerdictFiles> DeferredVerdict<F> {
    /// Both sides, before the reply.
    pub(crate) fn new(files: F) -> (Self, Arc<dyn CallSide>) {
        let state = Arc::new(Mutex::new(State::BeforeReply { files, verdict: None }));
        (Self { state: Arc::clone(&state), subject: OwnedSubject::of_this_thread() }, state)
    }

    /// Gives the verdict. Only the first counts.
    pub(crate) fn give(&self, verdict: F::Verdict) -> io::Result<()> {
        self.subject.during(|| self.put(verdict))
    }

    /// Gives it where nobody takes the error, which is logged.
    pub(crate) fn give_or(&self, verdict: F::Verdict, log: impl FnOnce(io::Error)) {
        self.subject.during(|| self.put(verdict).unwrap_or_else(log));
    }

    fn put(&self, verdict: F::Verdict) -> io::Result<()> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, State::Over) {
            State::BeforeReply { files, verdict: None } => {
                *state = State::BeforeReply { files, verdict: Some(verdict) };
                Ok(())
            }
            State::Deferred(mut files) => {
                // Not under the lock: the call must not wait for a slow file system.
                drop(state);
                files.settle(verdict)
            }
            first @ State::BeforeReply { .. } => {
                *state = first;
                Ok(())
            }
            State::Over => Ok(()),
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        match &*lock(&self.state) {
            State::BeforeReply { files, .. } | State::Deferred(files) => files.is_wanted(),
            State::Over => false,
        }
    }
}

impl<F: VerdictFiles> std::fmt::Debug for DeferredVerdict<F> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("DeferredVerdict").finish_non_exhaustive()
    }
}

impl<F: VerdictFiles> CallSide for Mutex<State<F>> {
    fn deliver(&self) -> io::Result<()> {
        let mut state = lock(self);
        match std::mem::replace(&mut *state, State::Over) {
            State::BeforeReply { mut files, verdict: None } => {
                files.wait()?;
                *state = State::Deferred(files);
                Ok(())
            }
            State::BeforeReply { mut files, verdict: Some(verdict) } => files.settle(verdict),
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

fn lock<F: VerdictFiles>(state: &Mutex<State<F>>) -> MutexGuard<'_, State<F>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an event knows of the decision that was taken away from it. If it is dropped before the reply was delivered, as
/// when the handler panics, the decision is void.
pub(crate) struct TakenDecision {
    call_side: OnceCell<Arc<dyn CallSide>>,
    delivered: Cell<bool>,
    given_up: Cell<bool>,
}

impl TakenDecision {
    pub(crate) fn new() -> Self {
        Self { call_side: OnceCell::new(), delivered: Cell::new(false), given_up: Cell::new(false) }
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.call_side.get().is_some() && !self.given_up.get()
    }

    /// Nobody got the decision after all: it is void, and the reply may decide.
    pub(crate) fn give_up(&self) {
        self.given_up.set(true);
    }

    /// Whether this is the decision that was taken away here.
    pub(crate) fn is(&self, other: &Arc<dyn CallSide>) -> bool {
        self.call_side.get().is_some_and(|call_side| Arc::ptr_eq(call_side, other))
    }

    /// Takes the decision away. That is possible once: otherwise there would be two verdicts. `is_call`: whether a reply
    /// will be delivered. Without one, as in unit tests, the decision counts at once.
    pub(crate) fn take<F: VerdictFiles>(
        &self,
        is_call: bool,
        files: impl FnOnce() -> Result<F, DeferError>,
    ) -> Result<(DeferredVerdict<F>, Deferral), DeferError> {
        if self.call_side.get().is_some() {
            return Err(DeferError::Taken);
        }
        let (verdict, call_side) = DeferredVerdict::new(files()?);
        if !is_call {
            call_side.deliver().map_err(DeferError::Write)?;
            self.delivered.set(true);
        }
        let deferral = Deferral::of(Arc::clone(&call_side));
        // It cannot be set: it was looked at above, and nothing in between runs code of the plugin.
        let _ = self.call_side.set(call_side);
        Ok((verdict, deferral))
    }

    /// The reply is the one that defers. The last step of a call: nothing can fail after it.
    pub(crate) fn deliver(&self) -> io::Result<()> {
        self.delivered.set(true);
        self.call_side.get().map_or(Ok(()), |call_side| call_side.deliver())
    }
}

impl Drop for TakenDecision {
    fn drop(&mut self) {
        if let Some(call_side) = self.call_side.get().filter(|_| !self.delivered.get()) {
            call_side.void();
        }
    }
}
