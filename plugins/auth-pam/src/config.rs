//! The plugin's line in the configuration: `[KEY=VALUE]... SERVICE [NAME VALUE]...`, and the file that `options=FILE`
//! names there.
//!
//! Options come before the service name: no service name holds a `=`.

mod error;
mod name_rule;
mod options;
mod values;

use std::ffi::CString;
use std::path::PathBuf;
use std::time::Duration;

use log_lines::UnloggedLine;
use plugin_options::file::{self, FileError, OptionsFile};
use plugin_options::{Grammar, Place, Remainder, Word};

use crate::metrics::file::MetricsFile;
use crate::supervisor::audit::Facility;
use crate::supervisor::source::Prefixes;
use crate::worker::prompts::{MAX_PAIRS, Pair, Prompts};
pub use error::ConfigError;
pub use name_rule::NameRule;
use options::ENTRIES;
pub use values::{Advance, Reasons, RequireCn, Timeout};

/// From the arrival of an attempt to its question. The slowest hash of a password in use takes a part of that.
pub const QUESTION_TIME: Duration = Duration::from_millis(250);

/// Everything the line says. [`Config::parse`] begins with what the options declare as their defaults; without these a
/// `Config` is none yet.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Config {
    /// PAM service.
    pub service: CString,
    /// How prompts are answered.
    pub prompts: Prompts,
    /// `max-workers=N`; `None`: by the limits of the machine.
    pub max_workers: Option<usize>,
    /// `max-pending=N`.
    pub max_pending: usize,
    /// `certificate-login=GROUP`: members of it need no password if they show a certificate with their name.
    pub certificate_login: Option<String>,
    /// `challenge=yes`: a prompt without an answer is a question.
    pub challenge: bool,
    /// `change-expired=yes`: a user with the right password chooses a new one if it has expired.
    pub change_expired: bool,
    /// `challenge=TEXT`: the same, and clients that can be asked while their login is pending are asked this at once.
    pub challenge_text: Option<String>,
    /// `open-urls=yes`: addresses of web pages are questions.
    pub open_urls: bool,
    /// `question-wait=MS`.
    pub question_wait: Duration,
    /// `challenge-timeout=SECONDS`: how long a question waits for its answer.
    pub challenge_timeout: Duration,
    /// `max-suspended=N`; `None`: by the limits of the machine.
    pub max_suspended: Option<usize>,
    /// `metrics=FILE`.
    pub metrics: Option<MetricsFile>,
    /// `session=yes`: a client has a session of PAM's as long as it is connected.
    pub session: bool,
    /// `max-sessions=N`; `None`: by the limits of the machine.
    pub max_sessions: Option<usize>,
    /// `max-sessions-per-user=N`; `None`: there is no such bound.
    pub max_sessions_per_user: Option<usize>,
    /// `client-options=DIR`, absolute: what clients get by their users and groups.
    pub client_options: Option<PathBuf>,
    /// `username=...`: what is done to the name before PAM is asked.
    pub name_rule: NameRule,
    /// `override-username=yes`: the name that PAM has let in is the client's.
    pub override_username: bool,
    /// `penalties=yes|no`.
    pub penalties: bool,
    /// `ipv4-prefix=N` and `ipv6-prefix=N`: what one source is.
    pub prefixes: Prefixes,
    /// `reasons=none|safe|all`; `None`: nobody has said.
    pub reasons: Option<Reasons>,
    /// `refusal-time=MS`: deferred refusals are not delivered sooner.
    pub refusal_time: Duration,
    /// `timeout=SECONDS`.
    pub timeout: Timeout,
    /// `pam-confdir=DIR`.
    pub confdir: Option<CString>,
    /// `status=PATH`, absolute: the socket at which root asks how things stand.
    pub status: Option<PathBuf>,
    /// `syslog=FACILITY`.
    pub syslog: Option<Facility>,
    /// `grace=MS`.
    pub grace: Duration,
    /// `deferred=yes|no`; `None`: `setenv deferred_auth_pam` decides.
    pub deferred: Option<bool>,
    /// `advance=no|addr|remote`.
    pub advance: Advance,
    /// `allow-user-mapping=yes`.
    pub allow_user_mapping: bool,
    /// `require-cn=no|yes|nocase`.
    pub require_cn: RequireCn,
    /// `empty-passwords=yes`.
    pub empty_passwords: bool,
    /// What the administrator should know or change.
    pub warnings: Vec<UnloggedLine>,
    /// The same, of what members of root's group could change.
    pub by_roots_group: Vec<UnloggedLine>,
}

/// How the line and the file are read: any word with a `=` before the service is an option.
const GRAMMAR: Grammar<Config> = Grammar { options: &ENTRIES, is_option: |word| word.contains(&b'=') };

impl Config {
    /// Whether logins are deferred where OpenVPN can do it. `by_setenv`: `deferred_auth_pam` is set.
    pub fn defers(&self, by_setenv: bool) -> bool {
        self.deferred.unwrap_or(by_setenv)
    }

    /// Whether clients may be asked questions.
    pub fn asks(&self) -> bool {
        self.challenge || self.change_expired || self.open_urls || self.prompts.any_asks()
    }

    /// From the arrival of an attempt until a client may know that PAM asks. If refusals may come sooner, so may questions.
    pub fn question_time(&self) -> Duration {
        QUESTION_TIME.min(self.refusal_time)
    }

    /// What a client learns of a refusal by PAM.
    pub fn reasons(&self) -> Reasons {
        self.reasons.unwrap_or(Reasons::Safe)
    }

    /// What was asked for that OpenVPN can do since 2.6, as it is written.
    pub fn since_2_6(&self) -> Vec<&'static str> {
        let asked_for = [
            (self.challenge, "challenge"),
            (self.prompts.any_asks(), "ASK"),
            (self.change_expired, "change-expired"),
            (self.open_urls, "open-urls"),
            (self.reasons.is_some_and(|reasons| reasons != Reasons::None), "reasons"),
        ];
        asked_for.into_iter().filter_map(|(asked_for, word)| asked_for.then_some(word)).collect()
    }

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
        config.by_roots_group = std::mem::take(&mut rest.by_roots_group);
        config.warnings.extend(taken_as_pairs(&rest));
        let Service { name, pairs, unused } = Service::of(rest)?;
        config.warnings.extend(unused.map(|unused| not_used(&name, &unused)));
        let (service, warning) = service_name(&name)?;
        config.service = service;
        config.warnings.extend(warning);
        if !pairs.is_empty() {
            config.prompts = Prompts::ByName(pairs);
        }
        Ok(config)
    }
}

/// What to say of words that were perhaps meant to be options.
fn taken_as_pairs(rest: &Remainder) -> Vec<UnloggedLine> {
    let after: Vec<&Word> = rest.line.iter().skip(1).collect();
    let late = after.iter().copied().chain(rest.file.iter().flatten());
    let late = late.filter(|word| GRAMMAR.is_known(&word.text)).map(|Word { text, place }| {
        let word = String::from_utf8_lossy(text);
        let remedy = match place {
            Place::Line => "options stand before the service",
            Place::File { .. } => "options have lines of their own",
        };
        lines::configuration::taken_as_pair(place, &word, remedy).unlogged()
    });
    let names = after.iter().step_by(2).filter_map(|word| GRAMMAR.named(&word.text));
    let names =
        names.map(|option| lines::configuration::taken_as_name(option.name(), &option.shown()).unlogged());
    late.chain(names).collect()
}

/// What to say if the file names another service than the line. Several servers may share a file, so that is no mistake.
fn not_used(used: &Word, unused: &Word) -> UnloggedLine {
    let [used, in_file] = [used, unused].map(|word| String::from_utf8_lossy(&word.text));
    lines::configuration::service_not_used(&unused.place, &in_file, &used).unlogged()
}

/// The words that are no options.
struct Service {
    name: Word,
    pairs: Vec<Pair>,
    /// Another one that the file names.
    unused: Option<Word>,
}

impl Service {
    /// On the plugin line the first word is the service, and pairs follow. In the file a line with an odd number of words
    /// begins with the service, any other is made of pairs. What the line says goes before the file.
    fn of(rest: Remainder) -> Result<Self, ConfigError> {
        let mut line = rest.line.into_iter();
        let name = line.next();
        let mut pairs = Vec::new();
        add_pairs(&mut pairs, line)?;
        let mut in_file: Option<Word> = None;
        for words in rest.file {
            let odd = words.len() % 2 == 1;
            let mut words = words.into_iter();
            let service = if odd { words.next() } else { None };
            match (&in_file, service) {
                (Some(_), Some(word)) => return Err(ConfigError::SecondService(word)),
                (None, Some(word)) => in_file = Some(word),
                (_, None) => {}
            }
            add_pairs(&mut pairs, words)?;
        }
        let (name, unused) = match name {
            Some(name) => (Some(name), in_file),
            None => (in_file, None),
        };
        let name = name.filter(|word| !word.text.is_empty()).ok_or(ConfigError::NoService)?;
        let unused = unused.filter(|word| word.text != name.text);
        Ok(Service { name, pairs, unused })
    }
}

fn add_pairs(pairs: &mut Vec<Pair>, mut words: impl Iterator<Item = Word>) -> Result<(), ConfigError> {
    while let Some(name) = words.next() {
        if pairs.len() == MAX_PAIRS {
            return Err(ConfigError::TooManyPairs(name));
        }
        let Some(value) = words.next() else { return Err(ConfigError::OddPairs(name)) };
        pairs.push(Pair { name: name.text, value: value.text });
    }
    Ok(())
}

/// The service, and a warning if it is written as a path: libpam takes the last part of that (since 0.78).
fn service_name(word: &Word) -> Result<(CString, Option<UnloggedLine>), ConfigError> {
    let bad = || ConfigError::BadService(word.clone());
    let name = word.text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name.is_empty() || name == b"." || name == b".." {
        return Err(bad());
    }
    let warning = (name != word.text).then(|| {
        let (name, text) = (String::from_utf8_lossy(name), String::from_utf8_lossy(&word.text));
        lines::configuration::service_is_a_path(&text, &name).unlogged()
    });
    Ok((CString::new(name).map_err(|_| bad())?, warning))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "config/generated_tests.rs"]
mod generated;
