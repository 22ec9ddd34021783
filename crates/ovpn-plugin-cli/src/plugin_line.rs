//! The words of a `plugin` line as OpenVPN passes them on.

use auth_pam_lines::startup;
use log_lines::Declared;
use plugin_options::word_split::{SplitError, split};

/// How many words OpenVPN passes, written singly or quoted together; it drops the rest silently.
const MOST_SINGLE: usize = 14;
const MOST_QUOTED: usize = 16;

/// What an administrator reads about that.
pub(crate) const MOST_WORDS: &str = "It passes at most 14 words after the plugin's path (16 in one pair of quotes), and logs nothing about the rest.";
/// What auth-pam logs when a line is as long as that, with what to do.
pub(crate) static TOO_MANY: &Declared = startup::LINES.line("line_is_full");

/// The words a plugin gets, and how many OpenVPN drops.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PassedWords {
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) dropped: usize,
}

/// Takes the words of the command line as those of a `plugin` line: a single one is split once more.
pub(crate) fn as_openvpn(words: Vec<Vec<u8>>) -> Result<PassedWords, SplitError> {
    let (mut words, most) = match words.as_slice() {
        [single] => (split(single)?, MOST_QUOTED),
        _ => (words, MOST_SINGLE),
    };
    let dropped = words.len().saturating_sub(most);
    words.truncate(most);
    Ok(PassedWords { words, dropped })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(words: &[&str]) -> Vec<String> {
        let words = as_openvpn(words.iter().map(|word| word.as_bytes().to_vec()).collect()).unwrap();
        words.words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
    }

    #[test]
    fn a_single_word_is_split() {
        assert_eq!(passed(&["login"]), ["login"]);
        assert_eq!(
            passed(&["vpn \"account name\" USERNAME 'a b' c\\ d # x"]),
            ["vpn", "account name", "USERNAME", "a b", "c d"]
        );
        assert_eq!(passed(&["a b", "c"]), ["a b", "c"]);
        assert_eq!(passed(&[]), [""; 0]);
        assert!(as_openvpn(vec![b"a \"b".to_vec()]).is_err());
        assert!(as_openvpn(vec![b"a\\".to_vec()]).is_err());
    }

    #[test]
    fn too_many_are_dropped() {
        assert!(MOST_WORDS.contains(&format!("{MOST_SINGLE} words")));
        assert!(MOST_WORDS.contains(&format!("({MOST_QUOTED} in")));
        let single = as_openvpn(vec![b"w".to_vec(); 15]).unwrap();
        assert_eq!((single.words.len(), single.dropped), (14, 1));
        let quoted = as_openvpn(vec!["w ".repeat(17).into_bytes()]).unwrap();
        assert_eq!((quoted.words.len(), quoted.dropped), (16, 1));
    }
}
