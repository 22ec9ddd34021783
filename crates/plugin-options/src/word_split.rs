//! Splits a line into words as OpenVPN does: blanks separate; double quotes and single quotes enclose; outside single
//! quotes a backslash stands before a blank, a double quote or a backslash; `#` and `;` at the beginning of a word start
//! a comment.

use std::fmt;

use crate::lines;

/// Why a line has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// This quote has no second one.
    Unclosed(char),
    /// A backslash stands before something else, or at the end.
    Backslash,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplitError::Unclosed(quote) => lines::unclosed("", *quote).fmt(f),
            SplitError::Backslash => lines::dangling_backslash("").fmt(f),
        }
    }
}

impl std::error::Error for SplitError {}

/// Room that a word has from the beginning; OpenVPN's lines are no longer.
const MAX_ROOM: usize = 256;

/// The words of one line.
///
/// # Errors
/// If a quote is not closed or a backslash has no meaning.
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, SplitError> {
    let mut words = Vec::new();
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        let end = match byte {
            byte if is_blank(byte) => continue,
            b'#' | b';' => break,
            b'"' => End::Quote(b'"'),
            b'\'' => End::Quote(b'\''),
            _ => End::Blank,
        };
        // A vector that grows leaves what it held where it was, and a word may be a secret.
        let mut word = Vec::with_capacity(MAX_ROOM.min(bytes.len() + 1));
        if matches!(end, End::Blank) {
            match byte {
                b'\\' => match bytes.next() {
                    // A blank before a word is skipped, also so.
                    Some(byte) if is_blank(byte) => continue,
                    Some(b'#' | b';') => break,
                    byte => word.push(escaped(byte)?),
                },
                byte => word.push(byte),
            }
        }
        end.read(&mut bytes, &mut word)?;
        words.push(word);
    }
    Ok(words)
}

/// What ends a word.
#[derive(Clone, Copy)]
enum End {
    Blank,
    Quote(u8),
}

impl End {
    fn read(self, bytes: &mut impl Iterator<Item = u8>, word: &mut Vec<u8>) -> Result<(), SplitError> {
        while let Some(byte) = bytes.next() {
            match (self, byte) {
                (End::Blank, byte) if is_blank(byte) => return Ok(()),
                (End::Quote(quote), byte) if byte == quote => return Ok(()),
                (End::Blank | End::Quote(b'"'), b'\\') => word.push(escaped(bytes.next())?),
                (_, byte) => word.push(byte),
            }
        }
        match self {
            End::Blank => Ok(()),
            End::Quote(quote) => Err(SplitError::Unclosed(char::from(quote))),
        }
    }
}

fn escaped(byte: Option<u8>) -> Result<u8, SplitError> {
    byte.filter(|byte| *byte == b'\\' || *byte == b'"' || is_blank(*byte)).ok_or(SplitError::Backslash)
}

/// A blank in the sense of C's isspace.
#[must_use]
pub fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        let words = split(line.as_bytes()).unwrap();
        words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
    }

    #[test]
    fn blanks_separate_and_comments_end_the_line() {
        assert_eq!(words(" timeout=5\t deferred=yes\r\n"), ["timeout=5", "deferred=yes"]);
        assert_eq!(words("a # b"), ["a"]);
        assert_eq!(words("; b"), [""; 0]);
        assert_eq!(words("a#b c;d"), ["a#b", "c;d"]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn quotes_enclose_blanks() {
        assert_eq!(words(r#"'account name' USERNAME "a b""#), ["account name", "USERNAME", "a b"]);
        assert_eq!(words(r#""" ''"#), ["", ""]);
        assert_eq!(words(r#""it's" 'a "b"'"#), ["it's", r#"a "b""#]);
        // As OpenVPN has it: a quote opens only at the beginning of a word, and a word ends with its quote.
        assert_eq!(words(r#"a"b c" "d"e"#), [r#"a"b"#, r#"c""#, "d", "e"]);
    }

    #[test]
    fn a_backslash_takes_the_meaning_of_the_next_character() {
        assert_eq!(words(r"a\ b c\\d"), ["a b", r"c\d"]);
        assert_eq!(words(r#"\"a "b\"c""#), [r#""a"#, r#"b"c"#]);
        assert_eq!(words(r"'a\b\'"), [r"a\b\"]);
        assert_eq!(words(r"\ a"), ["a"]);
        for line in [r"a\b", r"\a", r"a\", r"\", r#""a\"#, r#""a\'""#] {
            assert_eq!(split(line.as_bytes()), Err(SplitError::Backslash), "{line}");
        }
    }

    #[test]
    fn an_open_quote_is_a_mistake() {
        assert_eq!(split(b"a \"b"), Err(SplitError::Unclosed('"')));
        assert_eq!(split(b"a 'b\""), Err(SplitError::Unclosed('\'')));
    }

    proptest! {
        #[test]
        fn words_in_quotes_are_read_as_they_are(list: Vec<Vec<u8>>) {
            let mut line = Vec::new();
            for word in &list {
                line.push(b'"');
                for byte in word {
                    if matches!(byte, b'"' | b'\\') {
                        line.push(b'\\');
                    }
                    line.push(*byte);
                }
                line.extend(b"\" ");
            }
            prop_assert_eq!(split(&line), Ok(list));
        }

        #[test]
        fn any_line_is_split_or_refused(line: Vec<u8>) {
            if let Ok(words) = split(&line) {
                prop_assert!(words.iter().map(Vec::len).sum::<usize>() <= line.len());
            }
        }
    }
}
