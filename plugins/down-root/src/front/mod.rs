//! The part inside OpenVPN. After `--user` it has no privileges; it tells the helper which event has come, and waits.

mod env_filter;
mod helper_link;
mod identity;
mod log_writer;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use lines::{processes, scripts, variables};
use ovpn_plugin::Env;
use privsep::kept_helper::KeptHelper;

use crate::event::Event;
use crate::helper::environment::UpEnvironment;
use crate::helper::{KILL_TO_GONE, TERM_TO_KILL};
use crate::protocol::allowed;
use crate::protocol::{Reply, Request};
use crate::settings::Settings;
use identity::Identity;
use log_writer::HelperLines;

/// How much longer than the script may run its answer may take.
const MARGIN: Duration = Duration::from_secs(5);

type HelperLink = KeptHelper<Request, Reply>;

/// Why a script's run has no good end.
enum Failure {
    /// It did not run, or what came of it is unknown.
    Because(String),
    /// The helper died meanwhile.
    HelperDied,
    /// It failed, and the helper has logged why.
    Logged,
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Failure::Because(why)
    }
}

/// The front.
pub struct Front {
    settings: Settings,
    /// What a new helper gets: the environment of the last UP event of the time when OpenVPN was privileged; before
    /// the first one, that in which the plugin was opened. Never that of another event.
    base: UpEnvironment,
    helper: Option<HelperLink>,
    started: bool,
    lines: HelperLines,
    identity: Identity,
    last_id: u64,
}

impl Front {
    /// Starts nothing yet: the helper is to get the environment of the UP event.
    pub fn new(settings: Settings, env: Env<'_>) -> nix::Result<Self> {
        let (base, lines) = (UpEnvironment::from_event(env), HelperLines::new()?);
        let identity = Identity::now();
        Ok(Front { settings, base, helper: None, started: false, lines, identity, last_id: 0 })
    }

    /// The events that scripts are configured for.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        self.settings.commands().map(|(event, _)| event)
    }

    /// The UP event; whether OpenVPN may go on. After the first it may, unless there is a script for UP and that fails.
    pub fn up<'a>(&mut self, env: Env<'_>, args: impl Iterator<Item = &'a [u8]>) -> bool {
        let done = self.at_up(env, args);
        self.lines.settle(Event::Up);
        done
    }

    fn at_up<'a>(&mut self, env: Env<'_>, args: impl Iterator<Item = &'a [u8]>) -> bool {
        if self.identity == Identity::now() {
            self.base = UpEnvironment::from_event(env);
            let Err(error) = self.start() else { return true };
            self.look_for_helper();
            if self.helper.is_some() {
                processes::stays(error).log();
                return true;
            }
            error.log();
            // Of a restart it is not the end: the next event starts one, if that is possible by then.
            return self.started;
        }
        if !self.started {
            processes::no_privileges().log();
            return false;
        }
        let done = if self.settings.has(Event::Up) {
            match self.run_script(Event::Up, env, args) {
                // That is not the script's failure.
                Err(Failure::HelperDied) => true,
                result => self.is_success(Event::Up, &result),
            }
        } else {
            self.look_for_helper();
            true
        };
        if self.helper.is_none() {
            processes::down_will_not_run(&processes::no_helper().to_string()).log();
            return true;
        }
        done
    }

    /// An event whose script is to be run; whether the answer is success.
    pub fn run<'a>(&mut self, event: Event, env: Env<'_>, args: impl Iterator<Item = &'a [u8]>) -> bool {
        let result = self.run_script(event, env, args);
        self.is_success(event, &result)
    }

    fn is_success(&self, event: Event, result: &Result<Vec<u8>, Failure>) -> bool {
        let ignored = self.settings.ignore_failure && !event.decides();
        if result.is_err() && ignored {
            scripts::failure_ignored(event.name()).log();
        }
        result.is_ok() || ignored
    }

    /// A client connects; whether it may. What the script wrote goes to `file` with the rights of this process.
    pub fn client_connect(&mut self, env: Env<'_>, file: Option<&Path>) -> bool {
        let Ok(options) = self.run_script(Event::ClientConnect, env, std::iter::empty()) else {
            return false;
        };
        if options.is_empty() {
            return true;
        }
        let written =
            file.ok_or_else(|| io::ErrorKind::NotFound.into()).and_then(|file| write(file, &options));
        if let Err(error) = &written {
            scripts::options_unwritable(error).log();
        }
        written.is_ok()
    }

    /// Has a script run and waits for its end; what it wrote for a client. Why it failed is in the log.
    fn run_script<'a>(
        &mut self,
        event: Event,
        env: Env<'_>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<u8>, Failure> {
        let result = self.try_run_script(event, env, args);
        // What comes next in the log is about what the helper has said.
        self.lines.settle(event);
        match &result {
            Ok(_) | Err(Failure::Logged) => {}
            Err(Failure::Because(why)) => scripts::failed(event.name(), why).log(),
            Err(Failure::HelperDied) => {
                scripts::failed(event.name(), scripts::helper_died()).log();
            }
        }
        result
    }

    fn try_run_script<'a>(
        &mut self,
        event: Event,
        env: Env<'_>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<u8>, Failure> {
        let args: Vec<Vec<u8>> =
            args.take(allowed::argument_types(event).len()).map(<[u8]>::to_vec).collect();
        if !allowed::args(event, args.iter().map(Vec::as_slice)) {
            let shown = args.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join("' '");
            return Err(variables::bad_arguments(&shown).to_string().into());
        }
        self.last_id += 1;
        let request = Request { id: self.last_id, event, args, variables: env_filter::of_event(event, env)? };
        self.send(request)?;
        let limit = self.settings.time_limit.map(|limit| limit + TERM_TO_KILL + KILL_TO_GONE + MARGIN);
        match self.answer(limit)? {
            (true, client_options) => Ok(client_options),
            (false, _) => Err(Failure::Logged),
        }
    }

    /// OpenVPN is about to die: helper and keeper see the end of their channel by themselves, and are not waited for.
    pub fn abort(&mut self) {
        if let Some(helper) = &self.helper {
            helper.finish();
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stop();
        self.lines.end();
    }
}

/// Writes to a file that OpenVPN has made. Never creates one, never follows a link, never waits.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    OpenOptions::new().append(true).custom_flags(flags).open(path)?.write_all(bytes)
}
