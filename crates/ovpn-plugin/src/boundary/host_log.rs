//! OpenVPN's log function, kept for the whole process so that children made by fork have it too.
//!
//! Atomics and no lock: a fork can leave nothing held. Which thread may call [`send`] is decided in `logging`.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::io::{self, Write};
use std::sync::atomic::{AtomicPtr, Ordering};

use ovpn_plugin_sys as sys;

type LogFunction = unsafe extern "C" fn(c_int, *const c_char, *const c_char, ...);

static FUNCTION: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static NAME: AtomicPtr<c_char> = AtomicPtr::new(std::ptr::null_mut());
static SINK: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// What takes the lines in place of the host.
type Sink = fn(log::Level, &str);

/// From now on [`sink`] gives this one.
pub(crate) fn keep_sink(sink: Sink) {
    SINK.store(sink as *mut (), Ordering::Release);
}

pub(crate) fn sink() -> Option<Sink> {
    let sink = SINK.load(Ordering::Acquire);
    // SAFETY: not null, so stored by keep_sink(), which stores only functions of this very type.
    (!sink.is_null()).then(|| unsafe { std::mem::transmute::<*mut (), Sink>(sink) })
}

/// Whether a host has opened the plugin, so that its log function is known.
pub(crate) fn has_host() -> bool {
    !FUNCTION.load(Ordering::Acquire).is_null()
}

/// The plugin's name in the log.
#[cfg(unix)]
pub(crate) fn name() -> &'static CStr {
    let name = NAME.load(Ordering::Acquire);
    if name.is_null() {
        return c"";
    }
    // SAFETY: only keep() stores here, and only pointers of 'static strings.
    unsafe { CStr::from_ptr(name) }
}

/// Keeps the host's log function (null: stay with what was) and the plugin's name in the log.
///
/// # Safety
/// `function` stays callable for the rest of the process. OpenVPN's does: it is part of the program itself.
pub(super) unsafe fn keep(function: sys::plugin_log_t, name: &'static CStr) {
    NAME.store(name.as_ptr().cast_mut(), Ordering::Release);
    if let Some(function) = function {
        FUNCTION.store(function as *mut (), Ordering::Release);
    }
}

/// Whether [`send`] can pass an errno on; elsewhere the caller has to put the text into the message.
pub(crate) const PASSES_ERRNO: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Hands one finished line to the host, or to standard error as long as there is none. `errno` other than 0 appends
/// the text of that error.
pub(crate) fn send(flags: c_int, errno: c_int, line: &CStr) {
    let name = NAME.load(Ordering::Acquire);
    let function = FUNCTION.load(Ordering::Acquire);
    if name.is_null() || function.is_null() {
        send_to_stderr(errno, line);
        return;
    }
    // SAFETY: only keep() stores here, and only functions of this very type.
    let function = unsafe { std::mem::transmute::<*mut (), LogFunction>(function) };
    let flags = if errno == 0 { flags } else { flags | sys::PLOG_ERRNO };
    if errno != 0 {
        set_errno(errno);
    }
    // SAFETY: keep()'s caller promised that it stays callable; the name is 'static and holds no '%', the format takes
    // one string, and line is one.
    unsafe { function(flags, name, c"%s".as_ptr(), line.as_ptr()) };
}

fn send_to_stderr(errno: c_int, line: &CStr) {
    let mut text = [0u8; 2048];
    let mut rest = &mut text[..];
    // Writing into the array fails only when it is full: then the rest is cut.
    let _ = rest.write_all(line.to_bytes());
    if errno != 0 {
        let _ = write!(rest, ": {} (errno={errno})", io::Error::from_raw_os_error(errno));
    }
    let _ = rest.write_all(b"\n");
    let unused = rest.len();
    let used = text.len() - unused;
    // There is nowhere left to report a failing standard error to.
    let _ = io::stderr().write_all(&text[..used]);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn set_errno(value: c_int) {
    // SAFETY: always a valid pointer to this thread's errno.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { errno.write(value) };
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn set_errno(_value: c_int) {}

/// Closes this process's connection to the system log, if it has one.
#[cfg(unix)]
pub(crate) fn close_inherited_syslog() {
    // SAFETY: takes no pointers; the next message opens the connection again.
    unsafe { libc::closelog() };
}

/// Nothing to close here.
#[cfg(not(unix))]
pub(crate) fn close_inherited_syslog() {}
