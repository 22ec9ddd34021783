//! Walks null-terminated arrays of C strings (argv and envp) in place.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};
use std::fmt;
use std::marker::PhantomData;

/// A borrowed null-terminated array of C strings; a null pointer is the empty array.
#[derive(Clone, Copy)]
pub(crate) struct Array<'a> {
    first: *const *const c_char,
    lifetime: PhantomData<&'a CStr>,
}

impl<'a> Array<'a> {
    /// # Safety
    /// `first` is null, or points to pointers to NUL-terminated strings, the last of them null, all of which stay
    /// as they are for `'a`.
    pub(crate) unsafe fn new(first: *const *const c_char) -> Self {
        Self { first, lifetime: PhantomData }
    }

    pub(crate) fn iter(self) -> Words<'a> {
        Words { next: self.first, lifetime: PhantomData }
    }
}

/// The strings of an argument list, one after the other; see [`CStr::to_bytes`] for their bytes.
#[derive(Clone)]
pub struct Words<'a> {
    next: *const *const c_char,
    lifetime: PhantomData<&'a CStr>,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
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
        // SAFETY: whoever made the array promised NUL-terminated strings that stay for 'a.
        Some(unsafe { CStr::from_ptr(word) })
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
pub(crate) struct OwnedArray {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

impl OwnedArray {
    /// A NUL ends an item, as in C.
    pub(crate) fn cut<T: AsRef<[u8]>>(items: &[T]) -> Self {
        let until_nul = |item: &[u8]| item.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        let strings: Vec<CString> =
            items.iter().map(|item| CString::new(until_nul(item.as_ref())).unwrap_or_default()).collect();
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }

    pub(crate) fn array(&self) -> Array<'_> {
        // SAFETY: cut() ended the pointers with a null one, and the strings they point to live in self.
        unsafe { Array::new(self.pointers.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn null_is_empty_and_stays_empty() {
        // SAFETY: null is allowed.
        let mut words = unsafe { Array::new(std::ptr::null()) }.iter();
        assert_eq!(words.next(), None);
        assert_eq!(words.next(), None);
    }

    #[test]
    fn stops_for_good_at_the_end() {
        let owned = OwnedArray::cut(&["a"]);
        let mut words = owned.array().iter();
        assert_eq!(words.next(), Some(c"a"));
        assert_eq!(words.next(), None);
        assert_eq!(words.next(), None);
    }

    #[test]
    fn long_words_pass_whole() {
        let long = vec![b'x'; 1 << 20];
        let owned = OwnedArray::cut(&[long, Vec::new()]);
        let lengths: Vec<usize> = owned.array().iter().map(|w| w.count_bytes()).collect();
        assert_eq!(lengths, [1 << 20, 0]);
    }

    proptest! {
        #[test]
        fn gives_back_what_was_put_in(
            items in prop::collection::vec(prop::collection::vec(1u8..=255, 0..40), 0..20)
        ) {
            let owned = OwnedArray::cut(&items);
            let seen: Vec<Vec<u8>> = owned.array().iter().map(|w| w.to_bytes().to_vec()).collect();
            prop_assert_eq!(seen, items);
        }
    }
}
