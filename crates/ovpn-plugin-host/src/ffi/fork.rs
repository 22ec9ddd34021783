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
    if threads(&fs::read_to_string("/proc/self/stat")?) != Some(1) {
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

/// How many threads a process has that has this `/proc/self/stat`. In qemu's user mode `/proc/self/task` also has a thread of
/// qemu's own, which a forked child gets anew.
fn threads(stat: &str) -> Option<usize> {
    // The second field is the program's name, which may hold anything; the number is the twentieth.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(17)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn the_number_of_threads_is_read_whatever_the_program_is_called() {
        let rest = " S 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 3 0 5000 8192";
        for name in ["sh", "a b", ") R 1 2 (", ")"] {
            assert_eq!(threads(&format!("7 ({name}){rest}")), Some(3), "{name}");
        }
        assert_eq!(threads("7 (sh) S 1"), None);
    }

    #[test]
    fn a_process_of_several_threads_is_not_forked() {
        let (end, ended) = mpsc::channel::<()>();
        let other = thread::spawn(move || ended.recv());
        let forked = fork_alone(|| ());
        drop(end);
        let _ = other.join();
        assert_eq!(forked.unwrap_err().to_string(), "only a process of one thread can be forked");
    }
}
