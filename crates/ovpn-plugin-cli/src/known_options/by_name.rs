//! Options that this command itself looks for, by the names under which the plugins declare them.

use super::{AUTH_PAM, DOWN_ROOT};

/// An option of a plugin. Made in a `const`, one that the plugin does not declare does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredOption {
    name: &'static str,
    default: &'static str,
}

/// An option of auth-pam.
///
/// # Panics
/// If auth-pam declares none of this name.
pub(crate) const fn auth_pam(name: &'static str) -> DeclaredOption {
    named(AUTH_PAM, name)
}

/// An option of down-root.
///
/// # Panics
/// If down-root declares none of this name.
pub(crate) const fn down_root(name: &'static str) -> DeclaredOption {
    named(DOWN_ROOT, name)
}

impl DeclaredOption {
    /// What stands before the `=`.
    pub(crate) const fn name(self) -> &'static str {
        self.name
    }

    /// What holds where it is not given; empty: nothing.
    pub(crate) const fn default(self) -> &'static str {
        self.default
    }

    /// Its value, if this word gives it.
    pub(crate) fn value_in(self, word: &[u8]) -> Option<&[u8]> {
        word.strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")
    }
}

/// In constants there are neither iterators nor `==` for texts. Columns: name, form, default, meaning.
const fn named(table: &'static str, name: &'static str) -> DeclaredOption {
    let mut rest = table.as_bytes();
    while !rest.is_empty() {
        let (line, after) = cut(rest, b'\n');
        let (column, more) = cut(line, b'\t');
        if is_same(column, name.as_bytes()) {
            let (_form, more) = cut(more, b'\t');
            let (default, _meaning) = cut(more, b'\t');
            return match std::str::from_utf8(default) {
                Ok(default) => DeclaredOption { name, default },
                Err(_) => panic!("the table is no text"),
            };
        }
        rest = after;
    }
    panic!("the plugin declares no such option")
}

/// What stands before the first such byte, and behind it.
const fn cut(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < text.len() && text[at] != byte {
        at += 1;
    }
    let (before, rest) = text.split_at(at);
    match rest {
        [_, after @ ..] => (before, after),
        [] => (before, rest),
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_what_is_declared() {
        let grace = const { auth_pam("grace") };
        assert_eq!((grace.name(), grace.default()), ("grace", "75"));
        assert_eq!(auth_pam("status").default(), "");
        assert_eq!(down_root("up").value_in(b"up=/x=y"), Some(&b"/x=y"[..]));
        assert_eq!((grace.value_in(b"graces=1"), grace.value_in(b"grace")), (None, None));
    }

    #[test]
    #[should_panic(expected = "no such option")]
    fn a_name_that_nobody_declares_is_a_mistake() {
        let _ = auth_pam("grac");
    }
}
