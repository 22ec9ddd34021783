//! Keeps OpenVPN's signals away from threads of a plugin: OpenVPN waits for them in its own thread.
#![allow(unsafe_code)]

/// Runs `start` with all signals blocked in this thread, so that a thread started in it never takes one.
#[cfg(unix)]
pub(crate) fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    use std::mem::MaybeUninit;

    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: a place for a set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: sigfillset() filled the first set; the second is a place for one.
    let changed = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) } == 0;
    let result = start();
    if changed {
        // SAFETY: the call above filled the set; null asks for nothing back.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
    result
}

/// There are no such signals here.
#[cfg(not(unix))]
pub(crate) fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    start()
}
