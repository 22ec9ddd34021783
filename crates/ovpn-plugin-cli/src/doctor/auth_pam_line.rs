//! The words of an auth-pam line, as far as other lines of a set-up have to fit them. Whether the words themselves are
//! good is for the plugin to say, which the doctor opens.

use plugin_options::{OPTIONS_FILE, word_split};

use crate::known_options::{DeclaredOption, auth_pam};

/// What stands for a one-time code or the answer to a question in a pair's value.
const CODES: [&str; 2] = ["OTP", "ASK"];

/// What the words say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuthPamLine {
    /// Those before the service, and those of the options file.
    options: Vec<(String, String)>,
    pub(crate) service: Option<String>,
    /// There are pairs of a prompt and its answer.
    pub(crate) has_pairs: bool,
    /// One of them is answered with a code or by the client.
    pub(crate) gives_codes: bool,
}

impl AuthPamLine {
    /// Reads the words that OpenVPN passes. `takes_options`: it is not the C plugin. `read` reads the options file.
    pub(crate) fn new(
        line: &[Vec<u8>],
        takes_options: bool,
        read: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) -> Self {
        let mut words = Self::default();
        let count =
            if takes_options { line.iter().take_while(|word| word.contains(&b'=')).count() } else { 0 };
        let (options, rest) = line.split_at(count);
        options.iter().for_each(|option| words.take(option));
        words.rest(rest);
        let file = words.option(const { auth_pam(OPTIONS_FILE) }).map(str::to_owned);
        let Some(content) = file.filter(|_| takes_options).and_then(|file| read(&file)) else { return words };
        for line in content.split(|byte| *byte == b'\n').filter_map(|line| word_split::split(line).ok()) {
            match &line[..] {
                [] => {}
                [option] if option.contains(&b'=') => words.take(option),
                [_service] if words.service.is_none() => words.rest(&line),
                [_another] => {}
                [_, ..] if line.len() % 2 == 0 => words.pairs(&line),
                _ => words.rest(&line),
            }
        }
        words
    }

    /// The first one counts: that of the line goes before that of the file.
    pub(crate) fn option(&self, option: DeclaredOption) -> Option<&str> {
        self.options.iter().find(|(name, _)| name == option.name()).map(|(_, value)| value.as_str())
    }

    /// Whether prompts are put to the client.
    pub(crate) fn asks(&self) -> bool {
        let challenge = const { auth_pam("challenge") };
        self.option(challenge).is_some_and(|value| value != challenge.default())
    }

    fn take(&mut self, word: &[u8]) {
        let word = String::from_utf8_lossy(word);
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        self.options.push((name.to_owned(), value.to_owned()));
    }

    fn rest(&mut self, words: &[Vec<u8>]) {
        let Some((service, pairs)) = words.split_first() else { return };
        if self.service.is_none() {
            let name = String::from_utf8_lossy(service);
            // PAM takes the last part of a path.
            self.service = Some(name.rsplit('/').next().unwrap_or_default().to_owned());
        }
        self.pairs(pairs);
    }

    fn pairs(&mut self, words: &[Vec<u8>]) {
        self.has_pairs |= words.len() > 1;
        let values = words.iter().skip(1).step_by(2);
        self.gives_codes |= values
            .map(|value| String::from_utf8_lossy(value))
            .any(|value| CODES.iter().any(|code| value.contains(code)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFERRED: DeclaredOption = auth_pam("deferred");

    fn words(line: &str, ours: bool, file: Option<&str>) -> AuthPamLine {
        let line = word_split::split(line.as_bytes()).expect("words");
        AuthPamLine::new(&line, ours, |_| file.map(|text| text.as_bytes().to_vec()))
    }

    #[test]
    fn options_service_and_pairs_are_told_apart() {
        let found = words("deferred=yes timeout=5 /etc/pam.d/vpn login USERNAME code OTP", true, None);
        assert_eq!(found.service.as_deref(), Some("vpn"));
        assert_eq!((found.option(DEFERRED), found.option(auth_pam("grace"))), (Some("yes"), None));
        assert!(found.has_pairs && found.gives_codes && !found.asks());
        assert_eq!(words("deferred=yes vpn", false, None).service.as_deref(), Some("deferred=yes"));
        assert_eq!(words("deferred=yes", true, None).service, None);
        assert!(words("challenge=yes vpn", true, None).asks());
    }

    #[test]
    fn an_options_file_comes_after_the_line() {
        let file = "# who\ntimeout=5\ndeferred=yes\nvpn\nlogin USERNAME\n'your code' ASK\n";
        let found = words("options=/x timeout=9", true, Some(file));
        assert_eq!((found.option(auth_pam("timeout")), found.option(DEFERRED)), (Some("9"), Some("yes")));
        assert_eq!(found.service.as_deref(), Some("vpn"));
        assert!(found.gives_codes);
        assert_eq!(words("options=/x", true, None).service, None);
    }
}
