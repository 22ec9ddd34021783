//! One message, one line: escaped, bounded, on the stack.

use std::ffi::CStr;
use std::fmt::{self, Write};

use super::MAX_LINE_BYTES;
use crate::escape;

const CUT_MARK: &[u8] = b"...";

/// A message being formatted, without control characters and bounded.
pub(super) struct LineBuffer {
    bytes: [u8; MAX_LINE_BYTES + 1],
    used: usize,
    cut: bool,
}

impl LineBuffer {
    pub(super) fn new() -> Self {
        Self { bytes: [0; MAX_LINE_BYTES + 1], used: 0, cut: false }
    }

    /// The line as C has it.
    pub(super) fn finish(&mut self) -> &CStr {
        if self.cut {
            // Make room for the mark without splitting a character.
            while self.used > MAX_LINE_BYTES - CUT_MARK.len() || !self.ends_at_character() {
                self.used -= 1;
            }
            self.append(CUT_MARK);
        }
        if let Some(end) = self.bytes.get_mut(self.used) {
            *end = 0;
        }
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }

    fn ends_at_character(&self) -> bool {
        self.bytes.get(..self.used).is_none_or(|text| std::str::from_utf8(text).is_ok())
    }

    /// Appends what fits; whether all did.
    fn append(&mut self, text: &[u8]) -> bool {
        let end = MAX_LINE_BYTES.min(self.used + text.len());
        let fitting = end - self.used;
        if let (Some(to), Some(from)) = (self.bytes.get_mut(self.used..end), text.get(..fitting)) {
            to.copy_from_slice(from);
        }
        self.used = end;
        fitting == text.len()
    }
}

/// The sink below the escaping: takes bytes until the line is full.
struct Raw<'a>(&'a mut LineBuffer);

impl Write for Raw<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.append(text.as_bytes()) {
            Ok(())
        } else {
            self.0.cut = true;
            Err(fmt::Error)
        }
    }
}

impl Write for LineBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape::write_text(&mut Raw(self), text, false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(message: &str) -> String {
        let mut line = LineBuffer::new();
        let _ = write!(line, "{message}");
        line.finish().to_str().unwrap().to_owned()
    }

    #[test]
    fn one_message_is_one_line() {
        assert_eq!(line("a\nb\0c\\n \u{2028}"), r"a\nb\x00c\n \u{2028}");
        assert_eq!(line(""), "");
    }

    #[test]
    fn long_messages_are_cut_and_marked() {
        assert_eq!(line(&"x".repeat(1024)), "x".repeat(1024));
        assert_eq!(line(&"x".repeat(1025)), format!("{}...", "x".repeat(1021)));
        let cut = line(&"ü".repeat(600));
        assert_eq!(cut, format!("{}...", "ü".repeat(510)));
    }

    proptest! {
        #[test]
        fn lines_are_bounded_and_clean(message in "\\PC{0,700}|.{0,1400}|[\u{0}-\u{20}]{0,900}") {
            let line = line(&message);
            prop_assert!(line.len() <= MAX_LINE_BYTES);
            prop_assert!(!line.chars().any(escape::is_unprintable));
        }
    }
}
