//! What PAM modules say to the person who logs in, as one line of bounded length. It goes to the log if the login fails, so
//! what was typed is not in it.

use ovpn_plugin::escape;
use secret::Secret;

use crate::protocol::MAX_SAID;

/// Between two messages.
const SEPARATOR: &str = "; ";
/// Stands for a message that repeats what was typed.
const WITHHELD: &[u8] = b"(a message that holds what was typed)";
/// A shorter secret only counts where it stands alone: it is part of too many words.
const SHORTEST_INSIDE_WORDS: usize = 4;

/// The messages so far.
#[derive(Debug, Default)]
pub struct Messages {
    line: String,
    /// Nothing more finds room.
    full: bool,
}

impl Messages {
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

/// The message, unless one of the secrets is in it.
pub fn without_secrets<'a, 'b>(message: &'a [u8], mut secrets: impl Iterator<Item = &'b Secret>) -> &'a [u8] {
    if secrets.any(|secret| holds(message, secret.expose())) { WITHHELD } else { message }
}

fn holds(message: &[u8], secret: &[u8]) -> bool {
    if secret.is_empty() {
        return false;
    }
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    message.windows(secret.len()).enumerate().filter(|(_, found)| *found == secret).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| message.get(before));
        let alone = !is_word(before) && !is_word(message.get(at + secret.len()));
        alone || secret.len() >= SHORTEST_INSIDE_WORDS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(messages: &[&str]) -> String {
        let mut said = Messages::default();
        messages.iter().for_each(|message| said.add(message.as_bytes()));
        String::from_utf8(said.into_line()).unwrap()
    }

    #[test]
    fn messages_make_one_line() {
        assert_eq!(said(&[]), "");
        assert_eq!(said(&["  one\ttwo\r\nthree\n", "", "\n", "DOM\\four"]), "one two three; DOM\\four");
        assert_eq!(said(&["\x1b[2Jx\u{202e}y"]), "\\x1b[2Jx\\u{202e}y");
        let mut binary = Messages::default();
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

    #[test]
    fn what_was_typed_is_not_repeated() {
        let left = |message: &'static [u8], secrets: &[&[u8]]| {
            let secrets: Vec<_> = secrets.iter().map(|secret| Secret::copy_of(secret)).collect();
            without_secrets(message, secrets.iter())
        };
        assert_eq!(left(b"got 'hunter2'", &[b"x", b"hunter2"]), WITHHELD);
        assert_eq!(left(b"gothunter2.", &[b"hunter2"]), WITHHELD);
        assert_eq!(left(b"got 77", &[b"77"]), WITHHELD);
        assert_eq!(left("got \u{e9}".as_bytes(), &["\u{e9}".as_bytes()]), WITHHELD);
        // Nobody reads a short one out of a longer word, and nothing is in everything.
        assert_eq!(left(b"in 777 s", &[b"77", b""]), b"in 777 s");
    }
}
