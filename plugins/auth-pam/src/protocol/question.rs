//! A question of a PAM module on its way to the person at the client (dynamic challenge), and the id by which the answer
//! finds back to the transaction that waits for it.

use std::fmt;
use std::hint::black_box;

use privsep::wire::Bytes;

/// Longest text of a question, in bytes. OpenVPN sends so much, with id and username before it.
pub const MAX_QUESTION: usize = 1000;
/// The most questions of one transaction: a module that asks for ever ends at that.
pub const MAX_QUESTIONS: usize = 16;
/// A question of which less than this is left is not worth asking.
const LEAST_ROOM: usize = 64;
/// Digits of an id.
const DIGITS: usize = 32;

privsep::wire! {
    /// A client that knows it may answer, once: 128 random bits.
    #[derive(Clone, Copy)]
    pub struct QuestionId {
        /// The bits.
        bits: [u8; DIGITS / 2],
    }
}

impl QuestionId {
    /// Of these bytes, which must be random.
    pub fn from_bytes(bytes: [u8; DIGITS / 2]) -> Self {
        QuestionId { bits: bytes }
    }

    /// The other way round.
    pub fn bytes(&self) -> &[u8; DIGITS / 2] {
        &self.bits
    }

    /// As [`fmt::Display`] writes it; nothing else is one.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let digits: &[u8; DIGITS] = text.try_into().ok()?;
        let mut bytes = [0; DIGITS / 2];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self::from_bytes(bytes))
    }
}

/// In constant time: how long it takes must not tell how much of a guess was right.
impl PartialEq for QuestionId {
    fn eq(&self, other: &Self) -> bool {
        let differing =
            self.bits.iter().zip(&other.bits).fold(0, |all, (one, other)| black_box(all | (one ^ other)));
        differing == 0
    }
}

impl Eq for QuestionId {}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Shows nothing of the id: a person who can read it can answer.
impl fmt::Debug for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuestionId")
    }
}

privsep::wire! {
    /// What the client is asked.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Question {
        /// What its answer begins with.
        pub id: QuestionId,
        /// The answer is shown while it is typed.
        pub echo: bool,
        /// It holds the address of a web page, which the person is to open; what is typed does not matter.
        pub page: bool,
        /// The answer may be a new password: it must not come in a way in which OpenVPN logs it, which is any but a dynamic
        /// challenge.
        pub private: bool,
        /// One line.
        pub text: Vec<u8> as Bytes<MAX_QUESTION>,
    }
}

/// The first address of a web page (https) in a text; nothing in it ends a word or a line.
pub fn address(text: &[u8]) -> Option<&str> {
    const SCHEME: &[u8] = b"https://";
    let start = text.windows(SCHEME.len()).position(|window| window.eq_ignore_ascii_case(SCHEME))?;
    let rest = &text[start..];
    let part = |byte: &u8| byte.is_ascii_graphic() && !b"<>\"'`\\^{|}".contains(byte);
    let end = rest.iter().position(|byte| !part(byte)).unwrap_or(rest.len());
    let address =
        std::str::from_utf8(&rest[..end]).ok()?.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
    (address.len() > SCHEME.len()).then_some(address)
}

/// Whether a prompt only wants to know that the person has done something, such as "Press Enter when done".
pub fn wants_enter(prompt: &[u8]) -> bool {
    let words = || prompt.split(|byte| !byte.is_ascii_alphanumeric());
    let any = |wanted: &[&str]| {
        words().any(|word| wanted.iter().any(|it| word.eq_ignore_ascii_case(it.as_bytes())))
    };
    any(&["press", "hit", "tap"]) && any(&["enter", "return", "key"])
}

/// How long the text of a question to this user may be; nothing if there is no room for one.
pub fn room(username: &[u8]) -> Option<usize> {
    let base64 = username.len().div_ceil(3) * 4;
    let around = "CRV1:R,E:".len() + DIGITS + ":".len() + base64 + ":".len();
    MAX_QUESTION.checked_sub(around).filter(|room| *room >= LEAST_ROOM)
}

/// The text of a question: what modules have said since the last one, then the prompt, in one line of at most `room`
/// bytes. If it gets too long, the messages are cut first: without the prompt nobody knows what to type.
pub fn text(messages: &[Vec<u8>], prompt: &[u8], room: usize) -> String {
    let mut prompt = one_line(prompt);
    cut(&mut prompt, room);
    let messages: Vec<String> =
        messages.iter().map(|message| one_line(message)).filter(|message| !message.is_empty()).collect();
    let mut text = messages.join(" ");
    cut(&mut text, room.saturating_sub(prompt.len() + 1));
    if !text.is_empty() && !prompt.is_empty() {
        text.push(' ');
    }
    text + &prompt
}

/// Without control characters, and without blanks around it.
fn one_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn cut(text: &mut String, most: usize) {
    let end = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.truncate(end);
    text.truncate(text.trim_end().len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(byte: u8) -> QuestionId {
        QuestionId::from_bytes([byte; 16])
    }

    #[test]
    fn an_id_is_32_small_hexadecimal_digits_and_nothing_else() {
        let text = "0123456789abcdef0123456789abcdef";
        assert_eq!(QuestionId::parse(text.as_bytes()).map(|id| id.to_string()).as_deref(), Some(text));
        for other in [
            "",
            "0",
            &text[1..],
            &text.to_uppercase(),
            &format!("{text}0"),
            &text.replace('0', "g"),
            &text.replace('0', "\u{e9}"),
        ] {
            assert_eq!(QuestionId::parse(other.as_bytes()), None, "{other}");
        }
        assert_eq!(format!("{:?}", id(7)), "QuestionId");
        let mut other = [7; 16];
        other[15] = 6;
        assert!(id(7) == id(7) && id(7) != QuestionId::from_bytes(other));
    }

    #[test]
    fn messages_stand_before_the_prompt() {
        let messages =
            [b"A code was sent to *42.\n".to_vec(), b"\t".to_vec(), b"It is good\r\nfor 5 minutes.".to_vec()];
        let all = text(&messages, b"Code: ", 500);
        assert_eq!(all, "A code was sent to *42. It is good for 5 minutes. Code:");
        assert_eq!(text(&[], b"Code\x1b[31m: ", 500), "Code [31m:");
        assert_eq!(text(&messages[..1], b"", 500), "A code was sent to *42.");
        assert_eq!(text(&[], b"", 500), "");
        assert_eq!(text(&[b"m".to_vec()], &[b'p'; 64], 64), "p".repeat(64));
        assert_eq!(text(&[b"mm".to_vec()], &[b'p'; 62], 64), format!("m {}", "p".repeat(62)));
        // Nor is there a blank where it was cut.
        assert_eq!(text(&[b"m mm".to_vec()], &[b'p'; 61], 64), format!("m {}", "p".repeat(61)));
        assert_eq!(text(&[], b"a b", 2), "a");
    }

    #[test]
    fn an_address_is_found_and_nothing_around_it() {
        for (text, found) in [
            (
                "Open https://example.com/device?code=AB-12 and press Enter",
                "https://example.com/device?code=AB-12",
            ),
            ("(see https://example.com/a).", "https://example.com/a"),
            ("<https://example.com>", "https://example.com"),
            ("HTTPS://EXAMPLE.COM/x\nhttps://example.org", "HTTPS://EXAMPLE.COM/x"),
            ("https://example.com/\u{e9}", "https://example.com/"),
        ] {
            assert_eq!(address(text.as_bytes()), Some(found), "{text}");
        }
        for text in ["", "http://example.com", "https://", "https:// x", "https://...", "example.com"] {
            assert_eq!(address(text.as_bytes()), None, "{text}");
        }
        assert_eq!(address(b"\xff https://example.com/\xff"), Some("https://example.com/"));
    }

    #[test]
    fn a_prompt_that_only_wants_a_key_is_known() {
        for prompt in ["Press Enter when done: ", "then hit RETURN.", "(press any key)"] {
            assert!(wants_enter(prompt.as_bytes()), "{prompt}");
        }
        for prompt in ["Enter code: ", "Key: ", "Press release: ", "compress enterprise", ""] {
            assert!(!wants_enter(prompt.as_bytes()), "{prompt}");
        }
    }

    #[test]
    fn a_username_that_leaves_no_room_is_not_asked() {
        assert_eq!(room(b"alice"), Some(1000 - 43 - 8));
        assert!(
            room(&[b'u'; 660]).is_some() && room(&[b'u'; 700]).is_none() && room(&[b'u'; 4096]).is_none()
        );
    }

    proptest! {
        #[test]
        fn any_text_is_one_line_that_fits(messages in prop::collection::vec(any::<Vec<u8>>(), 0..5), prompt: Vec<u8>, room in 64usize..1000) {
            let text = text(&messages, &prompt, room);
            prop_assert!(text.len() <= room && !text.chars().any(char::is_control));
        }
    }
}
