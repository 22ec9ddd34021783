//! What may be run, settled when OpenVPN opens the plugin and never changed again.

use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use lines::startup;
use log_lines::UnloggedLine;

use crate::config::Config;
use crate::event::Event;
use crate::permissions::Program;
use crate::permissions::ProgramError;

/// The configuration, with its programs found and judged.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The down script.
    pub command: Command,
    /// The scripts of other events.
    pub others: Vec<(Event, Command)>,
    /// How long a script may run; `None`: for ever.
    pub time_limit: Option<Duration>,
    /// Scripts may belong to others, and lie where root gets only by its rights.
    pub insecure_permissions: bool,
    /// A script that fails is only logged.
    pub ignore_failure: bool,
    /// What tells this OpenVPN from others on the machine: the name of its configuration.
    pub config_name: Option<String>,
    /// OpenVPN shows debug lines.
    pub debug: bool,
}

/// A program with its fixed arguments.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program.
    pub program: Program,
    /// The arguments the configuration gives it.
    pub args: Vec<OsString>,
}

/// A program of the configuration that cannot be used.
#[derive(Debug)]
pub struct SettingsError {
    what: &'static str,
    word: String,
    error: ProgramError,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_missing = match &self.error {
            ProgramError::Unreachable { error, .. } => error.kind() == ErrorKind::NotFound,
            _ => false,
        };
        let hint = if is_missing && !self.word.starts_with('/') && self.word.contains('=') {
            let (name, value) = self.word.split_once('=').unwrap_or_default();
            format!(" (to set a variable for the script, write a line of its own: setenv {name} {value})")
        } else if is_missing && !self.word.starts_with('/') {
            " (no option, and no file below the working directory; PATH is not searched)".to_string()
        } else {
            String::new()
        };
        startup::unusable(self.what, &self.word, &self.error, &hint).fmt(f)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Finds every program; warns of what is unwise.
    pub fn resolve(config: Config, config_name: Option<String>, debug: bool) -> Result<Self, SettingsError> {
        for word in config.late_options() {
            startup::late_option(&word).log();
        }
        config.warnings.iter().for_each(UnloggedLine::log);
        let insecure = config.insecure_permissions;
        let find = |event: Event, word: &[u8]| {
            let (program, warnings) = Program::find(word, insecure).map_err(|error| SettingsError {
                what: event.name(),
                word: String::from_utf8_lossy(word).into_owned(),
                error,
            })?;
            for warning in warnings {
                startup::about_script(event.name(), warning).log();
            }
            Ok(program)
        };
        let command = Command {
            program: find(Event::Down, &config.command)?,
            args: config.args.into_iter().map(OsString::from_vec).collect(),
        };
        let mut others = Vec::new();
        let up = config.up.into_iter().map(|path| (Event::Up, path));
        for (event, path) in up.chain(config.on) {
            others.push((event, Command { program: find(event, &path)?, args: Vec::new() }));
        }
        Ok(Settings {
            command,
            others,
            time_limit: config.time_limit,
            insecure_permissions: insecure,
            ignore_failure: config.ignore_failure,
            config_name,
            debug,
        })
    }

    /// What `ps` shows for one of the processes.
    pub fn title(&self, process: &str) -> String {
        privsep::title::name("down-root", process, self.config_name.as_deref())
    }

    /// Every script with its event.
    pub fn commands(&self) -> impl Iterator<Item = (Event, &Command)> {
        std::iter::once((Event::Down, &self.command))
            .chain(self.others.iter().map(|(event, command)| (*event, command)))
    }

    /// Whether a script is to be run at this event.
    pub fn has(&self, event: Event) -> bool {
        self.commands().any(|(other, _)| other == event)
    }
}
