//! Catches what a plugin under test logs through its log, from whichever thread.

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use log::Level;
use ovpn_plugin_sys as sys;

/// Catchers there are; outside of tests always none, so that logging takes no lock.
static CATCHERS: AtomicUsize = AtomicUsize::new(0);
static CAUGHT: Mutex<Vec<Caught>> = Mutex::new(Vec::new());
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// The test a task of the plugin belongs to.
    static TEST: Cell<Option<ThreadId>> = const { Cell::new(None) };
}

/// The lines of one catcher.
struct Caught {
    number: u64,
    test: ThreadId,
    lines: Vec<TestLine>,
}

/// Whose a thread is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A test's own thread, that of the plugin's calls.
    Test(ThreadId),
    /// A task of a plugin.
    Task(ThreadId),
    /// Started by other means: it may be of any plugin that is open in this process.
    Unknown,
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

impl fmt::Display for TestLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.level, self.text)
    }
}

/// Catches lines as long as it lives: those of the thread it was made in, of that thread's tasks, and of threads that
/// belong to nobody. If it goes because the test fails, it shows them.
#[derive(Debug)]
pub(super) struct LogCatcher {
    number: u64,
}

fn all() -> MutexGuard<'static, Vec<Caught>> {
    CAUGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose the current thread is, if there are catchers at all.
pub(super) fn whose() -> Option<Whose> {
    if CATCHERS.load(Ordering::Acquire) == 0 {
        return None;
    }
    let (task, own) = (TEST.try_with(Cell::get).ok().flatten(), thread::current().id());
    let all = all();
    let has = |test| all.iter().any(|caught| caught.test == test);
    Some(match task {
        Some(test) if has(test) => Whose::Task(test),
        None if has(own) => Whose::Test(own),
        _ => Whose::Unknown,
    })
}

impl LogCatcher {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // What a task opens belongs to the test of that task.
        let test = TEST.get().unwrap_or_else(|| thread::current().id());
        all().push(Caught { number, test, lines: Vec::new() });
        CATCHERS.fetch_add(1, Ordering::AcqRel);
        Self { number }
    }

    /// What was caught so far.
    pub(super) fn lines(&self) -> Vec<TestLine> {
        self.in_all(&all()).map(|caught| caught.lines.clone()).unwrap_or_default()
    }

    /// Waits for a line that is `wanted`; one that is there already counts.
    pub(super) fn wait_for(&self, wanted: impl Fn(&TestLine) -> bool, limit: Duration) -> Option<TestLine> {
        let end = Instant::now() + limit;
        let mut all = all();
        loop {
            let found = self.in_all(&all).and_then(|caught| caught.lines.iter().find(|line| wanted(line)));
            if let Some(line) = found {
                return Some(line.clone());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            all = CHANGED.wait_timeout(all, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn in_all<'a>(&self, all: &'a [Caught]) -> Option<&'a Caught> {
        all.iter().find(|caught| caught.number == self.number)
    }
}

impl Drop for LogCatcher {
    fn drop(&mut self) {
        if thread::panicking() {
            let lines = self.lines();
            let text: String = lines.iter().map(|line| format!("  {line}\n")).collect();
            eprintln!("the plugin's log, {} lines:\n{text}", lines.len());
        }
        all().retain(|caught| caught.number != self.number);
        CATCHERS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether a test took the line.
pub(crate) fn caught(flags: c_int, errno: c_int, line: &CStr) -> bool {
    let Some(whose) = whose() else { return false };
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
    for caught in all().iter_mut() {
        let is_its = match whose {
            Whose::Test(test) | Whose::Task(test) => test == caught.test,
            Whose::Unknown => true,
        };
        if is_its {
            caught.lines.push(line.clone());
        }
    }
    CHANGED.notify_all();
    true
}
