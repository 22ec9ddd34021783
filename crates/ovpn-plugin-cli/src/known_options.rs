//! Options of this project's plugins, as they declare them (`make generate`): what those of a plugin line mean.

mod by_name;

use std::path::Path;

use ovpn_plugin_host::LogLine;

use crate::causes::Cause;
use crate::doctor::{Kind, is_option, kind};

pub(crate) use by_name::{DeclaredOption, auth_pam, down_root};

const AUTH_PAM: &str = include_str!("known_options/auth-pam.tsv");
const DOWN_ROOT: &str = include_str!("known_options/down-root.tsv");

/// Those of one plugin.
pub(crate) struct KnownOptions(Vec<KnownOption>);

struct KnownOption {
    name: &'static str,
    form: &'static str,
    /// Empty: nothing.
    default: &'static str,
    meaning: &'static str,
}

impl KnownOptions {
    /// Those of the plugin in this file; none if it is another one's.
    pub(crate) fn of(file: &Path) -> Self {
        match kind(file) {
            Kind::AuthPam => Self::read(AUTH_PAM),
            Kind::DownRoot => Self::read(DOWN_ROOT),
            Kind::CAuthPam | Kind::CDownRoot | Kind::Other => Self(Vec::new()),
        }
    }

    fn read(table: &'static str) -> Self {
        let option = |line: &'static str| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap_or_default();
            KnownOption { name: next(), form: next(), default: next(), meaning: next() }
        };
        Self(table.lines().map(option).collect())
    }

    /// What each option of a plugin line means: they stand before all other words.
    pub(crate) fn meanings(&self, words: &[Vec<u8>]) -> Vec<String> {
        let given = words.iter().take_while(|word| is_option(word));
        let meaning = |word: &Vec<u8>| {
            let word = String::from_utf8_lossy(word);
            let KnownOption { default, meaning, .. } = self.named(word.split('=').next()?)?;
            let default = if default.is_empty() { String::new() } else { format!(" (default: {default})") };
            Some(format!("{word}: {meaning}{default}"))
        };
        given.filter_map(meaning).collect()
    }

    /// What is wrong if the plugin has refused the value of an option.
    pub(crate) fn refused<'a>(&self, log: impl Iterator<Item = &'a LogLine>) -> Vec<Cause> {
        let refused = |line: &LogLine| {
            let (_, rest) = line.text.split_once("option '")?;
            let (word, _) = rest.split_once("': ")?;
            let KnownOption { name, form, default, meaning } = self.named(word.split('=').next()?)?;
            let default =
                if default.is_empty() { String::new() } else { format!(": the default is {default}") };
            Some(Cause::new(
                format!("The option {name}={form} ({meaning}) does not take this value."),
                format!("Correct the value, or leave the option out{default}."),
            ))
        };
        log.filter_map(refused).collect()
    }

    fn named(&self, name: &str) -> Option<&KnownOption> {
        self.0.iter().find(|option| option.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine { flags: 1, name: String::new(), text: text.into() }
    }

    #[test]
    fn options_of_a_line_are_told_up_to_the_service() {
        let known = KnownOptions::read(AUTH_PAM);
        let words =
            ["session=yes", "colour=blue", "vpn", "deferred=yes"].map(|word| word.as_bytes().to_vec());
        let meanings = known.meanings(&words);
        assert_eq!(meanings.len(), 1, "{meanings:?}");
        assert!(meanings[0].starts_with("session=yes: whether PAM opens a session"), "{meanings:?}");
        assert!(meanings[0].ends_with(" (default: no)"), "{meanings:?}");
    }

    #[test]
    fn a_value_that_is_refused_is_explained_by_its_option() {
        let known = KnownOptions::read(DOWN_ROOT);
        let log = [
            line("/etc/x:3: option 'timeout=long': must be a number from 0 to 86400 seconds (0: no limit)"),
            line("unknown option 'time=1'; did you mean timeout=SECONDS?"),
            line("option 'timeout=2' is given twice"),
        ];
        let causes = known.refused(log.iter());
        assert_eq!(causes.len(), 1, "{causes:?}");
        assert!(causes[0].why.starts_with("The option timeout=SECONDS (limit for a script"), "{causes:?}");
        assert!(causes[0].todo.ends_with("the default is 60."), "{causes:?}");
    }
}
