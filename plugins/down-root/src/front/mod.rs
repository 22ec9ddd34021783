//! The part inside OpenVPN. After `--user` it has no privileges; it tells the helper which event has come, and waits.

mod env_filter;
mod identity;
mod log_writer;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use lines::{processes, scripts, variables};
use log_lines::Said;
use nix::unistd::Pid;
use ovpn_plugin::{Env, logging};
use privsep::ChannelError;
use privsep::confine::{Cores, Output};
use privsep::life::{HelperNews, KeptHelper, OpenVpn, Plan};

use crate::event::Event;
use crate::helper::environment::AtUp;
use crate::helper::{self, KILL_TO_GONE, TERM_TO_KILL};
use crate::protocol::allowed;
use crate::protocol::{Answer, Ask};
use crate::settings::Settings;
use crate::titles;
use identity::Identity;
use log_writer::Lines;

/// How long the helper may take to come up.
const START: Duration = Duration::from_secs(10);
/// How long it may take to pick up what it is asked. It only reads, so this is never reached unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much longer than the script may run its answer may take.
const MARGIN: Duration = Duration::from_secs(5);
/// How long the helper may take to leave.
const STOP: Duration = Duration::from_secs(5);
/// How long a keeper that is gone may take to be reaped.
const REAP: Duration = Duration::from_millis(100);
/// Room for what the helper has not read yet.
const SOCKET_BYTES: usize = 256 * 1024;

type Helper = KeptHelper<Ask, Answer>;

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
    /// What a helper is born with: the environment of the last UP event of the time when OpenVPN was privileged; before
    /// the first one, that in which the plugin was opened. Never that of another event.
    base: AtUp,
    helper: Option<Helper>,
    started: bool,
    lines: Lines,
    identity: Identity,
    last_id: u64,
}

impl Front {
    /// Starts nothing yet: the environment of the UP event is what the helper is to be born with.
    pub fn new(settings: Settings, env: Env<'_>) -> nix::Result<Self> {
        let (base, lines) = (AtUp::from_event(env), Lines::new()?);
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
            self.base = AtUp::from_event(env);
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
            match self.ask(Event::Up, env, args) {
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
        let result = self.ask(event, env, args);
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
        let Ok(options) = self.ask(Event::ClientConnect, env, std::iter::empty()) else { return false };
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
    fn ask<'a>(
        &mut self,
        event: Event,
        env: Env<'_>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<u8>, Failure> {
        let result = self.try_ask(event, env, args);
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

    fn try_ask<'a>(
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
        let ask = Ask { id: self.last_id, event, args, variables: env_filter::of_event(event, env)? };
        self.send(ask)?;
        let limit = self.settings.time_limit.map(|limit| limit + TERM_TO_KILL + KILL_TO_GONE + MARGIN);
        match self.answer(limit)? {
            (true, client_options) => Ok(client_options),
            (false, _) => Err(Failure::Logged),
        }
    }

    /// Sends to the helper, which is started if there is none and that may be.
    fn send(&mut self, ask: Ask) -> Result<(), String> {
        // The C plugin has no helper before UP either, and DOWN without UP has nothing to undo.
        if !self.started && ask.event == Event::Down {
            return Err(processes::no_up().to_string());
        }
        self.look_for_helper();
        if self.helper.is_none() {
            if self.identity != Identity::now() {
                return Err(processes::no_helper().to_string());
            }
            self.start().map_err(|error| error.text)?;
        }
        let Some(helper) = &mut self.helper else { return Err(processes::no_helper().to_string()) };
        let sent = helper.send(ask, PATIENCE);
        if let Err(ChannelError::Closed) = sent {
            self.lose_helper();
        }
        sent.map_err(|error| processes::unreachable(error).to_string())
    }

    /// Waits for the answer to what was asked last.
    fn answer(&mut self, patience: Option<Duration>) -> Result<(bool, Vec<u8>), Failure> {
        let end = patience.map(|patience| Instant::now() + patience);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let Some(helper) = &mut self.helper else { return Err(Failure::HelperDied) };
            match helper.receive(left) {
                Ok(Some(HelperNews::Message(Answer::Done { id, succeeded, client_options }))) => {
                    if id == self.last_id {
                        return Ok((succeeded, client_options));
                    }
                    // Of a run that nobody waits for any more.
                }
                Ok(Some(HelperNews::Lost)) => return Err(Failure::HelperDied),
                Ok(None) => return Err(processes::silent().to_string().into()),
                Err(_) => {
                    self.lose_helper();
                    return Err(Failure::HelperDied);
                }
            }
        }
    }

    /// Forks a keeper and with it a helper, in the place of those there were.
    fn start(&mut self) -> Result<(), Said> {
        let failed = |error: &dyn std::fmt::Display| processes::not_started(error).said();
        let sender = self.lines.for_helper().map_err(|errno| failed(&errno.desc()))?;
        let (settings, base) = (&self.settings, &self.base);
        let (name, command) = titles::KEEPER;
        let title = settings.title(name);
        let plan = Plan {
            name: "helper",
            title: &title,
            command,
            // Nothing is ever printed there: log lines go to the front, and scripts have pipes.
            output: Output::Null,
            cores: Cores::Inherited,
            openvpn: OpenVpn::Parent,
            // A script may leave processes on purpose.
            workers: None,
            hold: &[],
            orderly_end: privsep::life::ORDERLY_END,
            connect: None,
            at_end: None,
            log: Said::log,
        };
        let openvpn = Pid::this();
        let started = {
            let _log_stands_still = logging::hold_for_fork();
            let live = |birth| helper::run(settings, base, openvpn, birth);
            Helper::start(&plan, START, || helper::prepare(settings, sender), live)
        };
        let helper = started.map_err(|error| failed(&error))?;
        helper.set_buffer(SOCKET_BYTES);
        self.stop();
        if !self.identity.is_root() && !self.started {
            processes::not_root(self.identity.user()).log();
        }
        processes::keeper(helper.keeper()).log();
        (self.helper, self.started) = (Some(helper), true);
        Ok(())
    }

    /// Notices that the helper has ended, and whether another one has taken its place.
    fn look_for_helper(&mut self) {
        loop {
            let Some(helper) = &mut self.helper else { return };
            match helper.try_receive() {
                Ok(Some(_)) => {}
                Ok(None) | Err(ChannelError::System(_)) => return,
                Err(_) => self.lose_helper(),
            }
        }
    }

    fn lose_helper(&mut self) {
        let Some(helper) = self.helper.take() else { return };
        let keeper = helper.keeper();
        let how = helper.reap(REAP).map(|how| format!(" ({how})")).unwrap_or_default();
        processes::both_gone(keeper, &how).log();
        helper.stop(Duration::ZERO);
    }

    fn stop(&mut self) {
        let Some(helper) = self.helper.take() else { return };
        let keeper = helper.keeper();
        if !helper.stop(STOP) {
            processes::did_not_end(keeper, STOP.as_secs()).log();
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
