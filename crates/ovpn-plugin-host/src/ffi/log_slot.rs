//! One of the C log functions, with its file, reserved for one plugin.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int, c_uint};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ovpn_plugin_sys as sys;

unsafe extern "C" {
    fn ovpn_host_log_slots() -> c_uint;
    fn ovpn_host_log_open(number: c_uint, fd: c_int, path: *const c_char, dropped: c_int) -> c_int;
    fn ovpn_host_log_close(number: c_uint);
    fn ovpn_host_log_of_threads(number: c_uint) -> usize;
    fn ovpn_host_log_function(number: c_uint) -> sys::plugin_log_t;
    fn ovpn_host_vlog_function(number: c_uint) -> sys::plugin_vlog_t;
}

static TAKEN: Mutex<Vec<c_uint>> = Mutex::new(Vec::new());

/// A reserved log function. Freed when dropped; lines that come later are lost.
pub(crate) struct LogSlot {
    number: c_uint,
    path: PathBuf,
    _file: File,
}

impl LogSlot {
    /// Reserves a function that writes to `path`, which is created; lines with one of the flags `dropped` are not
    /// written.
    pub(crate) fn take(path: &Path, dropped: c_int) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        let c_path = CString::new(path.as_os_str().as_bytes())?;
        let mut taken = TAKEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // SAFETY: takes nothing.
        let slots = unsafe { ovpn_host_log_slots() };
        let number = (0..slots)
            .find(|number| !taken.contains(number))
            .ok_or_else(|| io::Error::other("too many plugins are open at the same time"))?;
        // SAFETY: the descriptor is open and the path a C string; the slot is unused, so no other thread reads it.
        if unsafe { ovpn_host_log_open(number, file.as_raw_fd(), c_path.as_ptr(), dropped) } != 0 {
            return Err(io::Error::other("the path of the log is too long"));
        }
        taken.push(number);
        Ok(Self { number, path: path.to_owned(), _file: file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many lines came from other threads than the first.
    pub(crate) fn lines_of_threads(&self) -> usize {
        // SAFETY: takes a number only, and counts atomically.
        unsafe { ovpn_host_log_of_threads(self.number) }
    }

    pub(super) fn log(&self) -> sys::plugin_log_t {
        // SAFETY: returns a constant.
        unsafe { ovpn_host_log_function(self.number) }
    }

    pub(super) fn vlog(&self) -> sys::plugin_vlog_t {
        // SAFETY: returns a constant.
        unsafe { ovpn_host_vlog_function(self.number) }
    }
}

impl Drop for LogSlot {
    fn drop(&mut self) {
        let mut taken = TAKEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // SAFETY: takes a number only; the function stays callable and drops its lines.
        unsafe { ovpn_host_log_close(self.number) };
        taken.retain(|number| *number != self.number);
    }
}
