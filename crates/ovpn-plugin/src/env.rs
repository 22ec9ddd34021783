//! OpenVPN's environment as it passes it to plugins: a view of the host's memory, no copy, no allocation.

use std::fmt::{self, Write};

use crate::boundary::{StringArray, Words, give, is_secret};

/// Longest name [`Env::get_formatted`] looks up; OpenVPN's own are shorter.
const NAME_BYTES: usize = 128;

/// A name being put together.
struct Name {
    bytes: [u8; NAME_BYTES],
    used: usize,
}

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used + text.len();
        self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

/// The variables of one call. Not the environment of the process.
///
/// Entries without `=` are skipped; of entries with the same name the first counts. Lookups walk the list and
/// allocate nothing.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    entries: StringArray<'a>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(entries: StringArray<'a>) -> Self {
        Self { entries }
    }

    /// The value of `name`, or `None` if it is not set. A name with `=` or NUL in it never is.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        give(name.as_bytes());
        self.entries.value_of(name)
    }

    /// The value of `name` as text; `None` if it is not set or not UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// As [`Env::get`] with a name that is put together, such as `format_args!("X509_{depth}_CN")`; also allocates
    /// nothing. `None` if the name has more than 128 bytes.
    #[must_use]
    pub fn get_formatted(&self, name: fmt::Arguments<'_>) -> Option<&'a [u8]> {
        let mut buffer = Name { bytes: [0; NAME_BYTES], used: 0 };
        buffer.write_fmt(name).ok()?;
        self.get(std::str::from_utf8(buffer.bytes.get(..buffer.used)?).ok()?)
    }

    /// The value of `name` as a number; `None` if it is not set or none.
    ///
    /// ```
    /// use ovpn_plugin::testing::CallData;
    /// let call = CallData::new().env("verb", "3").env("tun_mtu", "many");
    /// assert_eq!(call.environment().get_number::<u32>("verb"), Some(3));
    /// assert_eq!(call.environment().get_number::<u32>("tun_mtu"), None);
    /// ```
    #[must_use]
    pub fn get_number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get_str(name)?.parse().ok()
    }

    /// All variables as (name, value), in the host's order, duplicates included.
    #[must_use]
    pub fn iter(&self) -> EnvIter<'a> {
        EnvIter { entries: self.entries.iter(), secrets: true }
    }

    /// The same without those that hold secrets: `password`, `crresponse` and `exported_keying_material`.
    ///
    /// For a copy that lives longer than the event, and in an event in which the plugin forks: see
    /// [`in_forked_child`](crate::logging::in_forked_child).
    #[must_use]
    pub fn without_secrets(&self) -> EnvIter<'a> {
        EnvIter { entries: self.entries.iter(), secrets: false }
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

/// What [`Env::iter`] and [`Env::without_secrets`] return.
#[derive(Clone, Debug)]
pub struct EnvIter<'a> {
    entries: Words<'a>,
    secrets: bool,
}

impl<'a> Iterator for EnvIter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let secrets = self.secrets;
        let (name, value) =
            self.entries.by_ref().filter_map(split).find(|(name, _)| secrets || !is_secret(name))?;
        give(name);
        Some((name, value))
    }
}

fn split(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = entry.iter().position(|&byte| byte == b'=')?;
    Some((entry.get(..at)?, entry.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use crate::boundary::OwnedStringArray;

    use super::*;

    fn with_env<R>(entries: &[&[u8]], look: impl FnOnce(Env<'_>) -> R) -> R {
        let owned = OwnedStringArray::cut(entries);
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

    #[test]
    fn names_are_put_together() {
        with_env(&[b"X509_0_CN=joe", b"X509_10_CN=ann"], |env| {
            assert_eq!(env.get_formatted(format_args!("X509_{}_{}", 10, "CN")), Some(&b"ann"[..]));
            assert_eq!(env.get_formatted(format_args!("X509_{}_CN=joe", 0)), None);
            assert_eq!(env.get_formatted(format_args!("{:200}", 0)), None);
            assert_eq!(env.get("X509_0_CN\0"), None);
        });
    }
}
