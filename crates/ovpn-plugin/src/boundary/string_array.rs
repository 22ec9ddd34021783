//! Walks null-terminated arrays of C strings (argv and envp) in place.
#![allow(unsafe_code)]

#[cfg(all(test, unix))]
mod guard_page_tests;

use std::ffi::{CStr, CString, c_char};
use std::fmt;
use std::marker::PhantomData;

/// A borrowed null-terminated array of C strings; a null pointer is the empty array.
#[derive(Clone, Copy)]
pub(crate) struct StringArray<'a> {
    first: *const *const c_char,
    lifetime: PhantomData<&'a CStr>,
}

impl<'a> StringArray<'a> {
    /// # Safety
    /// `first` is null, or points to pointers to NUL-terminated strings, the last of them null, all of which stay
    /// as they are for `'a`.
    pub(crate) unsafe fn new(first: *const *const c_char) -> Self {
        Self { first, lifetime: PhantomData }
    }

    pub(crate) fn iter(self) -> Words<'a> {
        Words { next: self.first, lifetime: PhantomData }
    }

    /// What follows `name=` in the first string that begins so. Of the others no more is read than what they have in
    /// common with it: looking something up costs the same whatever the length of the other values.
    pub(crate) fn value_of(self, name: &str) -> Option<&'a [u8]> {
        if name.bytes().any(|byte| matches!(byte, b'=' | 0)) {
            return None;
        }
        let mut words = self.iter();
        while let Some(word) = words.next_pointer() {
            // SAFETY: a NUL-terminated string; the name holds no NUL and no '='.
            if let Some(value) = unsafe { value_place(word, name.as_bytes()) } {
                // SAFETY: inside the string or at its NUL, and the string stays for 'a.
                return Some(unsafe { CStr::from_ptr(value.cast()) }.to_bytes());
            }
        }
        None
    }
}

/// Where the value begins in `name=value`; `None` if the string does not begin so. Makes no reference to the string.
///
/// # Safety
/// `word` is a NUL-terminated string; `name` holds no NUL.
pub(super) unsafe fn value_place(word: *const c_char, name: &[u8]) -> Option<*const u8> {
    let mut at = word.cast::<u8>();
    for wanted in name.iter().chain(b"=") {
        // SAFETY: inside the string: every byte before it was equal to one of the name and so not its NUL.
        if unsafe { at.read() } != *wanted {
            return None;
        }
        // SAFETY: this byte was not the NUL, so there is another one.
        at = unsafe { at.add(1) };
    }
    Some(at)
}

/// The words of an argument list, one after the other, as bytes.
#[derive(Clone)]
pub struct Words<'a> {
    next: *const *const c_char,
    lifetime: PhantomData<&'a CStr>,
}

impl Words<'_> {
    pub(super) fn next_pointer(&mut self) -> Option<*const c_char> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: not null, and not past the array's last (null) pointer, because we stop there for good below.
        let word = unsafe { self.next.read() };
        if word.is_null() {
            self.next = std::ptr::null();
            return None;
        }
        // SAFETY: this element is not the last one, so the next one is inside the array.
        self.next = unsafe { self.next.add(1) };
        Some(word)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let word = self.next_pointer()?;
        // SAFETY: the caller of `StringArray::new` promised NUL-terminated strings that stay for 'a.
        Some(unsafe { CStr::from_ptr(word) }.to_bytes())
    }
}

impl std::iter::FusedIterator for Words<'_> {}

impl fmt::Debug for Words<'_> {
    /// Shows no contents: words may hold secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Words").finish_non_exhaustive()
    }
}

/// An owned array in C's form, for tests.
pub(crate) struct OwnedStringArray {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

impl OwnedStringArray {
    /// A NUL ends an item, as in C.
    pub(crate) fn cut<T: AsRef<[u8]>>(items: &[T]) -> Self {
        let until_nul = |item: &[u8]| item.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        let strings: Vec<CString> =
            items.iter().map(|item| CString::new(until_nul(item.as_ref())).unwrap_or_default()).collect();
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }

    #[cfg(test)]
    pub(crate) fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }

    pub(crate) fn array(&self) -> StringArray<'_> {
        // SAFETY: cut() ended the pointers with a null one, and the strings they point to live in self.
        unsafe { StringArray::new(self.pointers.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_empty_and_stays_empty() {
        // SAFETY: null is allowed.
        let mut words = unsafe { StringArray::new(std::ptr::null()) }.iter();
        assert_eq!(words.next(), None);
        assert_eq!(words.next(), None);
    }

    #[test]
    fn stops_for_good_at_the_end() {
        let owned = OwnedStringArray::cut(&["a"]);
        let mut words = owned.array().iter();
        assert_eq!(words.next(), Some(&b"a"[..]));
        assert_eq!(words.next(), None);
        assert_eq!(words.next(), None);
    }
}
