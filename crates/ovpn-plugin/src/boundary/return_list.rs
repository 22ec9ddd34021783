//! Builds the list a plugin returns, in memory of `malloc` because OpenVPN frees it with `free`.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};

use ovpn_plugin_sys as sys;

/// Puts a list of one node into `slot`; whether it worked (no slot, or no memory: it did not).
///
/// # Safety
/// `slot` is null or may be written to.
pub(super) unsafe fn put(slot: *mut *mut sys::plugin_string_list, name: &CStr, value: &CStr) -> bool {
    if slot.is_null() {
        return false;
    }
    let (Some(name), Some(value)) = (MallocString::of(name), MallocString::of(value)) else { return false };
    // SAFETY: takes no pointer; null is checked.
    let node = unsafe { libc::malloc(size_of::<sys::plugin_string_list>()) };
    let node = node.cast::<sys::plugin_string_list>();
    if node.is_null() {
        return false;
    }
    let list =
        sys::plugin_string_list { next: std::ptr::null_mut(), name: name.release(), value: value.release() };
    // SAFETY: node is fresh, large enough and aligned as malloc aligns.
    unsafe { node.write(list) };
    // SAFETY: the caller's promise.
    unsafe { slot.write(node) };
    true
}

/// A `malloc`ed copy of a string, freed unless released.
struct MallocString(*mut c_char);

impl MallocString {
    fn of(text: &CStr) -> Option<Self> {
        let bytes = text.to_bytes_with_nul();
        // SAFETY: takes no pointer; null is checked.
        let copy = unsafe { libc::malloc(bytes.len()) }.cast::<c_char>();
        if copy.is_null() {
            return None;
        }
        // SAFETY: copy is fresh and as long as bytes.
        unsafe { copy.copy_from_nonoverlapping(text.as_ptr(), bytes.len()) };
        Some(Self(copy))
    }

    fn release(self) -> *mut c_char {
        let copy = self.0;
        std::mem::forget(self);
        copy
    }
}

impl Drop for MallocString {
    fn drop(&mut self) {
        // SAFETY: of() took it from malloc, and release() did not give it away.
        unsafe { libc::free(self.0.cast()) };
    }
}
