//! Takes over the list a plugin returned.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};

use ovpn_plugin_sys as sys;

/// Reads and frees a returned list.
///
/// # Safety
/// `node` is null or a list whose parts all came from `malloc`, and is not used afterwards.
pub(super) unsafe fn take_list(mut node: *mut sys::plugin_string_list) -> Vec<(CString, CString)> {
    let mut list = Vec::new();
    while !node.is_null() {
        // SAFETY: a node of the list.
        let sys::plugin_string_list { next, name, value } = unsafe { node.read() };
        // SAFETY: its strings, null or from malloc.
        let name = unsafe { take_string(name) };
        // SAFETY: as above.
        let value = unsafe { take_string(value) };
        list.push((name, value));
        // SAFETY: came from malloc; what it held is read.
        unsafe { libc::free(node.cast()) };
        node = next;
    }
    list
}

/// # Safety
/// `text` is null or a string from `malloc`, and is not used afterwards.
unsafe fn take_string(text: *mut c_char) -> CString {
    if text.is_null() {
        return CString::default();
    }
    // SAFETY: not null, so a string.
    let copy = unsafe { CStr::from_ptr(text) }.to_owned();
    // SAFETY: came from malloc.
    unsafe { libc::free(text.cast()) };
    copy
}
