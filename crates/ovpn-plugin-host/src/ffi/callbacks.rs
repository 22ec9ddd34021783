//! The functions a host offers besides the log: wiping memory and base64.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{Ordering, compiler_fence};

use crate::base64;

pub(super) unsafe extern "C" fn secure_memzero(data: *mut c_void, len: usize) {
    let start = data.cast::<u8>();
    for at in 0..len {
        // SAFETY: the plugin passes len bytes it may write to.
        let byte = unsafe { start.add(at) };
        // SAFETY: as above.
        unsafe { byte.write_volatile(0) };
    }
    compiler_fence(Ordering::SeqCst);
}

pub(super) unsafe extern "C" fn base64_encode(
    data: *const c_void,
    size: c_int,
    text: *mut *mut c_char,
) -> c_int {
    let Ok(size) = usize::try_from(size) else { return -1 };
    if data.is_null() && size > 0 || text.is_null() {
        return -1;
    }
    let bytes = if size == 0 {
        &[]
    } else {
        // SAFETY: not null, and the plugin passes size bytes.
        unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) }
    };
    let encoded = base64::encode(bytes);
    let Ok(length) = c_int::try_from(encoded.len()) else { return -1 };
    // SAFETY: takes no pointer; null is checked.
    let copy = unsafe { libc::malloc(encoded.len() + 1) }.cast::<u8>();
    if copy.is_null() {
        return -1;
    }
    // SAFETY: copy is new and one byte longer than encoded.
    unsafe { copy.copy_from_nonoverlapping(encoded.as_ptr(), encoded.len()) };
    // SAFETY: the byte after them.
    let end = unsafe { copy.add(encoded.len()) };
    // SAFETY: as above.
    unsafe { end.write(0) };
    // SAFETY: not null, and the plugin's to receive the string.
    unsafe { text.write(copy.cast()) };
    length
}

pub(super) unsafe extern "C" fn base64_decode(text: *const c_char, data: *mut c_void, size: c_int) -> c_int {
    if text.is_null() || data.is_null() {
        return -1;
    }
    // SAFETY: not null; the plugin passes a C string.
    let text = unsafe { CStr::from_ptr(text) };
    let Some(decoded) = base64::decode(text.to_bytes()) else { return -1 };
    // As OpenVPN: a negative size means that the plugin vouches for the space.
    if usize::try_from(size).is_ok_and(|size| decoded.len() > size) {
        return -1;
    }
    let Ok(length) = c_int::try_from(decoded.len()) else { return -1 };
    // SAFETY: checked against the size the plugin passed.
    unsafe { data.cast::<u8>().copy_from_nonoverlapping(decoded.as_ptr(), decoded.len()) };
    length
}
