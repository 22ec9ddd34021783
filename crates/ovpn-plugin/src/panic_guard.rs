//! Stops panics at the border: C must never see one unwind, and OpenVPN gets the safe answer instead.

use std::any::Any;
use std::cell::Cell;
use std::fmt::{self, Write};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use crate::boundary::forget_subject;
use crate::escape::escape;
use crate::{lines, logging};

/// Plugins open in this process right now; the first installs the panic hook, the last removes it.
static OPEN_PLUGINS: AtomicUsize = AtomicUsize::new(0);

/// This is a process forked from the plugin.
static FORKED: AtomicBool = AtomicBool::new(false);

/// The process in which OpenVPN calls the plugin; zero before it does.
static HOST: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Guards this thread is in; only in one of them will the panic be logged by the guard.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// This thread is in [`guard_in_thread`], which will log the panic.
    static IN_THREAD: Cell<bool> = const { Cell::new(false) };
    /// Where this thread panicked last, and before that. Of fixed size: a destructor of a thread-local would outlive the
    /// plugin.
    static PLACES: Cell<[Place; 2]> = const { Cell::new([Place::UNKNOWN; 2]) };
}

/// What the standard library panics with when a destructor panics while another panic is under way. OpenVPN ends then.
const SECOND_PANIC: &str = "panic in a destructor during cleanup";

/// Runs `body`; if it panics, logs `what` with the payload and returns `fallback`.
///
/// The state `body` worked on stays in use afterwards. That is sound (no unsafe code relies on it), and OpenVPN gives
/// no way to withdraw a plugin.
pub(crate) fn guard<R>(what: &str, fallback: R, body: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            report(what, payload);
            fallback
        }
    }
}

/// The same for code of the plugin in a thread of its own, which is in no call of the host's: `None` if it panicked.
pub(crate) fn guard_in_thread<R>(what: &str, body: impl FnOnce() -> R) -> Option<R> {
    let before = IN_THREAD.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    IN_THREAD.set(before);
    result.map_err(|payload| report(what, payload)).ok()
}

/// Runs a job of the pool with this name; a panic in it is one line in the log.
pub(crate) fn job_guard(pool: &str, body: impl FnOnce()) {
    guard_in_thread(&format!("a job of the pool '{pool}'"), body);
}

/// Whether this thread is in [`guard_in_thread`].
pub(crate) fn is_guarded_thread() -> bool {
    IN_THREAD.try_with(Cell::get).unwrap_or(false)
}

fn report(what: &str, payload: Box<dyn Any + Send>) {
    let [place, _] = PLACES.replace([Place::UNKNOWN; 2]);
    logging::say(lines::panic(what, place, text_of(&*payload)));
    drop_payload(what, payload);
}

/// The payload's own drop may panic; then the second payload is leaked rather than dropped.
pub(crate) fn drop_payload(what: &str, payload: Box<dyn Any + Send>) {
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        logging::say(lines::panic_of_payload(what));
        std::mem::forget(second);
    }
}

fn text_of(payload: &(dyn Any + Send + 'static)) -> impl fmt::Display {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(payload is no text)");
    escape(text.as_bytes())
}

/// A call of the host's. Lines of other threads that wait for one are handed to it at the beginning and at the end.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get().saturating_add(1));
        logging::flush();
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if DEPTH.get() == 1 {
            logging::end_of_call();
        }
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// Whether this thread is in a call of the host's, which stands still meanwhile: only then may it be called back.
pub(crate) fn is_in_host_call() -> bool {
    DEPTH.try_with(Cell::get).unwrap_or(0) > 0
}

/// Whether this is a process forked from the plugin, which has the host's memory for itself.
pub(crate) fn is_forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// In a forked child: the code that would have logged a panic of this thread is in the parent.
///
/// False in the process that OpenVPN calls: its threads must not enter OpenVPN's log.
pub(crate) fn leave_all() -> bool {
    if HOST.load(Ordering::Acquire) == std::process::id() {
        return false;
    }
    DEPTH.set(0);
    forget_subject();
    FORKED.store(true, Ordering::Relaxed);
    true
}

/// OpenVPN calls the plugin in this process.
pub(crate) fn called_here() {
    HOST.store(std::process::id(), Ordering::Release);
}

/// Replaces Rust's panic message, several raw lines on standard error, by one line in the log. Once per load of the
/// plugin, however often it is opened.
pub(crate) fn plugin_opened() {
    if OPEN_PLUGINS.fetch_add(1, Ordering::AcqRel) == 0 {
        panic::set_hook(Box::new(hook));
    }
}

/// The other half of [`plugin_opened`]: gives the hook back before the plugin is unloaded.
pub(crate) fn plugin_closed() {
    if OPEN_PLUGINS.fetch_sub(1, Ordering::AcqRel) == 1 {
        // It may be one of the author's, with an end that panics.
        guard("the end of the panic hook", (), || drop(panic::take_hook()));
        logging::closed();
    }
}

fn hook(info: &PanicHookInfo<'_>) {
    if info.payload().downcast_ref::<&str>() == Some(&SECOND_PANIC) {
        let [second, first] = PLACES.try_with(Cell::get).unwrap_or([Place::UNKNOWN; 2]);
        logging::say(lines::two_panics(first, second));
        return;
    }
    remember_place(info);
    // In a call the guard logs it, with the reply to OpenVPN; in a thread that is guarded, the guard of that thread.
    let is_reported = is_in_host_call() || (is_guarded_thread() && !is_forked());
    if !is_reported {
        log_panic_of_thread(info);
    }
}

/// For what logs this panic later.
pub(crate) fn remember_place(info: &PanicHookInfo<'_>) {
    let place = Place::of(info);
    let _ = PLACES.try_with(|places| places.set([place, places.get()[0]]));
}

/// For a panic that no guard will see.
pub(crate) fn log_panic_of_thread(info: &PanicHookInfo<'_>) {
    let what = if is_forked() { "process forked from" } else { "thread of" };
    let (place, text) = (Place::of(info), text_of(info.payload()));
    logging::say(lines::panic_elsewhere(what, place, text));
}

/// A source position, cut to the last bytes of the file's name.
#[derive(Clone, Copy)]
struct Place {
    file: [u8; Self::FILE_BYTES],
    used: usize,
    line: u32,
}

impl Place {
    const FILE_BYTES: usize = 96;
    const UNKNOWN: Self = Self { file: [0; Self::FILE_BYTES], used: 0, line: 0 };

    fn of(info: &PanicHookInfo<'_>) -> Self {
        let Some(location) = info.location() else { return Self::UNKNOWN };
        let name = location.file().as_bytes();
        let tail = name.get(name.len().saturating_sub(Self::FILE_BYTES)..).unwrap_or_default();
        let mut place = Self { used: tail.len(), line: location.line(), ..Self::UNKNOWN };
        if let Some(to) = place.file.get_mut(..tail.len()) {
            to.copy_from_slice(tail);
        }
        place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.used == 0 {
            return Ok(());
        }
        let file = self.file.get(..self.used).unwrap_or_default();
        write!(out, " at {}", escape(file))?;
        out.write_char(':')?;
        fmt::Display::fmt(&self.line, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(guard("test", 7, || panic!("text")), 7);
        assert_eq!(guard("test", 7, || 8), 8);
        assert_eq!(DEPTH.get(), 0);
    }

    #[test]
    fn payloads_are_read() {
        assert_eq!(text_of(&"a\nb").to_string(), r"a\nb");
        assert_eq!(text_of(&String::from("b")).to_string(), "b");
        assert_eq!(text_of(&5).to_string(), "(payload is no text)");
    }

    #[test]
    fn a_payload_that_panics_when_dropped_stops_here() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert_eq!(guard("test", 1, || panic::panic_any(Bomb)), 1);
    }
}
