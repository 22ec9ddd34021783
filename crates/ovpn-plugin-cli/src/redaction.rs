//! Secrets in what a plugin says: hidden wherever they stand, and what that tells. The command's own words are never
//! touched: a password may be an ordinary word.

use std::borrow::Cow;

use ovpn_plugin_host::base64;
use zeroize::Zeroizing;

/// What is shown instead.
const HIDDEN: &str = "[password]";
/// A shorter secret is only hidden where it stands alone: it is part of too many words.
const SHORTEST_INSIDE_WORDS: usize = 4;
/// What stands for this many characters of more than one kind stands nowhere by chance.
const BEYOND_DOUBT: usize = 8;

/// Around what comes from the plugin, in a line that has words of the command too.
const BEGIN: char = '\u{2}';
const END: char = '\u{3}';

/// Marks this part of a line as the plugin's.
pub(crate) fn from_plugin(text: &str) -> String {
    let text = text.replace(BEGIN, "\\x02").replace(END, "\\x03");
    format!("{BEGIN}{text}{END}")
}

/// A line without its marks, and with `change` made to what is the plugin's.
pub(crate) fn change_from_plugin(line: &str, mut change: impl FnMut(&str) -> String) -> String {
    let mut changed = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (inside, after) = after.split_once(END).unwrap_or((after, ""));
        changed += before;
        changed += &change(inside);
        rest = after;
    }
    changed + rest
}

/// Whether the plugin has shown a secret to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leak {
    #[default]
    None,
    /// The letters of the secret were there, which may be by chance.
    Possible,
    Certain,
}

struct Secret {
    text: Zeroizing<String>,
    beyond_doubt: bool,
}

/// The secrets to hide.
#[derive(Default)]
pub(crate) struct Redactor {
    secrets: Vec<Secret>,
    pub(crate) leak: Leak,
}

impl Redactor {
    /// From now on this is hidden, plain and in base64.
    pub(crate) fn add(&mut self, secret: &[u8]) {
        if secret.is_empty() {
            return;
        }
        let encoded = Zeroizing::new(base64::encode(secret));
        let beyond_doubt = encoded.trim_end_matches('=').len() >= BEYOND_DOUBT;
        self.secrets.push(Secret { text: encoded, beyond_doubt });
        if let Ok(text) = std::str::from_utf8(secret) {
            let beyond_doubt = text.len() >= BEYOND_DOUBT && has_two_kinds(text);
            self.secrets.push(Secret { text: Zeroizing::new(text.to_owned()), beyond_doubt });
        }
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.text.len()));
    }

    /// The plugin's text without secrets. `to_others`: it goes to the log or to the client, so that somebody learns it.
    pub(crate) fn hide(&mut self, text: &str, to_others: bool) -> String {
        let mut shown = Cow::Borrowed(text);
        for secret in &self.secrets {
            if let Some(without) = without(&shown, &secret.text) {
                shown = Cow::Owned(without);
                let found = if secret.beyond_doubt { Leak::Certain } else { Leak::Possible };
                if to_others {
                    self.leak = self.leak.max(found);
                }
            }
        }
        shown.into_owned()
    }
}

/// Letters and something else: no word of a language.
fn has_two_kinds(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && text.chars().any(|char| !char.is_alphabetic())
}

/// `text` with `secret` replaced; `None` if it is not in it.
fn without(text: &str, secret: &str) -> Option<String> {
    let mut shown = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(secret) {
        let (before, from) = rest.split_at(at);
        let (hit, after) = from.split_at(secret.len());
        shown.push_str(before);
        let joined = shown.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        if secret.len() < SHORTEST_INSIDE_WORDS && joined {
            shown.push_str(hit);
        } else {
            shown.push_str(HIDDEN);
            found = true;
        }
        rest = after;
    }
    shown.push_str(rest);
    found.then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.add(secret.as_bytes()));
        redactor
    }

    #[test]
    fn secrets_are_hidden_plain_and_in_base64() {
        let mut redactor = redactor(&["hunter2", "ab"]);
        let shown = redactor.hide("xhunter2y aHVudGVyMg== ab abc", true);
        assert_eq!(shown, "x[password]y [password] [password] abc");
    }

    #[test]
    fn only_what_stands_nowhere_by_chance_is_given_away_for_sure() {
        for (secret, text, leak) in [
            ("password", "prompt 'password:' answered", Leak::Possible),
            ("2", "2 of 2", Leak::Possible),
            ("longpassphrase", "longpassphrase", Leak::Possible),
            ("20260101", "20260101", Leak::Possible),
            ("secret99", "it is secret99.", Leak::Certain),
            ("password", "cGFzc3dvcmQ=", Leak::Certain),
            ("secret99", "nothing", Leak::None),
        ] {
            let mut redactor = redactor(&[secret]);
            redactor.hide(text, false);
            assert_eq!(redactor.leak, Leak::None, "{secret}: nobody else sees it");
            redactor.hide(text, true);
            assert_eq!(redactor.leak, leak, "{secret}: {text}");
        }
    }

    #[test]
    fn only_the_plugins_part_of_a_line_changes() {
        let line = format!("a password {} b {}", from_plugin("password"), from_plugin("x\u{2}y\u{3}"));
        let mut redactor = redactor(&["password"]);
        let changed = change_from_plugin(&line, |text| redactor.hide(text, true));
        assert_eq!(changed, "a password [password] b x\\x02y\\x03");
    }
}
