//! The plugin's line in the configuration: `[KEY=VALUE]... SERVICE [NAME VALUE]...`.
//!
//! Options come before the service name: no service name holds a `=`.

mod value;

use std::ffi::CString;
use std::time::Duration;

use crate::supervisor::audit::Facility;
use crate::supervisor::source::Prefixes;
use crate::verdict::Advance;
use crate::worker::prompts::{MAX_PAIRS, Pair, Prompts};
use value::{Value, shown};

/// Everything the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// PAM service.
    pub service: CString,
    /// How prompts are answered.
    pub prompts: Prompts,
    /// `max-workers=N`; `None`: by the limits of the machine.
    pub max_workers: Option<usize>,
    /// `max-pending=N`.
    pub max_pending: usize,
    /// `penalties=yes|no`.
    pub penalties: bool,
    /// `ipv4-prefix=N` and `ipv6-prefix=N`: what one source is.
    pub prefixes: Prefixes,
    /// `refusal-time=MS`: deferred refusals are not delivered sooner.
    pub refusal_time: Duration,
    /// `timeout=SECONDS`; `None` for 0: no limit.
    pub time_limit: Option<Duration>,
    /// `pam-confdir=DIR`.
    pub confdir: Option<CString>,
    /// `syslog=FACILITY`.
    pub syslog: Option<Facility>,
    /// `grace=MS`.
    pub grace: Duration,
    /// `deferred=yes`.
    pub deferred: bool,
    /// `advance=no|addr|remote`.
    pub advance: Advance,
    /// `allow-user-mapping=yes`.
    pub allow_user_mapping: bool,
    /// `require-cn=no|yes|nocase`.
    pub require_cn: RequireCn,
    /// `empty-passwords=yes`.
    pub empty_passwords: bool,
    /// What the administrator should change.
    pub warnings: Vec<String>,
}

/// Whether the common name of the client's certificate must be the username.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequireCn {
    /// It need not.
    No,
    /// Byte for byte.
    Same,
    /// But for the case of the letters a to z.
    SameButForCase,
}

impl RequireCn {
    /// Whether this common name will do for this username.
    pub fn admits(self, common_name: &[u8], username: &[u8]) -> bool {
        match self {
            RequireCn::No => true,
            RequireCn::Same => common_name == username,
            RequireCn::SameButForCase => common_name.eq_ignore_ascii_case(username),
        }
    }
}

/// What is wrong with the line. Each names the word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// No service name.
    NoService,
    /// The service name cannot be one.
    BadService(String),
    /// A name without a value.
    OddPairs(String),
    /// More pairs than allowed; the first name too many.
    TooManyPairs(String),
    /// There is no such option.
    UnknownOption(String),
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
            ConfigError::NoService => f.write_str(
                "the PAM service name is missing; write: plugin openvpn-plugin-auth-pam.so [OPTION=VALUE]... SERVICE [NAME VALUE]...",
            ),
            ConfigError::BadService(word) => write!(f, "'{word}' cannot be a PAM service name"),
            ConfigError::OddPairs(word) => write!(f, "name '{word}' has no value: the words after the service name are pairs"),
            ConfigError::TooManyPairs(word) => write!(f, "more than {MAX_PAIRS} name/value pairs, the first too many is '{word}'"),
            ConfigError::UnknownOption(word) => write!(f, "unknown option '{word}'; known are {}", OPTIONS.join(" ")),
            ConfigError::BadValue { word, expected } => write!(f, "option '{word}': {expected}"),
            ConfigError::Repeated(word) => write!(f, "option '{word}' is given twice"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Every option, as the manual page has it. A word that is none of these is refused.
const OPTIONS: [&str; 15] = [
    "advance=no|addr|remote",
    "allow-user-mapping=yes|no",
    "deferred=yes|no",
    "empty-passwords=yes|no",
    "grace=MS",
    "ipv4-prefix=N",
    "ipv6-prefix=N",
    "max-pending=N",
    "max-workers=N",
    "pam-confdir=DIR",
    "penalties=yes|no",
    "refusal-time=MS",
    "require-cn=no|yes|nocase",
    "syslog=FACILITY",
    "timeout=SECONDS",
];

/// An option that was never in a release, but in configurations of those who tried the plugin early.
const GONE: &str = "max-pending-per-address";

impl Config {
    /// Reads the words after the plugin's own path.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, ConfigError> {
        let mut words = words.into_iter().peekable();
        let mut config = Config {
            service: CString::default(),
            prompts: Prompts::ByVisibility,
            max_workers: None,
            max_pending: 1024,
            penalties: true,
            prefixes: Prefixes::default(),
            refusal_time: Duration::from_millis(1000),
            time_limit: Some(Duration::from_secs(60)),
            confdir: None,
            syslog: None,
            grace: Duration::from_millis(50),
            deferred: false,
            advance: Advance::No,
            allow_user_mapping: false,
            require_cn: RequireCn::No,
            empty_passwords: false,
            warnings: Vec::new(),
        };
        let mut seen = Vec::new();
        while let Some(word) = words.next_if(|word| word.contains(&b'=')) {
            let key = config.option(word)?;
            if seen.contains(&key) {
                return Err(ConfigError::Repeated(shown(word)));
            }
            seen.push(key);
        }
        let service = words.next().filter(|word| !word.is_empty()).ok_or(ConfigError::NoService)?;
        let (service, warning) = service_name(service)?;
        config.service = service;
        config.warnings.extend(warning);
        config.prompts = pairs(words)?;
        Ok(config)
    }

    fn option(&mut self, word: &[u8]) -> Result<&'static str, ConfigError> {
        let split = word.iter().position(|byte| *byte == b'=').unwrap_or(word.len());
        let (key, value) = (&word[..split], word.get(split + 1..).unwrap_or_default());
        if key == GONE.as_bytes() {
            let warning = format!("option '{}' is ignored: sources now share the queue fairly", shown(word));
            self.warnings.push(warning);
            return Ok(GONE);
        }
        if !OPTIONS.iter().any(|known| known.split('=').next().map(str::as_bytes) == Some(key)) {
            return Err(ConfigError::UnknownOption(shown(word)));
        }
        let value = Value { word, text: std::str::from_utf8(value).unwrap_or_default() };
        Ok(match key {
            b"advance" => {
                let advance = Advance::parse(value.text);
                self.advance = advance.ok_or_else(|| value.bad("must be no, addr or remote"))?;
                "advance"
            }
            b"allow-user-mapping" => {
                self.allow_user_mapping = value.yes_or_no()?;
                "allow-user-mapping"
            }
            b"deferred" => {
                self.deferred = value.yes_or_no()?;
                "deferred"
            }
            b"empty-passwords" => {
                self.empty_passwords = value.yes_or_no()?;
                "empty-passwords"
            }
            b"grace" => {
                self.grace = Duration::from_millis(value.number(0, 10_000, "milliseconds")?);
                "grace"
            }
            b"ipv4-prefix" => {
                self.prefixes.ipv4 = value.prefix(32)?;
                "ipv4-prefix"
            }
            b"ipv6-prefix" => {
                self.prefixes.ipv6 = value.prefix(128)?;
                "ipv6-prefix"
            }
            b"max-pending" => {
                self.max_pending = value.count(0, 1_000_000)?;
                "max-pending"
            }
            b"max-workers" => {
                self.max_workers = Some(value.count(1, 10_000)?);
                "max-workers"
            }
            b"pam-confdir" => {
                self.confdir = Some(value.directory()?);
                "pam-confdir"
            }
            b"penalties" => {
                self.penalties = value.yes_or_no()?;
                "penalties"
            }
            b"refusal-time" => {
                self.refusal_time = Duration::from_millis(value.number(0, 30_000, "milliseconds")?);
                "refusal-time"
            }
            b"require-cn" => {
                self.require_cn = match value.text {
                    "no" => RequireCn::No,
                    "yes" => RequireCn::Same,
                    "nocase" => RequireCn::SameButForCase,
                    _ => return Err(value.bad("must be no, yes or nocase")),
                };
                "require-cn"
            }
            b"syslog" => {
                self.syslog = Some(Facility::parse(value.text).ok_or_else(|| value.bad(&Facility::names()))?);
                "syslog"
            }
            b"timeout" => {
                let seconds = value.number(0, 86_400, "seconds (0: no limit)")?;
                self.time_limit = (seconds > 0).then(|| Duration::from_secs(seconds));
                "timeout"
            }
            _ => return Err(ConfigError::UnknownOption(shown(word))),
        })
    }
}

/// The service, and a warning if it is written as a path: libpam takes the last part of that (since 0.78).
fn service_name(word: &[u8]) -> Result<(CString, Option<String>), ConfigError> {
    let bad = || ConfigError::BadService(shown(word));
    let name = word.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name.is_empty() || name == b"." || name == b".." {
        return Err(bad());
    }
    let warning = (name != word).then(|| {
        let name = shown(name);
        format!("service '{}' is a path: PAM takes its last part; write '{name}'", shown(word))
    });
    Ok((CString::new(name).map_err(|_| bad())?, warning))
}

fn pairs<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Result<Prompts, ConfigError> {
    let mut pairs = Vec::new();
    while let Some(name) = words.next() {
        if pairs.len() == MAX_PAIRS {
            return Err(ConfigError::TooManyPairs(shown(name)));
        }
        let value = words.next().ok_or_else(|| ConfigError::OddPairs(shown(name)))?;
        pairs.push(Pair { name: name.to_vec(), value: value.to_vec() });
    }
    Ok(if pairs.is_empty() { Prompts::ByVisibility } else { Prompts::ByName(pairs) })
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
