//! What PAM modules say to the person who logs in, as one line of bounded length.

use ovpn_plugin::escape;

use crate::protocol::MAX_SAID;

/// Between two messages.
const SEPARATOR: &str = "; ";

/// The messages so far.
#[derive(Debug, Default)]
pub struct Said {
    line: String,
    /// Nothing more finds room.
    full: bool,
}

impl Said {
    /// One more message. Blanks stand for the ends of its lines; other control characters are escaped.
    pub fn add(&mut self, message: &[u8]) {
        let text = String::from_utf8_lossy(message);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        if words.is_empty() || self.full {
            return;
        }
        let start = if self.line.is_empty() { 0 } else { self.line.len() + SEPARATOR.len() };
        let mut line = if start == 0 { String::new() } else { format!("{}{SEPARATOR}", self.line) };
        // A backslash stays single: nobody reads these as escapes.
        let parts =
            words.join(" ").split('\\').map(|part| escape(part.as_bytes()).to_string()).collect::<Vec<_>>();
        line += &parts.join("\\");
        if line.len() > MAX_SAID {
            self.full = true;
            let end = (0..=MAX_SAID).rev().find(|at| line.is_char_boundary(*at)).unwrap_or_default();
            if end <= start {
                return;
            }
            line.truncate(end);
        }
        self.line = line;
    }

    /// All of them.
    pub fn into_line(self) -> Vec<u8> {
        self.line.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(messages: &[&str]) -> String {
        let mut said = Said::default();
        messages.iter().for_each(|message| said.add(message.as_bytes()));
        String::from_utf8(said.into_line()).unwrap()
    }

    #[test]
    fn messages_make_one_line() {
        assert_eq!(said(&[]), "");
        assert_eq!(said(&["  one\ttwo\r\nthree\n", "", "\n", "DOM\\four"]), "one two three; DOM\\four");
        assert_eq!(said(&["\x1b[2Jx\u{202e}y"]), "\\x1b[2Jx\\u{202e}y");
        let mut binary = Said::default();
        binary.add(b"a\xffb");
        assert_eq!(binary.into_line(), "a\u{fffd}b".as_bytes());
    }

    #[test]
    fn a_long_one_is_cut_between_two_characters() {
        assert_eq!(said(&[&"x".repeat(300), "y"]), "x".repeat(256));
        assert_eq!(said(&[&"\u{20ac}".repeat(100), "y"]), "\u{20ac}".repeat(85));
        assert_eq!(said(&[&"x".repeat(255), "y"]), "x".repeat(255));
        assert_eq!(
            said(&[&"x".repeat(250), "y".repeat(9).as_str(), "z"]),
            format!("{}; yyyy", "x".repeat(250))
        );
    }
}
