//! OpenVPN's environment as it passes it to plugins: a view of the host's memory, no copy, no allocation.

use std::ffi::CStr;
use std::fmt;

use crate::boundary::{Array, Words};

/// The variables of one call. Not the environment of the process.
///
/// Entries without `=` are skipped; of entries with the same name the first counts. Lookups walk the list and
/// allocate nothing.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    entries: Array<'a>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(entries: Array<'a>) -> Self {
        Self { entries }
    }

    /// The value of `name`, or `None` if it is not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_c(name).map(CStr::to_bytes)
    }

    /// The value of `name` as text; `None` if it is not set or not UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// The value of `name` as a C string, or `None` if it is not set.
    #[must_use]
    pub fn get_c(&self, name: &str) -> Option<&'a CStr> {
        if name.contains('=') {
            return None;
        }
        self.entries.iter().find_map(|entry| {
            let value = entry.to_bytes_with_nul().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            CStr::from_bytes_with_nul(value).ok()
        })
    }

    /// The value of `name` as a number; `None` if it is not set or none.
    #[must_use]
    pub fn get_number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get_str(name)?.parse().ok()
    }

    /// All variables as (name, value), in the host's order, duplicates included.
    #[must_use]
    pub fn iter(&self) -> EnvIter<'a> {
        EnvIter { entries: self.entries.iter() }
    }
}

impl<'a> IntoIterator for &Env<'a> {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = EnvIter<'a>;

    fn into_iter(self) -> EnvIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Env<'_> {
    /// Shows nothing of the contents: a password is among them.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Env").finish_non_exhaustive()
    }
}

/// What [`Env::iter`] returns.
#[derive(Clone, Debug)]
pub struct EnvIter<'a> {
    entries: Words<'a>,
}

impl<'a> Iterator for EnvIter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.by_ref().find_map(|entry| split(entry.to_bytes()))
    }
}

fn split(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = entry.iter().position(|&byte| byte == b'=')?;
    Some((entry.get(..at)?, entry.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::boundary::OwnedArray;

    use super::*;

    fn with_env<R>(entries: &[&[u8]], look: impl FnOnce(Env<'_>) -> R) -> R {
        let owned = OwnedArray::cut(entries);
        look(Env::new(owned.array()))
    }

    #[test]
    fn finds_and_misses() {
        with_env(&[b"a=1", b"ab=2", b"empty=", b"eq=x=y", b"bytes=\xff"], |env| {
            assert_eq!(env.get("a"), Some(&b"1"[..]));
            assert_eq!(env.get("ab"), Some(&b"2"[..]));
            assert_eq!(env.get("empty"), Some(&b""[..]));
            assert_eq!(env.get("eq"), Some(&b"x=y"[..]));
            assert_eq!(env.get("eq=x"), None, "a name holds no '='");
            assert_eq!(env.get("b"), None);
            assert_eq!(env.get("bytes"), Some(&b"\xff"[..]));
            assert_eq!(env.get_str("bytes"), None);
            assert_eq!(env.get_number::<u16>("ab"), Some(2));
            assert_eq!(env.get_number::<u16>("eq"), None);
        });
    }

    #[test]
    fn skips_entries_without_equals_and_takes_the_first_duplicate() {
        with_env(&[b"", b"username", b"username=first", b"username=second"], |env| {
            assert_eq!(env.get("username"), Some(&b"first"[..]));
            let all: Vec<_> = env.iter().collect();
            assert_eq!(all, [(&b"username"[..], &b"first"[..]), (&b"username"[..], &b"second"[..])]);
        });
    }

    #[test]
    fn debug_text_holds_no_secret() {
        with_env(&[b"password=hunter2"], |env| {
            assert!(!format!("{env:?} {:?}", env.iter()).contains("hunter2"));
        });
    }

    proptest! {
        #[test]
        fn get_agrees_with_a_plain_search(
            items in prop::collection::vec("[a-c=]{0,5}", 0..12),
            name in "[a-c=]{0,3}",
        ) {
            let owned = OwnedArray::cut(&items);
            let env = Env::new(owned.array());
            let expected = items.iter().filter_map(|i| i.split_once('=')).find(|(n, _)| *n == name);
            prop_assert_eq!(env.get_str(&name), expected.map(|(_, v)| v));
            let expected: Vec<_> = items.iter().filter_map(|i| i.split_once('=')).collect();
            let seen: Vec<_> = env.iter()
                .map(|(n, v)| (std::str::from_utf8(n).unwrap(), std::str::from_utf8(v).unwrap()))
                .collect();
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn any_bytes_are_walked(items in prop::collection::vec(prop::collection::vec(1u8..=255, 0..60), 0..20)) {
            let owned = OwnedArray::cut(&items);
            let env = Env::new(owned.array());
            prop_assert_eq!(env.iter().count(), items.iter().filter(|i| i.contains(&b'=')).count());
            prop_assert_eq!(env.get("no such name"), None);
        }
    }
}
