//! One line of a file: taken apart as OpenVPN does, checked, and put together again for a client.

use std::path::{Path, PathBuf};

use lines::clients;
use ovpn_plugin::ClientConfig;
use plugin_options::word_split;

use super::braces::{self, Values};
use super::client_option_table;
use super::mistake::Mistake;

/// An option with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    path: PathBuf,
    number: usize,
    words: Vec<String>,
}

impl Line {
    /// Reads a line; nothing if it holds no option.
    pub fn read(
        path: &Path,
        number: usize,
        text: &[u8],
        version: Option<u32>,
    ) -> Result<Option<Self>, Mistake> {
        let wrong = |what: String| Mistake::Line { path: path.to_path_buf(), number, what };
        let split = word_split::split(text).map_err(|error| wrong(error.to_string()))?;
        if split.is_empty() {
            return Ok(None);
        }
        if let Some(fault) = client_option_table::fault(&split, version) {
            return Err(wrong(fault));
        }
        let read = |word: Vec<u8>| {
            let word = String::from_utf8(word).map_err(|_| wrong(clients::not_utf8().to_string()))?;
            if word.chars().any(char::is_control) {
                return Err(wrong(clients::control_character().to_string()));
            }
            braces::check(&word).map_err(wrong)?;
            Ok(word)
        };
        let words = split.into_iter().map(read).collect::<Result<_, _>>()?;
        let line = Line { path: path.to_path_buf(), number, words };
        line.bounded(line.text(&line.words)).map(|_| Some(line))
    }

    /// The line for a client.
    pub fn for_client(&self, values: &Values) -> Result<String, Mistake> {
        let fill = |word: &String| braces::fill(word, values).map_err(|what| self.wrong(what));
        let words: Vec<String> = self.words.iter().map(fill).collect::<Result<_, _>>()?;
        self.bounded(self.text(&words))
    }

    fn text(&self, words: &[String]) -> String {
        words.iter().map(|word| openvpn_word(word)).collect::<Vec<_>>().join(" ")
    }

    fn bounded(&self, text: String) -> Result<String, Mistake> {
        if text.len() > ClientConfig::MAX_LINE_BYTES {
            let (has, most) = (text.len(), ClientConfig::MAX_LINE_BYTES);
            return Err(self.wrong(clients::line_too_long(has, most).to_string()));
        }
        Ok(text)
    }

    fn wrong(&self, what: String) -> Mistake {
        Mistake::Line { path: self.path.clone(), number: self.number, what }
    }
}

/// The word as OpenVPN reads it again.
pub fn openvpn_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/@+=%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_string();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Option<Line>, Mistake> {
        Line::read(Path::new("/d/default"), 7, text.as_bytes(), None)
    }

    fn for_client(text: &str) -> Result<String, String> {
        let values = Values { username: "alice".into(), ..Values::default() };
        read(text).unwrap().unwrap().for_client(&values).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn comments_and_blanks_are_no_options() {
        for text in ["", "  \r", "# push", "; {NOTHING}"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
        assert_eq!(for_client("iroute 10.1.0.0 # {NOTHING}"), Ok("iroute 10.1.0.0".into()));
    }

    #[test]
    fn a_line_is_what_openvpn_would_have_read() {
        let expected = r#"push "setenv-safe NAME \"alice\"""#;
        assert_eq!(for_client(r#"push 'setenv-safe NAME "{USERNAME}"'"#).unwrap(), expected);
        assert_eq!(for_client(r"echo a\\b").unwrap(), r#"echo "a\\b""#);
    }

    #[test]
    fn mistakes_name_file_and_line() {
        for (text, what) in [
            ("route 10.0.0.0", "/d/default:7: 'route' is not an option for a single client"),
            ("push \"x", "/d/default:7: the closing quote"),
            ("echo {WHO}", "/d/default:7: unknown '{WHO}'; known are {USERNAME}"),
            ("echo \u{7}", "/d/default:7: it contains a control character"),
            (
                &format!("echo {}", "x".repeat(250)),
                "/d/default:7: it has 255 bytes; OpenVPN takes at most 254",
            ),
        ] {
            let mistake = read(text).unwrap_err().to_string();
            assert!(mistake.starts_with(what), "{mistake}");
        }
        assert!(read("echo \u{e9}").is_ok() && Line::read(Path::new("/d"), 1, b"echo \xff", None).is_err());
    }

    /// A value that makes the line too long is found for the client.
    #[test]
    fn a_line_that_gets_too_long_refuses_the_client() {
        let text = format!("echo {}{{USERNAME}}", "x".repeat(237));
        assert_eq!(for_client(&text).map(|line| line.len()), Ok(247));
        let values = Values { username: "a".repeat(20), ..Values::default() };
        assert!(read(&text).unwrap().unwrap().for_client(&values).is_err());
    }

    proptest! {
        #[test]
        fn words_survive(list in prop::collection::vec("[^\\p{C}{}]*", 1..8)) {
            let line = list.iter().map(|word| openvpn_word(word)).collect::<Vec<_>>().join(" ");
            let again = word_split::split(line.as_bytes()).unwrap();
            prop_assert_eq!(again, list.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }
    }
}
