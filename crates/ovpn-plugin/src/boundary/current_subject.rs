//! Whom what this thread does is about: the client of the event that it is in, or of the job that it runs. Lines of the log
//! begin with it. Put into words only when there is a line.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

use crate::log_subject::Subject;

thread_local! {
    /// Null: nobody. No destructor, which would outlive the plugin.
    static NOW: Cell<*const Subject<'static>> = const { Cell::new(ptr::null()) };
}

/// Takes the pointer back, also when the body panics.
struct Before(*const Subject<'static>);

impl Drop for Before {
    fn drop(&mut self) {
        NOW.set(self.0);
    }
}

/// Runs `body`, which is about this subject.
pub(crate) fn during<R>(subject: &Subject<'_>, body: impl FnOnce() -> R) -> R {
    let _before = Before(NOW.replace(ptr::from_ref(subject).cast()));
    body()
}

/// Passes on whom this thread is about.
pub(crate) fn with_subject<R>(body: impl FnOnce(Option<&Subject<'_>>) -> R) -> R {
    let now = NOW.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: null or set by `during` in this thread, which takes it back before the reference it was given ends. The body
    // takes any lifetime, so it keeps nothing of it.
    body(unsafe { now.as_ref() })
}

/// In a process that was forked from an event: it is about nobody any more.
pub(crate) fn forget_subject() {
    NOW.set(ptr::null());
}
