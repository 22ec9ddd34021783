//! How many runs of the command there are at the same time: they wait more than they work.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// So many that wait run at a time for each processor, of all tests together.
const FOR_EACH_PROCESSOR: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// One of those that run.
pub(crate) struct Turn;

impl Turn {
    pub(crate) fn take() -> Self {
        let most = thread::available_parallelism().map_or(1, usize::from) * FOR_EACH_PROCESSOR;
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let all_taken = |running: &mut usize| *running >= most;
        *ENDED.wait_while(running, all_taken).unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}
