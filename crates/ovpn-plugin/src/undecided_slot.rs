//! What a job or future is to decide about, until it is taken: by the job, or by the code that finds no room for one.

use std::sync::{Arc, Mutex, PoisonError};

pub(crate) struct UndecidedSlot<T>(Mutex<Option<T>>);

impl<T> UndecidedSlot<T> {
    pub(crate) fn new(value: T) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(value))))
    }

    /// `None` if it was taken before.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What `look` says of it; `None` if it was taken.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
    }
}
