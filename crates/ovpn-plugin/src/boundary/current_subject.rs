//! The client that this thread works for now: of its event, or of its job. Log lines begin with the name, which is made
//! only when there is a line.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

use crate::log_subject::Subject;

thread_local! {
    /// Null: nobody. No destructor, which would outlive the plugin.
    static CURRENT: Cell<*const Subject<'static>> = const { Cell::new(ptr::null()) };
}

/// Takes the pointer back, also when the body panics.
struct Restore(*const Subject<'static>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Runs `body`, which is about this subject.
pub(crate) fn during<R>(subject: &Subject<'_>, body: impl FnOnce() -> R) -> R {
    let _before = Restore(CURRENT.replace(ptr::from_ref(subject).cast()));
    body()
}

/// Passes on whom this thread is about.
pub(crate) fn with_subject<R>(body: impl FnOnce(Option<&Subject<'_>>) -> R) -> R {
    let now = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: null or set by `during` in this thread, which takes it back before the reference it was given ends. The body
    // takes any lifetime, so it keeps nothing of it.
    body(unsafe { now.as_ref() })
}

/// In a process that was forked from an event: it is about nobody any more.
pub(crate) fn forget_subject() {
    CURRENT.set(ptr::null());
}
