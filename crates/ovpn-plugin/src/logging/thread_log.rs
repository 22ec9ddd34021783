//! Lines of threads that are not in a call of OpenVPN's: written to where it logs, or kept for its next call.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_int};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ovpn_plugin_sys as sys;

use super::destination::Destination;
use super::line::LineBuffer;
use super::{DEBUG_VERB, THREAD_SAFE_HOST};
use crate::{Env, boundary, lines, panic_guard};

/// More lines than this do not wait.
const MAX_WAITING: usize = 1000;
/// How often in a row it is tried to see where OpenVPN logs to.
const MAX_LOOKS: u32 = 3;

static THREAD_LOG: ThreadLog = ThreadLog::new();

/// The log as these threads write it.
struct ThreadLog {
    lines: Mutex<Lines>,
    /// Taken before `lines`. A thread that is about to fork takes only this: then no thread holds `lines`.
    fork: Mutex<()>,
    /// Something waits for the next call. Says only whether it is worth to take the lock.
    waiting: AtomicBool,
    /// The next line in a call is to show where OpenVPN logs to.
    look: AtomicBool,
    /// Any thread may call the host's log function.
    thread_safe: AtomicBool,
}

thread_local! {
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

struct Lines {
    /// Where OpenVPN logs to, if that is known.
    destination: Option<Arc<Destination>>,
    waiting: VecDeque<(c_int, c_int, CString)>,
    lost: u64,
    verb: Option<u32>,
    /// OpenVPN has its log where it stays.
    settled: bool,
    looks: u32,
    /// A line was made up to look.
    asked: bool,
}

impl Lines {
    const fn new() -> Self {
        Self {
            destination: None,
            waiting: VecDeque::new(),
            lost: 0,
            verb: None,
            settled: false,
            looks: 0,
            asked: false,
        }
    }

    /// Whether OpenVPN would show it; `None` if that is up to OpenVPN.
    fn shows(&self, flags: c_int) -> Option<bool> {
        let least = if flags == sys::PLOG_DEBUG { DEBUG_VERB } else { 1 };
        match self.verb {
            Some(verb) => Some(verb >= least),
            // Not known before the first event of a plugin that was opened early; 1 is OpenVPN's own.
            None => (least == 1).then_some(true),
        }
    }

    fn keep(&mut self, flags: c_int, errno: c_int, line: &CStr) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back((flags, errno, line.to_owned()));
        } else {
            self.lost += 1;
        }
    }

    /// In a call: has OpenVPN log the line, and looks where it does if that is to be found out.
    fn send(&mut self, flags: c_int, errno: c_int, line: &CStr) {
        let look = self.wants_look() && errno == 0 && self.shows(flags) == Some(true);
        if look {
            self.looks += 1;
            self.destination = Destination::find(flags, line, false).map(Arc::new);
        } else {
            boundary::send(flags, errno, line);
        }
    }

    fn wants_look(&self) -> bool {
        self.settled && self.destination.is_none() && self.looks < MAX_LOOKS && boundary::has_host()
    }

    /// In a call that logged nothing: looks with a line of its own. It goes no further, unless the host is none that is
    /// known, or to a client of the management interface.
    fn ask(&mut self) {
        if self.wants_look()
            && !std::mem::replace(&mut self.asked, true)
            && self.shows(sys::PLOG_NOTE) == Some(true)
        {
            self.looks += 1;
            // For who reads it after all.
            let mut line = LineBuffer::new();
            let _ = write!(line, "{}", lines::asks_where_the_log_is());
            self.destination = Destination::find(sys::PLOG_NOTE, line.finish(), true).map(Arc::new);
        }
    }

    fn flush(&mut self) {
        while let Some((flags, errno, line)) = self.waiting.pop_front() {
            self.send(flags, errno, &line);
        }
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let mut line = LineBuffer::new();
            let _ = write!(line, "{}", lines::lines_of_threads_lost(lost, MAX_WAITING));
            boundary::send(sys::PLOG_WARN, 0, line.finish());
        }
    }
}

/// The lines, locked, with forks kept out.
struct LockedLog<'a> {
    log: &'a ThreadLog,
    lines: MutexGuard<'a, Lines>,
    _fork: Option<MutexGuard<'a, ()>>,
}

impl Drop for LockedLog<'_> {
    fn drop(&mut self) {
        let waiting = !self.lines.waiting.is_empty() || self.lines.lost > 0;
        self.log.waiting.store(waiting, Ordering::Release);
        self.log.look.store(self.lines.wants_look(), Ordering::Release);
    }
}

impl ThreadLog {
    const fn new() -> Self {
        Self {
            lines: Mutex::new(Lines::new()),
            fork: Mutex::new(()),
            waiting: AtomicBool::new(false),
            look: AtomicBool::new(false),
            thread_safe: AtomicBool::new(false),
        }
    }

    fn enter(&self) -> LockedLog<'_> {
        // A thread that is about to fork has it already.
        let fork = (!HOLDS.try_with(Cell::get).unwrap_or(false)).then(|| self.keep_forks_out());
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        LockedLog { log: self, lines, _fork: fork }
    }

    fn keep_forks_out(&self) -> MutexGuard<'_, ()> {
        self.fork.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_elsewhere(&self, flags: c_int, errno: c_int, line: &CStr) {
        let mut locked = self.enter();
        let shown = locked.lines.shows(flags);
        if shown == Some(false) {
            return;
        }
        // Behind lines that wait it would come before those of the same thread.
        let destination =
            locked.lines.destination.clone().filter(|_| shown.is_some() && locked.lines.waiting.is_empty());
        let Some(destination) = destination else {
            locked.lines.keep(flags, errno, line);
            return;
        };
        // Under the lock, because the C library takes a lock for the time of day, which a forked process must not inherit.
        let text = destination.text(flags, errno, line);
        drop(locked);
        // Without the lock, because the reader of the log may be stuck.
        if destination.write(&text).is_err() {
            let mut locked = self.enter();
            if locked.lines.destination.as_ref().is_some_and(|now| Arc::ptr_eq(now, &destination)) {
                locked.lines.destination = None;
                locked.lines.looks = 0;
            }
            locked.lines.keep(flags, errno, line);
        }
    }
}

/// Keeps other threads out of the log while it lives, so that a process forked meanwhile inherits nothing that is in
/// use. Returned by [`hold_for_fork`](super::hold_for_fork).
#[must_use = "hold it across the fork"]
pub struct HeldForFork {
    fork: Option<MutexGuard<'static, ()>>,
}

impl HeldForFork {
    pub(super) fn take() -> Self {
        Self { fork: (!HOLDS.replace(true)).then(|| THREAD_LOG.keep_forks_out()) }
    }
}

impl Drop for HeldForFork {
    /// Lets the other threads log again. In the forked process there are none.
    fn drop(&mut self) {
        if self.fork.is_some() {
            HOLDS.set(false);
        }
    }
}

impl std::fmt::Debug for HeldForFork {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("HeldForFork").finish_non_exhaustive()
    }
}

/// The host opens a plugin with this environment.
pub(crate) fn opened(env: Env<'_>) {
    panic_guard::called_here();
    let thread_safe = env.get(THREAD_SAFE_HOST) == Some(b"thread-safe");
    THREAD_LOG.thread_safe.store(thread_safe, Ordering::Release);
    // Without `verb` the configuration is still being read: before `log` and `daemon` are acted on.
    if env.get("verb").is_some() {
        settled(env);
    }
}

/// OpenVPN has its log where it stays: at the latest when its first event comes.
pub(crate) fn settled(env: Env<'_>) {
    panic_guard::called_here();
    // Not known at open, and nobody has set a limit since.
    if boundary::has_host() && log::max_level() == log::LevelFilter::Trace {
        super::follow_verb(env);
    }
    if !THREAD_LOG.thread_safe.load(Ordering::Acquire) {
        let mut locked = THREAD_LOG.enter();
        locked.lines.settled = true;
        locked.lines.verb = env.get_number("verb").or(locked.lines.verb);
    }
}

/// The last plugin is closed: OpenVPN may open its log anew before it opens the plugin again.
pub(crate) fn closed() {
    *THREAD_LOG.enter().lines = Lines::new();
}

/// In a call of OpenVPN's: hands it what waits.
pub(crate) fn flush() {
    if THREAD_LOG.waiting.load(Ordering::Acquire)
        && panic_guard::is_in_host_call()
        && !panic_guard::is_forked()
    {
        THREAD_LOG.enter().lines.flush();
    }
}

/// At the end of a call: the same, and it is seen to it that from now on lines of threads need not wait.
pub(crate) fn end_of_call() {
    flush();
    if THREAD_LOG.look.load(Ordering::Acquire) && !panic_guard::is_forked() {
        THREAD_LOG.enter().lines.ask();
    }
}

/// Logs a line in a call of OpenVPN's.
pub(super) fn log_in_host_call(flags: c_int, errno: c_int, line: &CStr) {
    if THREAD_LOG.look.load(Ordering::Acquire) {
        THREAD_LOG.enter().lines.send(flags, errno, line);
    } else {
        boundary::send(flags, errno, line);
    }
}

/// Logs a line of any other thread.
pub(super) fn log_elsewhere(flags: c_int, errno: c_int, line: &CStr) {
    if THREAD_LOG.thread_safe.load(Ordering::Acquire) {
        boundary::send(flags, errno, line);
    } else {
        THREAD_LOG.log_elsewhere(flags, errno, line);
    }
}

#[cfg(all(test, unix))]
#[path = "thread_log_tests.rs"]
mod tests;
