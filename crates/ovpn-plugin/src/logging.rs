//! The plugin's log: the macros of the crate `log` reach OpenVPN's log, one message one line.
//!
//! The host's log function is kept in a process-wide atomic at each open, without any lock, so it also works in a
//! process forked from the plugin: that process writes to the log its OpenVPN has open (file, standard output, system
//! log). Before closing inherited descriptors such a process calls [`in_forked_child`]. Formatting uses the stack;
//! OpenVPN itself allocates while it logs, which is sound after fork because glibc keeps its heap usable in children.
//! Before the first open, lines go to standard error.
//!
//! Levels: error, warn, info become OpenVPN's error, warning, notice; debug and trace are shown from `verb 7` on.

use std::ffi::{CStr, c_int};
use std::fmt::{self, Write};
use std::io;

use log::{Level, LevelFilter, Log, Metadata, Record};
use ovpn_plugin_sys as sys;

use crate::{boundary, escape, guard, testing};

/// Longest message in bytes, after escaping; longer ones are cut and end in `...`.
///
/// OpenVPN formats into 1280 bytes (10240 in builds with its management interface or PKCS#11), name and time included.
pub const MAX_LINE_BYTES: usize = 1024;

const CUT_MARK: &[u8] = b"...";

/// Makes the macros of the crate `log` write here. Opening a plugin does this by itself; unit tests of a plugin may
/// want it. Calling it again does nothing. A level limit set with [`log::set_max_level`] afterwards stays.
pub fn install() {
    // Fails only if a logger is set already: ours from an earlier open, or one the author chose. Both shall stay.
    if log::set_logger(&HostLog).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
}

/// Logs `message`, followed by the text of the operating system's error in `error` if it holds one, else by `error`.
pub fn log_errno(level: Level, error: &io::Error, message: fmt::Arguments<'_>) {
    match error.raw_os_error() {
        Some(errno) if boundary::PASSES_ERRNO => write_line(flags(level), errno, message),
        _ => write_line(flags(level), 0, format_args!("{message}: {error}")),
    }
}

/// Call first thing in a process forked from the plugin, before it closes descriptors.
///
/// With `--daemon` or `--syslog` OpenVPN keeps a socket to the system log open in the C library. If its number were
/// closed and used again for something else, log lines would be sent there; this closes it properly, and the next
/// line opens it anew. From here on, a panic in the process is a line in the log: what logs a panic of the event that
/// forked is in the parent only.
pub fn in_forked_child() {
    guard::leave_all();
    boundary::close_inherited_syslog();
}

pub(crate) fn warn(message: fmt::Arguments<'_>) {
    write_line(sys::PLOG_WARN, 0, message);
}

pub(crate) fn error(message: fmt::Arguments<'_>) {
    write_line(sys::PLOG_ERR, 0, message);
}

fn flags(level: Level) -> c_int {
    match level {
        Level::Error => sys::PLOG_ERR,
        Level::Warn => sys::PLOG_WARN,
        Level::Info => sys::PLOG_NOTE,
        Level::Debug | Level::Trace => sys::PLOG_DEBUG,
    }
}

fn write_line(flags: c_int, errno: c_int, message: fmt::Arguments<'_>) {
    let mut line = Line::new();
    // Fails when the line is full, which the mark at its end shows.
    let _ = line.write_fmt(message);
    let line = line.finish();
    if !testing::caught(flags, errno, line) {
        boundary::send(flags, errno, line);
    }
}

struct HostLog;

impl Log for HostLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            write_line(flags(record.level()), 0, *record.args());
        }
    }

    fn flush(&self) {}
}

/// A message being formatted, without control characters and bounded.
struct Line {
    bytes: [u8; MAX_LINE_BYTES + 1],
    used: usize,
    cut: bool,
}

impl Line {
    fn new() -> Self {
        Self { bytes: [0; MAX_LINE_BYTES + 1], used: 0, cut: false }
    }

    fn finish(&mut self) -> &CStr {
        if self.cut {
            // Make room for the mark without splitting a character.
            while self.used > MAX_LINE_BYTES - CUT_MARK.len() || !self.ends_at_character() {
                self.used -= 1;
            }
            self.append(CUT_MARK);
        }
        if let Some(end) = self.bytes.get_mut(self.used) {
            *end = 0;
        }
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }

    fn ends_at_character(&self) -> bool {
        self.bytes.get(..self.used).is_none_or(|text| std::str::from_utf8(text).is_ok())
    }

    /// Appends what fits; whether all did.
    fn append(&mut self, text: &[u8]) -> bool {
        let end = MAX_LINE_BYTES.min(self.used + text.len());
        let fitting = end - self.used;
        if let (Some(to), Some(from)) = (self.bytes.get_mut(self.used..end), text.get(..fitting)) {
            to.copy_from_slice(from);
        }
        self.used = end;
        fitting == text.len()
    }
}

/// The sink below the escaping: takes bytes until the line is full.
struct Raw<'a>(&'a mut Line);

impl Write for Raw<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.append(text.as_bytes()) {
            Ok(())
        } else {
            self.0.cut = true;
            Err(fmt::Error)
        }
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape::write_text(&mut Raw(self), text, false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(message: &str) -> String {
        let mut line = Line::new();
        let _ = write!(line, "{message}");
        line.finish().to_str().unwrap().to_owned()
    }

    #[test]
    fn one_message_is_one_line() {
        assert_eq!(line("a\nb\0c\\n \u{2028}"), r"a\nb\x00c\n \u{2028}");
        assert_eq!(line(""), "");
    }

    #[test]
    fn long_messages_are_cut_and_marked() {
        assert_eq!(line(&"x".repeat(1024)), "x".repeat(1024));
        assert_eq!(line(&"x".repeat(1025)), format!("{}...", "x".repeat(1021)));
        let cut = line(&"ü".repeat(600));
        assert_eq!(cut, format!("{}...", "ü".repeat(510)));
    }

    proptest! {
        #[test]
        fn lines_are_bounded_and_clean(message in "\\PC{0,700}|.{0,1400}|[\u{0}-\u{20}]{0,900}") {
            let line = line(&message);
            prop_assert!(line.len() <= MAX_LINE_BYTES);
            prop_assert!(!line.chars().any(escape::is_unprintable));
        }
    }
}
