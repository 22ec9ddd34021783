//! The plugin's log: the macros of the crate `log` reach OpenVPN's log, one message one line, from any thread.
//!
//! **OpenVPN is single-threaded, and so is its log function.** The SDK enters it only in OpenVPN's own thread while
//! OpenVPN is in a call to the plugin, and in processes forked from the plugin. Lines of other threads reach the same
//! log without it: written to the file, pipe or system log OpenVPN writes to, each whole, with the time as OpenVPN
//! writes it, in the order of their thread. Where OpenVPN logs to is seen from one line that is logged in one of its
//! calls, at the latest at the end of the first event. Until then, and where it cannot be seen (a host that is not OpenVPN, Windows), up to 1,000 lines wait for
//! OpenVPN's next call. Lines that do not fit are counted, and the log says how many were lost. Lines of threads follow
//! `verb` as it was at the start, but not `mute`, and the management interface does not show them.
//!
//! Formatting uses the stack. Before the first open, lines go to standard error. A host whose log function is made for
//! threads says so when it opens the plugin: see [`THREAD_SAFE_HOST`].
//!
//! A process forked from the plugin writes to the log its OpenVPN has open, through OpenVPN's log function. The code
//! that forks keeps what [`hold_for_fork`] gives while it forks. The new process calls [`in_forked_child`] before it closes
//! inherited descriptors; with [`redirect`] it may send its lines elsewhere.
//!
//! Levels: error, warn, info become OpenVPN's error, warning, notice; debug and trace its debug lines. [`log::max_level`]
//! follows `verb`, so that what is not shown costs nothing:
//!
//! | `verb` | shown |
//! |---|---|
//! | 0 | nothing |
//! | 1 to 6 | error, warn, info |
//! | 7 and 8 | debug, too |
//! | 9 to 11 | trace, too |
//!
//! A plugin that sets another limit in `open` keeps it. A plugin that is opened before the configuration is read
//! ([`InitPoint::PreConfigParse`](crate::InitPoint::PreConfigParse)) learns `verb` with its first event.

mod destination;
mod line;
#[cfg(unix)]
mod stamp;
mod thread_log;

use std::ffi::{CStr, c_int};
use std::fmt::{self, Write};
use std::io;

use log::{Level, LevelFilter, Log, Metadata, Record};
use ovpn_plugin_sys as sys;

use crate::{Env, boundary, lines, panic_guard, testing};
use line::LineBuffer;

#[cfg(unix)]
pub(crate) use stamp::Moment;
pub use thread_log::HeldForFork;
pub(crate) use thread_log::{closed, end_of_call, flush, opened, settled};

/// Longest message in bytes, after escaping; longer ones are cut and end in `...`.
///
/// OpenVPN formats into 1280 bytes (10240 in builds with its management interface or PKCS#11), name and time included.
pub const MAX_LINE_BYTES: usize = 1024;

/// From this `verb` on OpenVPN shows debug lines of plugins.
const DEBUG_VERB: u32 = 7;
/// From this one on trace lines are made.
const TRACE_VERB: u32 = 9;

/// A host whose log function any thread may call sets this variable to `thread-safe` in the environment of open, as
/// the crate `ovpn-plugin-host` does. OpenVPN never sets it, and an administrator must not.
pub const THREAD_SAFE_HOST: &str = "ovpn_plugin_host_log";

/// Makes the macros of the crate `log` write here. Opening a plugin does this by itself; unit tests of a plugin may
/// want it. Calling it again does nothing. A level limit set with [`log::set_max_level`] afterwards stays.
pub fn install() {
    // Fails only if a logger is set already: ours from an earlier open, or one the author chose. Both shall stay.
    if log::set_logger(&HostLog).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
}

/// Lines that OpenVPN would not show are not made from here on.
pub(crate) fn follow_verb(env: Env<'_>) {
    if let Some(verb) = env.get_number("verb") {
        log::set_max_level(level_of_verb(verb));
    }
}

fn level_of_verb(verb: u32) -> LevelFilter {
    match verb {
        0 => LevelFilter::Off,
        1..DEBUG_VERB => LevelFilter::Info,
        DEBUG_VERB..TRACE_VERB => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}

/// Logs `message`, followed by the text of the operating system's error in `error` if it holds one, else by `error`.
pub fn log_errno(level: Level, error: &io::Error, message: fmt::Arguments<'_>) {
    with_client(Speaker::Plugin, message, |message| match error.raw_os_error() {
        Some(errno) if boundary::PASSES_ERRNO => write_line(flags(level), errno, message),
        _ => write_line(flags(level), 0, format_args!("{message}: {error}")),
    });
}

/// Hold what this returns across a fork of a process in which other threads may log. Never waits for the log itself,
/// so a log reader that is stuck does not stop the fork. The thread that holds it may log.
///
/// Fork in OpenVPN's own thread, that is in an event: what OpenVPN itself is doing is known only there.
pub fn hold_for_fork() -> HeldForFork {
    HeldForFork::take()
}

/// Call first thing in a process forked from the plugin, before it closes descriptors. Takes no lock.
///
/// With `--daemon` or `--syslog` OpenVPN keeps a socket to the system log open in the C library. If its number were
/// closed and used again for something else, log lines would be sent there; this closes it properly, and the next
/// line opens it anew.
///
/// If the thread that forked was in a call, its variables are copied with the rest of OpenVPN's memory. Those that hold
/// secrets (`password`, `crresponse`, `exported_keying_material`) are overwritten in the new process. One whose value the
/// plugin has looked up in this call stays, because something may still refer to it: so fork first. OpenVPN's other copies
/// and those of the plugin stay, too.
///
/// From here on, a panic in the process is a line in the log: what logs a panic of the event that
/// forked is in the parent only.
pub fn in_forked_child() {
    if panic_guard::leave_all() {
        boundary::close_inherited_syslog();
        boundary::wipe();
    } else {
        say(lines::not_a_fork());
    }
}

/// From here on every line of this process goes to `sink`, those of panics included, and none to the host. Meant for a
/// process forked from the plugin that has its own way to the log.
///
/// `sink` may be called by several threads at a time. It must neither panic nor log. A line has no end of line, no
/// control characters and at most [`MAX_LINE_BYTES`], plus the text of an errno.
pub fn redirect(sink: fn(Level, &str)) {
    boundary::keep_sink(sink);
}

/// A line of the SDK's own. Not through the crate `log`: an author may have a logger there.
pub(crate) fn say<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result>(line: log_lines::Line<F>) {
    with_client(Speaker::Sdk, format_args!("{line}"), |message| write_line(flags(line.level()), 0, message));
}

pub(crate) fn error(message: fmt::Arguments<'_>) {
    with_client(Speaker::Sdk, message, |message| write_line(sys::PLOG_ERR, 0, message));
}

/// Whose words a line has.
#[derive(Clone, Copy, PartialEq)]
enum Speaker {
    Sdk,
    Plugin,
}

/// Puts the client before it whom this thread is about. OpenVPN does so for its own lines, and not for those of plugins
/// (seen with 2.6).
fn with_client(speaker: Speaker, message: fmt::Arguments<'_>, write: impl FnOnce(fmt::Arguments<'_>)) {
    boundary::with_subject(|subject| match subject {
        Some(subject) if speaker == Speaker::Sdk || subject.in_plugins_lines => {
            write(format_args!("{subject}{message}"));
        }
        _ => write(message),
    });
}

fn flags(level: Level) -> c_int {
    match level {
        Level::Error => sys::PLOG_ERR,
        Level::Warn => sys::PLOG_WARN,
        Level::Info => sys::PLOG_NOTE,
        Level::Debug | Level::Trace => sys::PLOG_DEBUG,
    }
}

fn level(flags: c_int) -> Level {
    match flags {
        sys::PLOG_ERR => Level::Error,
        sys::PLOG_WARN => Level::Warn,
        sys::PLOG_NOTE => Level::Info,
        _ => Level::Debug,
    }
}

/// As OpenVPN writes the text of an errno.
fn with_errno(line: &CStr, errno: c_int) -> String {
    let error = io::Error::from_raw_os_error(errno).to_string();
    let text = error.strip_suffix(&format!(" (os error {errno})")).unwrap_or(&error);
    format!("{}: {text} (errno={errno})", line.to_string_lossy())
}

fn write_line(flags: c_int, errno: c_int, message: fmt::Arguments<'_>) {
    let mut line = LineBuffer::new();
    // Fails when the line is full, which the mark at its end shows.
    let _ = line.write_fmt(message);
    let line = line.finish();
    if testing::caught(flags, errno, line) {
        return;
    }
    if let Some(sink) = boundary::sink() {
        match errno {
            0 => sink(level(flags), &line.to_string_lossy()),
            _ => sink(level(flags), &with_errno(line, errno)),
        }
    } else if panic_guard::is_forked() || !boundary::has_host() {
        boundary::send(flags, errno, line);
    } else if panic_guard::is_in_host_call() {
        thread_log::log_in_host_call(flags, errno, line);
    } else {
        thread_log::log_elsewhere(flags, errno, line);
    }
}

struct HostLog;

impl Log for HostLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            with_client(Speaker::Plugin, *record.args(), |message| {
                write_line(flags(record.level()), 0, message);
            });
        }
    }

    /// Hands OpenVPN what waits for it, if this is one of its calls.
    fn flush(&self) {
        flush();
    }
}
