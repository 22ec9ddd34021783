//! Makes bytes from outside fit for one log line: what a terminal or a log reader would act on becomes visible text.

use std::fmt::{self, Display, Formatter, Write};

/// Shows `bytes` without control characters: `\n`, `\t`, `\x1b`, `\u{2028}` and so on; a backslash is doubled and
/// bytes that are not UTF-8 appear as `\xff`, so two different inputs never look the same.
///
/// ```
/// assert_eq!(ovpn_plugin::escape(b"joe\nroot\xff").to_string(), r"joe\nroot\xff");
/// ```
#[must_use]
pub fn escape(bytes: &[u8]) -> Escaped<'_> {
    Escaped(bytes)
}

/// What [`escape`] returns: prints the escaped text, allocates nothing.
#[derive(Clone, Copy)]
pub struct Escaped<'a>(&'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write_text(out, chunk.valid(), true)?;
            for byte in chunk.invalid() {
                write!(out, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "\"{self}\"")
    }
}

/// Writes `text` with unprintable characters escaped, and backslashes too if asked for.
pub(crate) fn write_text(out: &mut impl Write, text: &str, backslash_too: bool) -> fmt::Result {
    let mut rest = text;
    while let Some((at, found)) =
        rest.char_indices().find(|&(_, c)| is_unprintable(c) || (backslash_too && c == '\\'))
    {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        write_escape(out, found)?;
        rest = special.get(found.len_utf8()..).unwrap_or_default();
    }
    out.write_str(rest)
}

fn write_escape(out: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\\' => out.write_str("\\\\"),
        c if c.is_ascii() => write!(out, "\\x{:02x}", u32::from(c)),
        c => write!(out, "\\u{{{:x}}}", u32::from(c)),
    }
}

/// Control characters (C0, DEL, C1), separators of lines and paragraphs, and characters that are invisible or turn
/// the direction of the text around them.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_each_kind() {
        assert_eq!(escape(b"plain text").to_string(), "plain text");
        assert_eq!(escape(b"a\r\n\tb\0\x1b[2J\x7f").to_string(), r"a\r\n\tb\x00\x1b[2J\x7f");
        assert_eq!(escape(br"a\nb").to_string(), r"a\\nb");
        assert_eq!(escape(b"\xff\xfe").to_string(), r"\xff\xfe");
        assert_eq!(escape("\u{9b}\u{2028}\u{202e}ü".as_bytes()).to_string(), r"\u{9b}\u{2028}\u{202e}ü");
        assert_eq!(escape(b"").to_string(), "");
    }

    proptest! {
        #[test]
        fn nothing_unprintable_comes_out(bytes: Vec<u8>) {
            prop_assert!(!escape(&bytes).to_string().chars().any(is_unprintable));
        }

        #[test]
        fn nothing_unprintable_comes_out_of_text(text: String) {
            prop_assert!(!escape(text.as_bytes()).to_string().chars().any(is_unprintable));
        }

        #[test]
        fn different_inputs_look_different(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(escape(&a).to_string() == escape(&b).to_string(), a == b);
        }
    }
}
