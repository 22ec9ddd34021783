//! The command line.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::doctor::{ENTERED, Patient};
use crate::password::Secret;

/// OpenVPN 2.6 ends a handshake after 60 s (`hand-window`), which is the default of auth-pam's `timeout=` too.
const TIMEOUT: Duration = Duration::from_secs(90);
const LONGEST_TIMEOUT_SECONDS: u64 = 86_400;
/// auth-pam's own debug messages start here.
const VERB: u8 = 4;
const HIGHEST_VERB: u8 = 11;
/// From the range for documentation.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// What to do.
pub(crate) enum Request {
    Help,
    Version,
    Run(Command, Box<Task>),
    Doctor(Patient),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Login,
    Check,
    Events,
}

/// With what.
pub(crate) struct Task {
    pub(crate) plugin: OsString,
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) user: Option<Vec<u8>>,
    /// `-` is standard input.
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) response: Option<Secret>,
    pub(crate) common_name: Option<Vec<u8>>,
    pub(crate) address: IpAddr,
    pub(crate) deferred: bool,
    pub(crate) answers: Vec<Secret>,
    /// `-` is standard input.
    pub(crate) answers_file: Option<PathBuf>,
    /// The client can be asked while its login is pending.
    pub(crate) crtext: bool,
    pub(crate) client: bool,
    pub(crate) env: Vec<(String, Vec<u8>)>,
    pub(crate) verb: u8,
    pub(crate) timeout: Duration,
    /// The unit in whose world the plugin is opened.
    pub(crate) unit: Option<String>,
    /// This process is there already.
    pub(crate) entered: bool,
}

/// What is wrong with the command line.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<&str> for UsageError {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Reads the command line without the program's name.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let mut parser = Parser::from_args(words);
    let command = match parser.next()? {
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Request::Help),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Request::Version),
        Some(Arg::Value(word)) => match word.as_bytes() {
            b"login" => Command::Login,
            b"check" => Command::Check,
            b"events" => Command::Events,
            b"doctor" => return doctor(parser),
            b"help" => return Ok(Request::Help),
            _ => {
                let known = "but login, check, events and doctor";
                return Err(UsageError(format!("there is no command {word:?}, {known}")));
            }
        },
        Some(other) => return Err(other.unexpected().into()),
        None => return Err("a command is missing: login, check, events or doctor".into()),
    };
    let mut task = Box::new(Task {
        plugin: OsString::new(),
        words: Vec::new(),
        user: None,
        password_file: None,
        response: None,
        common_name: None,
        address: ADDRESS,
        deferred: false,
        answers: Vec::new(),
        answers_file: None,
        crtext: false,
        client: false,
        env: Vec::new(),
        verb: VERB,
        timeout: TIMEOUT,
        unit: None,
        entered: false,
    });
    let logs_in = command != Command::Check;
    loop {
        match parser.next()?.ok_or("the plugin's file is missing")? {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Short('u') | Arg::Long("user") if logs_in => task.user = Some(bytes(&mut parser)?),
            Arg::Short('p') | Arg::Long("password-file") if logs_in => {
                task.password_file = Some(parser.value()?.into());
            }
            Arg::Short('r') | Arg::Long("response") if logs_in => {
                task.response = Some(Secret::new(bytes(&mut parser)?))
            }
            Arg::Short('c') | Arg::Long("common-name") if logs_in => {
                task.common_name = Some(bytes(&mut parser)?);
            }
            Arg::Short('a') | Arg::Long("address") if logs_in => task.address = parser.value()?.parse()?,
            Arg::Short('d') | Arg::Long("deferred") if logs_in => task.deferred = true,
            Arg::Long("answer") if command == Command::Login => {
                task.answers.push(Secret::new(bytes(&mut parser)?));
            }
            Arg::Long("answers") if command == Command::Login => {
                task.answers_file = Some(parser.value()?.into());
            }
            Arg::Long("crtext") if command == Command::Login => task.crtext = true,
            Arg::Long("client") if command == Command::Events => task.client = true,
            Arg::Short('e') | Arg::Long("env") => task.env.push(variable(bytes(&mut parser)?)?),
            Arg::Long("unit") => task.unit = Some(parser.value()?.string()?),
            Arg::Long(long) if is_entered(long) => task.entered = true,
            Arg::Short('v') | Arg::Long("verb") => {
                task.verb = parser.value()?.parse()?;
                if task.verb > HIGHEST_VERB {
                    return Err("--verb goes from 0 to 11".into());
                }
            }
            Arg::Short('t') | Arg::Long("timeout") => {
                let seconds: u64 = parser.value()?.parse()?;
                if seconds == 0 || seconds > LONGEST_TIMEOUT_SECONDS {
                    return Err("--timeout goes from 1 to 86400 seconds".into());
                }
                task.timeout = Duration::from_secs(seconds);
            }
            Arg::Value(plugin) => {
                task.plugin = plugin;
                // What follows is the plugin's, also what looks like an option.
                task.words = parser.raw_args()?.map(OsString::into_vec).collect();
                return if task.plugin.is_empty() {
                    Err("the plugin's file is missing".into())
                } else if is_input(&task.password_file) && is_input(&task.answers_file) {
                    Err("password and answers cannot both come from standard input".into())
                } else {
                    Ok(Request::Run(command, task))
                };
            }
            other => return Err(other.unexpected().into()),
        }
    }
}

/// The rest of the command line of `doctor`.
fn doctor(mut parser: Parser) -> Result<Request, UsageError> {
    let mut patient = Patient::default();
    while let Some(word) = parser.next()? {
        match word {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("unit") => patient.unit = Some(parser.value()?.string()?),
            Arg::Long(long) if is_entered(long) => patient.entered = true,
            Arg::Long("cd") => patient.directory = Some(parser.value()?.into()),
            Arg::Long("openvpn") => patient.openvpn = Some(parser.value()?.into()),
            Arg::Value(config) if patient.config.is_none() => patient.config = Some(config.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if patient.unit.is_some() && (patient.config.is_some() || patient.directory.is_some()) {
        return Err("--unit names the configuration and the directory: give neither CONFIG nor --cd".into());
    }
    Ok(Request::Doctor(patient))
}

/// Whether it is the word that the command gives itself.
fn is_entered(long: &str) -> bool {
    ENTERED.strip_prefix("--") == Some(long)
}

fn is_input(file: &Option<PathBuf>) -> bool {
    file.as_deref() == Some(Path::new("-"))
}

fn bytes(parser: &mut Parser) -> Result<Vec<u8>, UsageError> {
    Ok(parser.value()?.into_vec())
}

fn variable(text: Vec<u8>) -> Result<(String, Vec<u8>), UsageError> {
    let at = text.iter().position(|byte| *byte == b'=');
    let (name, value) = at.map(|at| text.split_at(at)).ok_or("--env: NAME=VALUE is needed")?;
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match std::str::from_utf8(name) {
        Ok(name) if !name.is_empty() && name.bytes().all(|byte| valid(&byte)) => {
            Ok((name.to_owned(), value.get(1..).unwrap_or_default().to_vec()))
        }
        _ => Err("--env: a name has letters, digits and underscores only".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(line: &str) -> Result<Box<Task>, String> {
        match parse(line.split(' ').map(OsString::from)) {
            Ok(Request::Run(_, task)) => Ok(task),
            Ok(_) => Err("something else".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn options_end_at_the_plugin() {
        let task = task("login -u joe -a 2001:db8::1 -e A=b=c -dt 5 x.so --user -- -h").unwrap();
        assert_eq!((task.user.as_deref(), task.deferred), (Some(&b"joe"[..]), true));
        assert_eq!((task.address.is_ipv6(), task.timeout), (true, Duration::from_secs(5)));
        assert_eq!(task.env, [("A".to_owned(), b"b=c".to_vec())]);
        assert_eq!((task.plugin, task.words.len()), ("x.so".into(), 3));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, words) in [
            ("logon x.so", "there is no command \"logon\""),
            ("login", "the plugin's file is missing"),
            ("login --password secret x.so", "--password"),
            ("check --user joe x.so", "--user"),
            ("doctor --unit x server.conf", "neither CONFIG"),
            ("doctor a.conf b.conf", "b.conf"),
            ("doctor --user joe", "--user"),
            ("login --client x.so", "--client"),
            ("events --answer 1 x.so", "--answer"),
            ("login --password-file - --answers - x.so", "both come from standard input"),
            ("login --env A x.so", "NAME=VALUE"),
            ("login --env a-b=c x.so", "letters, digits"),
            ("login --timeout 0 x.so", "1 to 86400"),
            ("login --verb 12 x.so", "0 to 11"),
            ("login --address joe x.so", "joe"),
        ] {
            let error = task(line).err().unwrap();
            assert!(error.contains(words), "{line}: {error}");
        }
        assert!(parse([]).is_err());
    }
}
