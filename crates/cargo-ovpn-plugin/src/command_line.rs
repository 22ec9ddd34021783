//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use clap::error::ErrorKind;
use terminal::options::in_one_line;

use crate::Failed;
use crate::declaration::{self, id};

/// What to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// The text of `--help` or `--version`.
    Print(String),
    New(Wanted),
    Run(Box<Task>),
}

/// A crate to be made.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) directory: PathBuf,
    pub(crate) deferred: bool,
    pub(crate) sdk: Option<PathBuf>,
}

/// A plugin to be run.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) words: Vec<String>,
    /// For `cargo build`.
    pub(crate) build: Vec<String>,
    /// Instead of building one.
    pub(crate) plugin: Option<PathBuf>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) answers: Vec<String>,
    pub(crate) crtext: bool,
    pub(crate) static_challenge: Option<String>,
    /// None: until a signal comes.
    pub(crate) stay: Option<Duration>,
    pub(crate) timeout: Duration,
    pub(crate) server: Vec<String>,
    pub(crate) client: Vec<String>,
    pub(crate) openvpn: Option<PathBuf>,
    pub(crate) verb: u8,
}

/// Reads the command line, which cargo begins with the name of the command.
pub(crate) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Request, Failed> {
    let mut words: Vec<OsString> = line.into_iter().collect();
    if words.get(1).is_some_and(|word| word == "ovpn-plugin") {
        words.remove(1);
    }
    let mut matched = match declaration::command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Request::Print(error.render().to_string()));
        }
        Err(error) => return Err(format!("{}; see cargo ovpn-plugin --help", in_one_line(&error))),
    };
    match matched.remove_subcommand() {
        Some((name, mut matches)) if name == "new" => Ok(Request::New(Wanted {
            directory: one::<OsString>(&mut matches, id::NAME).unwrap_or_default().into(),
            deferred: flag(&mut matches, id::DEFERRED),
            sdk: path(&mut matches, id::SDK),
        })),
        Some((_, mut matches)) => Ok(Request::Run(Box::new(task(&mut matches)))),
        None => Err("a command is missing; see cargo ovpn-plugin --help".into()),
    }
}

fn task(matches: &mut ArgMatches) -> Task {
    let mut build = Vec::new();
    if flag(matches, id::RELEASE) {
        build.push("--release".into());
    }
    if let Some(names) = one::<String>(matches, id::FEATURES) {
        build.extend(["--features".into(), names]);
    }
    Task {
        words: all(matches, id::WORDS),
        build,
        plugin: path(matches, id::PLUGIN),
        user: one(matches, id::USER),
        password: one(matches, id::PASSWORD),
        answers: all(matches, id::ANSWER),
        crtext: flag(matches, id::CRTEXT),
        static_challenge: one(matches, id::STATIC_CHALLENGE),
        stay: one(matches, id::FOR).map(Duration::from_secs),
        timeout: Duration::from_secs(one(matches, id::TIMEOUT).unwrap_or_default()),
        server: all(matches, id::SERVER),
        client: all(matches, id::CLIENT),
        openvpn: path(matches, id::OPENVPN),
        verb: one(matches, id::VERB).unwrap_or_default(),
    }
}

fn one<T: Clone + Send + Sync + 'static>(matches: &mut ArgMatches, id: &str) -> Option<T> {
    matches.remove_one(id)
}

fn path(matches: &mut ArgMatches, id: &str) -> Option<PathBuf> {
    one::<OsString>(matches, id).map(PathBuf::from)
}

fn all(matches: &mut ArgMatches, id: &str) -> Vec<String> {
    matches.remove_many(id).into_iter().flatten().collect()
}

fn flag(matches: &mut ArgMatches, id: &str) -> bool {
    matches.get_flag(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, Failed> {
        parse(std::iter::once("cargo-ovpn-plugin").chain(line.split(' ')).map(OsString::from))
    }

    #[test]
    fn clap_finds_nothing_wrong() {
        declaration::command().debug_assert();
    }

    #[test]
    fn words_of_the_plugin_come_last() {
        for before in ["", "ovpn-plugin "] {
            let line = format!("{before}run -r --for 0 -u joe --answer 1 --answer 2 -- a --release");
            let Ok(Request::Run(task)) = parsed(&line) else { panic!("{line}") };
            assert_eq!(task.words, ["a", "--release"]);
            assert_eq!((task.build.len(), task.stay), (1, Some(Duration::ZERO)));
            assert_eq!((task.user.as_deref(), task.answers.len()), (Some("joe"), 2));
            assert_eq!((task.timeout, task.verb), (Duration::from_secs(60), 3));
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (line, words) in [
            ("runn", "unrecognized subcommand 'runn'"),
            ("run joe", "unexpected argument 'joe'"),
            ("run --plugin a.so --release", "--release"),
            ("run --timeout 0", "--timeout"),
            ("new", "<NAME>"),
            ("new a b", "'b'"),
        ] {
            let error = parsed(line).map(|_| ()).unwrap_err();
            assert!(error.contains(words) && !error.contains('\n'), "{line}: {error}");
        }
    }
}
