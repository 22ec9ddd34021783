//! The plugin's line in the configuration: `[KEY=VALUE]... COMMAND [ARG]...`, and the file that `options=FILE` names
//! there.
//!
//! Options come before the command. A word is an option if nothing but small letters and dashes is left of its first
//! `=`, so that `/opt/a=b/down.sh` and `./x=y` are commands.

mod error;
mod options;

use std::time::Duration;

use log_lines::UnloggedLine;
use plugin_options::file::{self, FileError, OptionsFile};
use plugin_options::{Grammar, Remainder, Word};

use crate::event::Event;
pub use error::ConfigError;
use options::ENTRIES;

/// Everything the line says. [`Config::parse`] begins with what the options declare as their defaults; without these a
/// `Config` is none yet.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Config {
    /// The down script, as written.
    pub command: Vec<u8>,
    /// Its arguments.
    pub args: Vec<Vec<u8>>,
    /// `up=PATH`.
    pub up: Option<Vec<u8>>,
    /// `on=EVENT:PATH`.
    pub on: Vec<(Event, Vec<u8>)>,
    /// `timeout=SECONDS`; `None` for 0: no limit.
    pub time_limit: Option<Duration>,
    /// `ignore-failure=yes`.
    pub ignore_failure: bool,
    /// `insecure-permissions=yes`.
    pub insecure_permissions: bool,
    /// What the administrator should know or change.
    pub warnings: Vec<UnloggedLine>,
}

/// How the line and the file are read.
const GRAMMAR: Grammar<Config> = Grammar { options: &ENTRIES, is_option };

impl Config {
    /// Reads the words after the plugin's own path, and the file they may name.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, ConfigError> {
        Self::parse_with(words, file::read)
    }

    /// The same with the file's content from elsewhere.
    pub fn parse_with<'a>(
        words: impl IntoIterator<Item = &'a [u8]>,
        open: impl FnOnce(&[u8]) -> Result<OptionsFile, FileError>,
    ) -> Result<Self, ConfigError> {
        let mut config = Config::default();
        let mut rest = GRAMMAR.read_with(words, &mut config, open)?;
        config.warnings = std::mem::take(&mut rest.by_roots_group);
        config.warnings.extend(unused_command(&rest));
        let mut words = command(rest)?.into_iter().map(|word| word.text);
        let command = words.next().filter(|word| !word.is_empty());
        config.command = command.ok_or(ConfigError::NoCommand)?;
        config.args = words.collect();
        Ok(config)
    }

    /// Words after the command that would be options before it: arguments of the command, and perhaps not meant to be.
    pub fn late_options(&self) -> Vec<String> {
        GRAMMAR.late_options(self.args.iter().map(|arg| &arg[..]))
    }
}

/// What to say if the file has another command than the line, which goes before it.
fn unused_command(rest: &Remainder) -> Option<UnloggedLine> {
    let (used, unused) = (rest.line.first()?, rest.file.first()?.first()?);
    let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    (texts(&rest.line) != texts(rest.file.first()?)).then(|| {
        let [used, in_file] = [used, unused].map(|word| String::from_utf8_lossy(&word.text));
        lines::startup::command_not_used(&unused.place, &in_file, &used).unlogged()
    })
}

/// The command with its arguments: that of the line, else the one of the file.
fn command(rest: Remainder) -> Result<Vec<Word>, ConfigError> {
    let mut in_file = rest.file.into_iter();
    let first = in_file.next().unwrap_or_default();
    match in_file.next().and_then(|words| words.into_iter().next()) {
        Some(word) => Err(ConfigError::SecondCommand(word)),
        None if rest.line.is_empty() => Ok(first),
        None => Ok(rest.line),
    }
}

/// Whether nothing but small letters and dashes is left of the first `=`.
fn is_option(word: &[u8]) -> bool {
    let end = word.iter().position(|byte| !byte.is_ascii_lowercase() && *byte != b'-');
    end.is_some_and(|end| word.get(end) == Some(&b'='))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "config/generated_tests.rs"]
mod generated;
