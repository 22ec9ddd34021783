//! The command line.

use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use clap::error::ErrorKind;
use terminal::options::in_one_line;

use crate::author_commands;
use crate::commands::{self, id};
use crate::doctor::DoctorOptions;
use crate::password::Secret;
use crate::running_server::{Action, ServerRequest};

/// What to do.
pub(crate) enum Request {
    /// The text of `--help` or `--version`.
    Print(Box<clap::builder::StyledStr>),
    Run(Command, Box<Task>),
    Certify(Box<Task>),
    Doctor(DoctorOptions),
    /// Another program does it, with these words.
    Develop(Vec<OsString>),
    /// A running server is asked.
    AskServer(ServerRequest),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Login,
    Check,
    Events,
}

impl Command {
    const ALL: [Self; 3] = [Self::Login, Self::Check, Self::Events];

    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Check => "check",
            Self::Events => "events",
        }
    }
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
    /// Always there where there is a client.
    pub(crate) address: Option<IpAddr>,
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
    /// Warnings count.
    pub(crate) strict: bool,
    pub(crate) json: bool,
    /// The unit in whose sandbox the plugin is opened.
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

impl From<clap::Error> for UsageError {
    fn from(error: clap::Error) -> Self {
        if error.kind() == ErrorKind::MissingRequiredArgument {
            let text = error.render().to_string();
            let missing = ["<NAME>", "<SOURCE>"].into_iter().find(|name| text.contains(name));
            return missing.map_or_else(
                || "the plugin's file is missing".into(),
                |name| Self(format!("{} is missing", name.trim_matches(['<', '>']))),
            );
        }
        Self(in_one_line(&error))
    }
}

impl From<&str> for UsageError {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Reads the command line without the program's name.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let words: Vec<OsString> = words.into_iter().collect();
    if words.first().is_some_and(|word| author_commands::COMMANDS.iter().any(|command| word == command)) {
        return Ok(Request::Develop(words));
    }
    let line = std::iter::once(OsString::from("ovpn-plugin")).chain(words.iter().cloned());
    let mut matched = match commands::command().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Request::Print(Box::new(error.render())));
        }
        Err(error) => return Err(error.into()),
    };
    let (name, mut matches) = matched.remove_subcommand().ok_or("a command is missing")?;
    if name == "doctor" {
        return doctor(&mut matches);
    }
    if let Some(action) = server_action(&name, &mut matches) {
        let (path, json) = (one(&mut matches, id::SOCKET).map(PathBuf::from), flag(&mut matches, id::JSON));
        return Ok(Request::AskServer(ServerRequest { action, path, json }));
    }
    let task = task(&mut matches)?;
    if let Some(option) = misplaced(&name, &words, &task.words) {
        return Err(UsageError(format!(
            "{option} stands after PLUGIN, where it is a word for the plugin; write it before PLUGIN, or -- before PLUGIN if \
             the plugin is to get it"
        )));
    }
    if name == "certify" {
        return Ok(Request::Certify(task));
    }
    let command =
        Command::ALL.into_iter().find(|command| command.name() == name).ok_or("there is no such command")?;
    Ok(Request::Run(command, task))
}

fn task(matches: &mut ArgMatches) -> Result<Box<Task>, UsageError> {
    let mut line = all(matches, id::LINE).into_iter();
    let plugin = line.next().filter(|plugin| !plugin.is_empty()).ok_or("the plugin's file is missing")?;
    let env: Result<Vec<_>, _> =
        all(matches, id::ENV).into_iter().map(|text| variable(text.into_vec())).collect();
    let task = Box::new(Task {
        plugin,
        words: line.map(OsString::into_vec).collect(),
        user: one(matches, id::USER).map(OsString::into_vec),
        password_file: one(matches, id::PASSWORD_FILE).map(PathBuf::from),
        response: one(matches, id::RESPONSE).map(secret),
        common_name: one(matches, id::COMMON_NAME).map(OsString::into_vec),
        address: given(matches, id::ADDRESS),
        deferred: flag(matches, id::DEFERRED),
        answers: all(matches, id::ANSWER).into_iter().map(secret).collect(),
        answers_file: one(matches, id::ANSWERS).map(PathBuf::from),
        crtext: flag(matches, id::CRTEXT),
        client: flag(matches, id::CLIENT),
        env: env?,
        verb: given(matches, id::VERB).unwrap_or_default(),
        timeout: given(matches, id::TIMEOUT).map_or(Duration::ZERO, Duration::from_secs),
        strict: flag(matches, id::STRICT),
        json: flag(matches, id::JSON),
        unit: given(matches, id::UNIT),
        entered: flag(matches, id::ENTERED),
    });
    if is_input(&task.password_file) && is_input(&task.answers_file) {
        return Err("password and answers cannot both come from standard input".into());
    }
    Ok(task)
}

/// What a running server is asked to do.
fn server_action(command: &str, matches: &mut ArgMatches) -> Option<Action> {
    let mut whom = || one(matches, id::WHOM).map(OsString::into_vec);
    match command {
        "status" => Some(Action::Status { watch: flag(matches, id::WATCH) }),
        "revoke" => whom().map(Action::Revoke),
        "unblock" => whom().map(Action::Unblock),
        _ => None,
    }
}

fn doctor(matches: &mut ArgMatches) -> Result<Request, UsageError> {
    let options = DoctorOptions {
        config: one(matches, id::CONFIG).map(PathBuf::from),
        unit: given(matches, id::UNIT),
        directory: one(matches, id::CD).map(PathBuf::from),
        openvpn: one(matches, id::OPENVPN).map(PathBuf::from),
        entered: flag(matches, id::ENTERED),
        strict: flag(matches, id::STRICT),
        json: flag(matches, id::JSON),
    };
    if options.config.as_deref() == Some(Path::new("")) {
        return Err("the name of the configuration is empty".into());
    }
    if options.unit.is_some() && (options.config.is_some() || options.directory.is_some()) {
        return Err("--unit names the configuration and the directory: give neither CONFIG nor --cd".into());
    }
    Ok(Request::Doctor(options))
}

/// Not each command has each option.
fn given<T: Clone + Send + Sync + 'static>(matches: &mut ArgMatches, id: &str) -> Option<T> {
    matches.try_remove_one(id).ok().flatten()
}

fn one(matches: &mut ArgMatches, id: &str) -> Option<OsString> {
    given(matches, id)
}

fn all(matches: &mut ArgMatches, id: &str) -> Vec<OsString> {
    matches.try_remove_many(id).ok().flatten().into_iter().flatten().collect()
}

fn flag(matches: &mut ArgMatches, id: &str) -> bool {
    given(matches, id).unwrap_or(false)
}

fn secret(text: OsString) -> Secret {
    Secret::new(text.into_vec())
}

/// The first of the plugin's words that is an option of this command. A plugin line in quotes is meant as it is, and so is
/// what follows a `--`.
fn misplaced(command: &str, line: &[OsString], words: &[Vec<u8>]) -> Option<String> {
    let before_plugin = line.len().checked_sub(words.len() + 2).and_then(|at| line.get(at));
    if before_plugin.is_some_and(|word| word == "--")
        || words.len() == 1 && words.iter().any(|word| word.contains(&b' '))
    {
        return None;
    }
    let declared = commands::command();
    let command = declared.find_subcommand(command)?;
    let known = |word: &[u8]| {
        let word = word.split(|byte| *byte == b'=').next()?;
        let is_it = |arg: &clap::Arg| {
            let long = arg.get_long().map(|long| format!("--{long}"));
            let short = arg.get_short().map(|short| format!("-{short}"));
            [long, short].into_iter().flatten().any(|option| option.as_bytes() == word)
        };
        command.get_arguments().any(is_it).then(|| String::from_utf8_lossy(word).into_owned())
    };
    words.iter().find_map(|word| known(word))
}

fn is_input(file: &Option<PathBuf>) -> bool {
    file.as_deref() == Some(Path::new("-"))
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
        let task = task("login -u joe -a 2001:db8::1 -e A=b=c -dt 5 x.so --other -- -h").unwrap();
        assert_eq!((task.user.as_deref(), task.deferred), (Some(&b"joe"[..]), true));
        assert!(task.address.is_some_and(|address| address.is_ipv6()));
        assert_eq!((task.timeout, task.verb, task.strict), (Duration::from_secs(5), 4, false));
        assert_eq!(task.env, [("A".to_owned(), b"b=c".to_vec())]);
        assert_eq!((task.plugin, task.words.len()), ("x.so".into(), 3));
    }

    #[test]
    fn an_option_after_the_plugin_is_not_passed_on_silently() {
        for (line, option) in [
            ("login x.so login --user joe", "--user"),
            ("login x.so login --user=joe", "--user"),
            ("login x.so login -u joe", "-u"),
            ("check x.so --strict", "--strict"),
        ] {
            let error = task(line).err().unwrap();
            assert!(error.starts_with(option) && error.contains("stands after PLUGIN"), "{line}: {error}");
        }
        // An option of another command, and what is meant so.
        assert_eq!(task("check x.so --user joe").unwrap().words.len(), 2);
        assert_eq!(task("login -d -- x.so login --user joe").unwrap().words.len(), 3);
        assert_eq!(task("check x.so --").unwrap().words.len(), 1);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, words) in [
            ("logon x.so", "unrecognized subcommand 'logon'"),
            ("login --user", "--user"),
            ("check --env", "--env"),
            ("login", "the plugin's file is missing"),
            ("login --password secret x.so", "--password"),
            ("check --user joe x.so", "--user"),
            ("doctor --unit x server.conf", "neither CONFIG"),
            ("doctor a.conf b.conf", "b.conf"),
            ("doctor --user joe", "--user"),
            ("doctor ", "is empty"),
            ("revoke", "NAME is missing"),
            ("unblock", "SOURCE is missing"),
            ("status --unit x", "--unit"),
            ("status a b", "'b'"),
            ("revoke joe a b", "'b'"),
            ("revoke --watch joe", "--watch"),
            ("login --client x.so", "--client"),
            ("events --answer 1 x.so", "--answer"),
            ("login --password-file - --answers - x.so", "both come from standard input"),
            ("login --env A x.so", "NAME=VALUE"),
            ("login --env a-b=c x.so", "letters, digits"),
            ("login --timeout 0 x.so", "--timeout"),
            ("login --timeout 0 x.so", "1..=86400"),
            ("login --verb 12 x.so", "0..=11"),
            ("login --address joe x.so", "'joe' for '--address"),
            ("login --pasword-file - x.so", "--password-file"),
        ] {
            let error = task(line).err().unwrap();
            assert!(error.contains(words) && !error.contains('\n'), "{line}: {error}");
        }
        assert!(parse([]).is_err());
    }
}
