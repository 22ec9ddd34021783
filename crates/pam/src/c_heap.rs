//! Memory that changes hands between Rust and libpam: allocated with the C allocator, because the modules free it
//! with `free`, and wiped by us for as long as it is ours.
#![allow(unsafe_code)]

use libpam_sys::{PAM_BUF_ERR, PAM_CONV_ERR, pam_response};
use secret::Secret;
use std::ffi::{c_char, c_int};
use std::mem;
use std::ptr::{self, NonNull};
use std::slice;

/// Why an answer could not be stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AnswerError {
    /// The bytes hold a NUL, so the module would see less than what was given.
    EmbeddedNul,
    /// The C allocator has no memory.
    OutOfMemory,
}

impl AnswerError {
    /// The return code for the module.
    pub(crate) fn code(self) -> c_int {
        match self {
            AnswerError::EmbeddedNul => PAM_CONV_ERR,
            AnswerError::OutOfMemory => PAM_BUF_ERR,
        }
    }
}

/// The array of answers for one conversation call. Until [`leak`](Answers::leak) it owns the array and every answer
/// in it; dropping wipes and frees them all.
pub(crate) struct Answers {
    array: NonNull<pam_response>,
    len: usize,
}

impl Answers {
    /// An array of `len` empty answers (no text, return code 0); `None` when the allocator has no memory.
    pub(crate) fn allocate(len: usize) -> Option<Self> {
        // SAFETY: calloc has no preconditions; it checks the multiplication itself.
        let array = unsafe { libc::calloc(len.max(1), mem::size_of::<pam_response>()) };
        Some(Answers { array: NonNull::new(array.cast())?, len })
    }

    /// Copies `answer` into C memory as answer number `index`. Replaces (wipes, frees) what was there.
    ///
    /// For an index out of range there is no memory, and that is the error.
    pub(crate) fn set(&mut self, index: usize, answer: &Secret) -> Result<(), AnswerError> {
        let slot = self.slots().get_mut(index).ok_or(AnswerError::OutOfMemory)?;
        let text = copy_to_c(answer.expose())?;
        wipe_and_free(mem::replace(&mut slot.resp, text));
        Ok(())
    }

    fn slots(&mut self) -> &mut [pam_response] {
        // SAFETY: the array was allocated with room for `len` elements, calloc made each a valid pam_response (null
        // pointer, zero), and `&mut self` makes this the only reference to them.
        unsafe { slice::from_raw_parts_mut(self.array.as_ptr(), self.len) }
    }

    /// Gives the array to PAM, whose modules wipe and free it. From here on it is not ours.
    pub(crate) fn leak(self) -> *mut pam_response {
        let array = self.array.as_ptr();
        mem::forget(self);
        array
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for slot in self.slots() {
            wipe_and_free(mem::replace(&mut slot.resp, ptr::null_mut()));
        }
        // SAFETY: the array came from calloc in `allocate` and is freed only here.
        unsafe { libc::free(self.array.as_ptr().cast()) };
    }
}

/// A NUL-terminated copy in memory of the C allocator.
fn copy_to_c(bytes: &[u8]) -> Result<*mut c_char, AnswerError> {
    if bytes.contains(&0) {
        return Err(AnswerError::EmbeddedNul);
    }
    // SAFETY: calloc has no preconditions. `len + 1` cannot overflow: a slice has at most isize::MAX bytes.
    let copy = unsafe { libc::calloc(bytes.len() + 1, 1) }.cast::<u8>();
    if copy.is_null() {
        return Err(AnswerError::OutOfMemory);
    }
    // SAFETY: `copy` has len + 1 bytes, of which the last stays zero; a fresh allocation overlaps nothing.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len()) };
    Ok(copy.cast())
}

/// Wipes a string made by `copy_to_c` (or nothing, if null) and frees it.
fn wipe_and_free(text: *mut c_char) {
    if !text.is_null() {
        wipe(text);
        // SAFETY: it came from calloc, and its owner has let go of the pointer.
        unsafe { libc::free(text.cast()) };
    }
}

/// Overwrites a string made by `copy_to_c` with zeros.
fn wipe(text: *mut c_char) {
    // SAFETY: only strings of copy_to_c get here, so it is NUL-terminated and not freed yet.
    let len = unsafe { libc::strlen(text) };
    // SAFETY: the allocation has at least len bytes, and nothing else refers to it.
    unsafe { libc::explicit_bzero(text.cast(), len) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn text_of(answers: &mut Answers, index: usize) -> Option<Vec<u8>> {
        let text = answers.slots()[index].resp;
        // SAFETY: a stored answer is NUL-terminated and lives as long as `answers`.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes().to_vec())
    }

    #[test]
    fn wiping_leaves_only_zeros() {
        let text = copy_to_c(b"hunter2").expect("memory");
        wipe(text);
        // SAFETY: the copy has 8 bytes and is not freed yet.
        let left = unsafe { slice::from_raw_parts(text.cast::<u8>(), 8) };
        assert_eq!(left, [0; 8]);
        wipe_and_free(text);
        wipe_and_free(ptr::null_mut());
    }

    #[test]
    fn answers_start_empty_and_hold_copies() {
        let mut answers = Answers::allocate(3).expect("memory");
        answers.set(1, &Secret::copy_of(b"first")).expect("stored");
        answers.set(1, &Secret::copy_of(b"second")).expect("replaced");
        answers.set(2, &Secret::copy_of(b"")).expect("stored");
        assert_eq!(text_of(&mut answers, 0), None);
        assert_eq!(text_of(&mut answers, 1), Some(b"second".to_vec()));
        assert_eq!(text_of(&mut answers, 2), Some(Vec::new()));
    }

    #[test]
    fn embedded_nul_and_bad_index_are_refused() {
        let mut answers = Answers::allocate(1).expect("memory");
        assert_eq!(answers.set(0, &Secret::copy_of(b"a\0b")), Err(AnswerError::EmbeddedNul));
        assert_eq!(answers.set(1, &Secret::copy_of(b"a")), Err(AnswerError::OutOfMemory));
        assert_eq!(text_of(&mut answers, 0), None);
    }
}
