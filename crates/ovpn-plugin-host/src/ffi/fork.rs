//! A child process for code that may crash, exit or hang.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Status of a child whose code panicked.
const PANICKED: i32 = 101;

/// Runs `body` in a forked child, which then ends without going any further in the caller's code. Gives the child's
/// process number; waiting for it is up to the caller.
///
/// # Errors
/// If this process has more than one thread (a lock that another one holds would stay held in the child for ever), or
/// cannot fork.
pub fn fork_alone(body: impl FnOnce()) -> io::Result<i32> {
    if fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("only a process of one thread can be forked"));
    }
    // SAFETY: there is one thread, so the child finds memory and locks as consistent as the parent does.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let status = catch_unwind(AssertUnwindSafe(body)).map_or(PANICKED, |()| 0);
            // What a plugin has printed may be in the C library's buffers; nothing of this project writes there.
            // SAFETY: null stands for all streams.
            unsafe { libc::fflush(std::ptr::null_mut()) };
            // SAFETY: ends the process; nothing of the parent's is run a second time.
            unsafe { libc::_exit(status) }
        }
        pid => Ok(pid),
    }
}
