//! What of this process only the C library tells: the locale, and how much memory is handed out.
#![allow(unsafe_code)]

use std::ffi::CStr;

/// The locale of the C library, as setlocale(3) names it.
#[must_use]
pub fn locale() -> String {
    // SAFETY: asks only; there is nothing that another thread could change meanwhile but the locale itself, which the
    // caller's plugin does in calls that have ended.
    let name = unsafe { libc::setlocale(libc::LC_ALL, std::ptr::null()) };
    if name.is_null() {
        return String::new();
    }
    // SAFETY: a C string of the library, valid until the next call.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// Bytes that malloc(3) has handed out and nobody has freed; `None` where the C library does not count.
#[must_use]
pub fn allocated_bytes() -> Option<usize> {
    #[cfg(target_env = "gnu")]
    {
        // glibc has it since 2.33: looked up, so that this also links and runs with an older one.
        // SAFETY: dlsym takes any NUL-terminated name; RTLD_DEFAULT searches what this process is linked with.
        let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
        if symbol.is_null() {
            return None;
        }
        // SAFETY: glibc's function of this name has this type.
        let mallinfo2: extern "C" fn() -> libc::mallinfo2 = unsafe { std::mem::transmute(symbol) };
        let info = mallinfo2();
        Some(info.uordblks + info.hblkhd)
    }
    #[cfg(not(target_env = "gnu"))]
    None
}
