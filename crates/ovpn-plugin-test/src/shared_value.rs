//! What is costly to make and used by several tests of one process at a time.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What the holders of `slot` share, made now if there is none.
pub fn shared_value<T>(slot: &Mutex<Weak<T>>, make: impl FnOnce() -> T) -> Arc<T> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.upgrade().unwrap_or_else(|| {
        let made = Arc::new(make());
        *slot = Arc::downgrade(&made);
        made
    })
}
