//! Catches what a test's thread, and tasks started from it, log through the plugin's log.

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use log::Level;
use ovpn_plugin_sys as sys;

/// Catchers there are; outside of tests always none, so that logging takes no lock.
static CATCHERS: AtomicUsize = AtomicUsize::new(0);
static LINES: Mutex<Vec<(ThreadId, TestLine)>> = Mutex::new(Vec::new());

thread_local! {
    /// The test a task of the plugin belongs to.
    static TEST: Cell<Option<ThreadId>> = const { Cell::new(None) };
}

/// The test this thread belongs to; `None` outside of tests.
pub(crate) fn current_test() -> Option<ThreadId> {
    let is_test = CATCHERS.load(Ordering::Acquire) > 0;
    is_test.then(|| TEST.get().unwrap_or_else(|| thread::current().id()))
}

/// Makes this thread one of that test.
pub(crate) fn join_test(test: Option<ThreadId>) {
    if test.is_some() {
        TEST.set(test);
    }
}

/// A line of the log, as OpenVPN would have got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestLine {
    /// The level.
    pub level: Level,
    /// The text, one line.
    pub text: String,
}

/// Catches the lines of the thread it was made in and of its tasks, as long as it lives.
#[derive(Debug)]
pub(super) struct LogCatcher {
    thread: ThreadId,
}

impl LogCatcher {
    pub(super) fn new() -> Self {
        CATCHERS.fetch_add(1, Ordering::AcqRel);
        Self { thread: thread::current().id() }
    }

    /// What was caught so far.
    pub(super) fn lines(&self) -> Vec<TestLine> {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|(thread, _)| *thread == self.thread).map(|(_, line)| line.clone()).collect()
    }
}

impl Drop for LogCatcher {
    fn drop(&mut self) {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|(thread, _)| *thread != self.thread);
        CATCHERS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether a test took the line.
pub(crate) fn caught(flags: c_int, errno: c_int, line: &CStr) -> bool {
    let Some(test) = current_test() else { return false };
    let level = match flags {
        sys::PLOG_ERR => Level::Error,
        sys::PLOG_WARN => Level::Warn,
        sys::PLOG_NOTE => Level::Info,
        _ => Level::Debug,
    };
    let mut text = line.to_string_lossy().into_owned();
    if errno != 0 {
        text = format!("{text}: {}", std::io::Error::from_raw_os_error(errno));
    }
    let line = TestLine { level, text };
    LINES.lock().unwrap_or_else(PoisonError::into_inner).push((test, line));
    true
}
