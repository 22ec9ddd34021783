//! What a future is about: its name, its client, and who waits for what it decides.

use std::fmt;
use std::sync::Arc;

use crate::log_subject::OwnedSubject;
use crate::undecided_slot::UndecidedSlot;
use crate::{ConnectDecision, Decision};

pub(super) struct FutureInfo {
    name: String,
    /// For lines that name the client anyway.
    in_lines: String,
    subject: OwnedSubject,
    waiting: Option<Arc<dyn AnyUndecided>>,
}

impl FutureInfo {
    /// A future that answers nobody.
    pub(super) fn nobody(name: &str) -> Self {
        Self::new(name, OwnedSubject::default(), None)
    }

    /// One that is to decide about the client of the event that this thread is in.
    pub(super) fn decision<D: AnyDecision>(name: &str, slot: &Arc<UndecidedSlot<D>>) -> Self {
        let waiting = Some(Arc::<UndecidedSlot<D>>::clone(slot) as Arc<dyn AnyUndecided>);
        Self::new(name, OwnedSubject::of_this_thread(), waiting)
    }

    fn new(name: &str, subject: OwnedSubject, waiting: Option<Arc<dyn AnyUndecided>>) -> Self {
        Self { name: name.to_owned(), in_lines: format!("the future '{name}'"), subject, waiting }
    }

    /// For lines that name the client anyway.
    pub(super) fn in_lines(&self) -> &str {
        &self.in_lines
    }

    /// Runs the author's code, whose lines name the client.
    pub(super) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        self.subject.during(body)
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.as_ref().is_none_or(|undecided| undecided.is_wanted())
    }

    /// Rejects what is undecided.
    pub(super) fn give_up(&self) {
        if let Some(undecided) = &self.waiting {
            self.during(|| undecided.give_up());
        }
    }
}

impl fmt::Display for FutureInfo {
    /// For lines that stand alone.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        if self.subject.is_nobody() { Ok(()) } else { write!(out, " of {}", self.subject) }
    }
}

trait AnyUndecided: Send + Sync {
    fn is_wanted(&self) -> bool;

    /// Rejects.
    fn give_up(&self);
}

impl<D: AnyDecision> AnyUndecided for UndecidedSlot<D> {
    fn is_wanted(&self) -> bool {
        self.look(D::is_wanted).unwrap_or(true)
    }

    fn give_up(&self) {
        if let Some(decision) = self.take() {
            decision.give_up();
        }
    }
}

/// What can be decided later.
pub(super) trait AnyDecision: Send + 'static {
    fn is_wanted(&self) -> bool;

    /// Rejects.
    fn give_up(self);
}

impl AnyDecision for Decision {
    fn is_wanted(&self) -> bool {
        Decision::is_wanted(self)
    }

    fn give_up(self) {
        Decision::give_up(self);
    }
}

impl AnyDecision for ConnectDecision {
    fn is_wanted(&self) -> bool {
        ConnectDecision::is_wanted(self)
    }

    fn give_up(self) {
        ConnectDecision::give_up(self);
    }
}
