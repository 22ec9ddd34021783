//! The plugin's line in the configuration: `[KEY=VALUE]... COMMAND [ARG]...`.
//!
//! Options come before the command. A word is an option if nothing but small letters and dashes is left of its first
//! `=`, so that `/opt/a=b/down.sh` and `./x=y` are commands.

use std::time::Duration;

use crate::event::Event;

/// Everything the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// What is wrong with the line. Each names the word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// No command.
    NoCommand,
    /// There is no such option.
    UnknownOption(String),
    /// There is no such event.
    UnknownEvent(String),
    /// The option's value is none it can have.
    BadValue {
        /// The whole word.
        word: String,
        /// What it would have to be.
        expected: String,
    },
    /// The option stands there twice.
    Repeated(String),
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ConfigError::NoCommand => f.write_str(
                "the command is missing; write: plugin openvpn-plugin-down-root.so [OPTION=VALUE]... COMMAND [ARG]...",
            ),
            ConfigError::UnknownOption(word) => {
                write!(
                    f,
                    "unknown option '{word}'; known are {}; if it is the command, write './{word}'; to set a variable \
                     for the script, write a line of its own: setenv NAME VALUE",
                    OPTIONS.join(" ")
                )
            }
            ConfigError::UnknownEvent(word) => {
                let known: Vec<&str> = Event::OPTIONAL.into_iter().map(Event::name).collect();
                write!(f, "option '{word}': unknown event; known are {}", known.join(" "))
            }
            ConfigError::BadValue { word, expected } => write!(f, "option '{word}': {expected}"),
            ConfigError::Repeated(word) => write!(f, "option '{word}' is given twice"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Every option, as the manual page has it. A word that is none of these is refused.
const OPTIONS: [&str; 5] =
    ["ignore-failure=yes|no", "insecure-permissions=yes|no", "on=EVENT:PATH", "timeout=SECONDS", "up=PATH"];

/// One option, to notice a second one of its kind.
#[derive(PartialEq, Eq)]
enum Key {
    IgnoreFailure,
    InsecurePermissions,
    On(Event),
    Timeout,
    Up,
}

impl Config {
    /// Reads the words after the plugin's own path.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, ConfigError> {
        let mut words = words.into_iter().peekable();
        let mut config = Config {
            command: Vec::new(),
            args: Vec::new(),
            up: None,
            on: Vec::new(),
            time_limit: Some(Duration::from_secs(60)),
            ignore_failure: false,
            insecure_permissions: false,
        };
        let mut seen = Vec::new();
        while let Some((word, key, value)) = words.peek().and_then(|word| split_option(word)) {
            words.next();
            let key = config.option(word, key, value)?;
            if seen.contains(&key) {
                return Err(ConfigError::Repeated(shown(word)));
            }
            seen.push(key);
        }
        let command = words.next().filter(|word| !word.is_empty()).ok_or(ConfigError::NoCommand)?;
        config.command = command.to_vec();
        config.args = words.map(<[u8]>::to_vec).collect();
        Ok(config)
    }

    /// Words after the command that would be options before it: arguments of the command, and perhaps not meant to be.
    pub fn late_options(&self) -> impl Iterator<Item = String> {
        let known = |word: &&Vec<u8>| {
            split_option(&word.as_slice()).is_some_and(|(_, key, _)| {
                OPTIONS
                    .iter()
                    .any(|option| option.split('=').next().is_some_and(|name| name.as_bytes() == key))
            })
        };
        self.args.iter().filter(known).map(|word| shown(word))
    }

    fn option(&mut self, word: &[u8], key: &[u8], value: &[u8]) -> Result<Key, ConfigError> {
        if !OPTIONS.iter().any(|known| known.split('=').next().map(str::as_bytes) == Some(key)) {
            return Err(ConfigError::UnknownOption(shown(word)));
        }
        let bad = |expected: &str| ConfigError::BadValue { word: shown(word), expected: expected.into() };
        let yes_or_no = || match value {
            b"yes" => Ok(true),
            b"no" => Ok(false),
            _ => Err(bad("must be yes or no")),
        };
        match key {
            b"ignore-failure" => {
                self.ignore_failure = yes_or_no()?;
                Ok(Key::IgnoreFailure)
            }
            b"insecure-permissions" => {
                self.insecure_permissions = yes_or_no()?;
                Ok(Key::InsecurePermissions)
            }
            b"on" => {
                let mut parts = value.splitn(2, |byte| *byte == b':');
                let (event, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let event = Event::from_name(event).ok_or_else(|| ConfigError::UnknownEvent(shown(word)))?;
                if path.is_empty() {
                    return Err(bad("the path is missing; write on=EVENT:PATH"));
                }
                // A second one of the same event is refused by the caller, which knows the word.
                self.on.push((event, path.to_vec()));
                Ok(Key::On(event))
            }
            b"timeout" => {
                let seconds = number(value)
                    .filter(|seconds| *seconds <= 86_400)
                    .ok_or_else(|| bad("must be a number from 0 to 86400 seconds (0: no limit)"))?;
                self.time_limit = (seconds > 0).then(|| Duration::from_secs(seconds));
                Ok(Key::Timeout)
            }
            b"up" if value.is_empty() => Err(bad("the path is missing")),
            b"up" => {
                self.up = Some(value.to_vec());
                Ok(Key::Up)
            }
            _ => Err(ConfigError::UnknownOption(shown(word))),
        }
    }
}

/// The word with what is left and right of its first `=`, if it has the form of an option.
fn split_option<'a>(word: &&'a [u8]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
    let at = word.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (word.get(..at)?, word.get(at + 1..)?);
    key.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-').then_some((*word, key, value))
}

fn number(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
