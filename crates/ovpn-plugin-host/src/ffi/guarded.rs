//! Memory that ends where a page without access begins: reading one byte too far faults.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_void};
use std::io;

/// Bytes placed right before a page that cannot be accessed.
pub(super) struct Guarded {
    map: *mut c_void,
    map_bytes: usize,
    start: *mut u8,
}

impl Guarded {
    /// Copies the first `bytes` bytes of `value`, a multiple of its alignment.
    pub(super) fn new<T: Copy>(value: &T, bytes: usize) -> io::Result<Self> {
        assert!(
            bytes <= size_of::<T>() && bytes % align_of::<T>() == 0,
            "the size of a C struct's beginning"
        );
        // SAFETY: the pointer comes from a reference to at least that many bytes. Bytes between fields are copied
        // without being looked at.
        unsafe { Self::copy((&raw const *value).cast(), bytes) }
    }

    /// A null-terminated array of pointers to `strings`, which must live longer.
    pub(super) fn pointers(strings: &[CString]) -> io::Result<Self> {
        let pointers: Vec<*const c_char> =
            strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        // SAFETY: the vector holds that many bytes.
        unsafe { Self::copy(pointers.as_ptr().cast(), size_of_val(pointers.as_slice())) }
    }

    /// # Safety
    /// `from` is valid for reads of `bytes` bytes.
    unsafe fn copy(from: *const u8, bytes: usize) -> io::Result<Self> {
        let page = page_bytes()?;
        let data_bytes = bytes.div_ceil(page) * page;
        let map_bytes = data_bytes + page;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new anonymous mapping touches nothing that exists.
        let map = unsafe { libc::mmap(std::ptr::null_mut(), map_bytes, access, kind, -1, 0) };
        if map == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mut guarded = Self { map, map_bytes, start: map.cast() };
        // SAFETY: inside the mapping.
        let last = unsafe { map.cast::<u8>().add(data_bytes) };
        // SAFETY: the last page of our own mapping, which nothing points to yet.
        if unsafe { libc::mprotect(last.cast(), page, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: bytes is at most data_bytes, so still inside the mapping.
        guarded.start = unsafe { last.sub(bytes) };
        // SAFETY: the caller's promise, and the target is ours, that long and new.
        unsafe { guarded.start.copy_from_nonoverlapping(from, bytes) };
        Ok(guarded)
    }

    pub(super) fn as_ptr<T>(&self) -> *mut T {
        self.start.cast()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: our own mapping; users hold no pointer longer than self.
        unsafe { libc::munmap(self.map, self.map_bytes) };
    }
}

fn page_bytes() -> io::Result<usize> {
    // SAFETY: takes no pointers.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).map_err(|_| io::Error::last_os_error())
}
