//! Text from outside between single quotes, in the log as in the audit line: nothing in it can end the quotation or the
//! line, so that a name cannot pass itself off as another line.

use ovpn_plugin::escape;

/// The most bytes of a name that are shown: a long one must not push what is said about it off the line.
pub const MAX_SHOWN: usize = 256;

/// The text, escaped: quotes and backslashes with a backslash before them, control characters as `\n` or `\x1b`.
pub fn escaped(text: &[u8]) -> String {
    escape(text).to_string().replace('\'', "\\'")
}

/// A name, escaped, and cut where it gets long.
pub fn shown(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        let valid = chunk.valid().char_indices().map(|(at, c)| &chunk.valid()[at..at + c.len_utf8()]);
        for piece in valid.map(str::as_bytes).chain(chunk.invalid().chunks(1)) {
            let piece = escaped(piece);
            if text.len() + piece.len() > MAX_SHOWN {
                return text + "...";
            }
            text += &piece;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_the_quotation_is_escaped() {
        assert_eq!(shown(b"alice"), "alice");
        assert_eq!(shown(b"bob' authenticated"), "bob\\' authenticated");
        assert_eq!(shown(b"EXAMPLE\\bob"), "EXAMPLE\\\\bob");
        assert_eq!(shown(b"a\\'b"), "a\\\\\\'b");
        assert_eq!(shown("m\u{fc}ller".as_bytes()), "m\u{fc}ller");
        assert_eq!(shown(b"a\nb\xff\xfe"), "a\\nb\\xff\\xfe");
    }

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        assert_eq!(shown(&[b'u'; 256]), "u".repeat(256));
        assert_eq!(shown(&[b'u'; 257]), format!("{}...", "u".repeat(256)));
        assert_eq!(shown(&[b'\\'; 4096]), format!("{}...", "\\".repeat(256)));
        assert_eq!(shown(&[b'\''; 4096]), format!("{}...", "\\'".repeat(128)));
        assert_eq!(shown("\u{20ac}".repeat(100).as_bytes()), format!("{}...", "\u{20ac}".repeat(85)));
    }
}
