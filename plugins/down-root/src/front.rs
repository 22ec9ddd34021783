//! The part inside OpenVPN. After `--user` it has no privileges; it tells the helper which event has come, and waits.

mod lines;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use ovpn_plugin::{Env, logging};
use privsep::ChannelError;

use crate::allowed;
use crate::environment::AtUp;
use crate::event::Event;
use crate::helper::{self, KILL_TO_GONE, TERM_TO_KILL};
use crate::home::Home;
use crate::passing;
use crate::protocol::{Answer, Ask};
use crate::settings::Settings;
use lines::Lines;

/// How long the helper may take to come up.
const START: Duration = Duration::from_secs(10);
/// How long it may take to pick up what it is asked. It only reads, so this is never reached unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much longer than the script may run its answer may take.
const MARGIN: Duration = Duration::from_secs(5);
/// How long the helper may take to leave.
const STOP: Duration = Duration::from_secs(5);
/// Room for what the helper has not read yet.
const SOCKET_BYTES: usize = 256 * 1024;

type Helper = privsep::Helper<Ask, Answer>;

/// The front.
pub struct Front {
    settings: Settings,
    /// What a helper is born with: the environment of the last UP event of the time when OpenVPN was privileged; before
    /// the first one, that in which the plugin was opened. Never that of another event.
    base: AtUp,
    helper: Option<Helper>,
    started: bool,
    lines: Lines,
    home: Home,
    last_id: u64,
}

impl Front {
    /// Starts nothing yet: the environment of the UP event is what the helper is to be born with.
    pub fn new(settings: Settings, env: Env<'_>) -> nix::Result<Self> {
        let (base, lines) = (AtUp::from_event(env), Lines::new()?);
        Ok(Front { settings, base, helper: None, started: false, lines, home: Home::now(), last_id: 0 })
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
        if self.home == Home::now() {
            self.base = AtUp::from_event(env);
            let Err(error) = self.start() else { return true };
            self.look_for_helper();
            if self.helper.is_some() {
                log::warn!("{error}; the helper of the last UP event stays, with its environment");
                return true;
            }
            log::error!("{error}");
            // Of a restart it is not the end: the next event starts one, if that is possible by then.
            return self.started;
        }
        if !self.started {
            log::error!(
                "OpenVPN has given up its privileges before the first UP event: scripts cannot be run as root"
            );
            return false;
        }
        let done = if self.settings.has(Event::Up) {
            self.run(Event::Up, env, args)
        } else {
            self.look_for_helper();
            true
        };
        if self.helper.is_none() {
            log::error!("{NO_HELPER}; the down script will not be run");
            return true;
        }
        done
    }

    /// An event whose script is to be run; whether the answer is success.
    pub fn run<'a>(&mut self, event: Event, env: Env<'_>, args: impl Iterator<Item = &'a [u8]>) -> bool {
        match self.ask(event, env, args) {
            Ok(_) => true,
            Err(()) if self.settings.ignore_failure && !event.decides() => {
                log::warn!("the {} script failed, which is ignored (ignore-failure=yes)", event.name());
                true
            }
            Err(()) => false,
        }
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
            log::error!("the file for the client's options cannot be written: {error}");
        }
        written.is_ok()
    }

    /// Has a script run and waits for its end; what it wrote for a client. Why it failed is in the log.
    fn ask<'a>(
        &mut self,
        event: Event,
        env: Env<'_>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<u8>, ()> {
        let result = self.try_ask(event, env, args);
        // What comes next in the log is about what the helper has said.
        self.lines.settle(event);
        result.map_err(|error| {
            if let Some(error) = error {
                log::error!("the {} script: {error}", event.name());
            }
        })
    }

    /// As `ask`; the error is `None` if the helper has logged it.
    fn try_ask<'a>(
        &mut self,
        event: Event,
        env: Env<'_>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<u8>, Option<String>> {
        let args: Vec<Vec<u8>> = args.take(allowed::words(event).len()).map(<[u8]>::to_vec).collect();
        if !allowed::args(event, args.iter().map(Vec::as_slice)) {
            let words = args.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join("' '");
            return Err(Some(format!("invalid words from OpenVPN, not run: '{words}'")));
        }
        self.last_id += 1;
        let ask = Ask { id: self.last_id, event, args, variables: passing::variables(event, env)? };
        self.send(&ask)?;
        let limit = self.settings.time_limit.map(|limit| limit + TERM_TO_KILL + KILL_TO_GONE + MARGIN);
        match self.answer(limit) {
            Some((true, client_options)) => Ok(client_options),
            Some((false, _)) => Err(None),
            None => Err(Some("the helper is gone or does not answer".into())),
        }
    }

    /// Sends, to a new helper if there is none and one may be started.
    fn send(&mut self, ask: &Ask) -> Result<(), String> {
        // The C plugin has no helper before UP either, and DOWN without UP has nothing to undo.
        if !self.started && ask.event == Event::Down {
            return Err("there was no UP event".into());
        }
        for fresh in [false, true] {
            if self.helper.is_none() {
                if self.home != Home::now() {
                    return Err(NO_HELPER.into());
                }
                self.start()?;
            }
            let Some(helper) = &mut self.helper else { continue };
            match helper.channel.send(ask, &[], PATIENCE) {
                Ok(()) => return Ok(()),
                Err(ChannelError::Closed) if !fresh => self.lose_helper(),
                Err(error) => return Err(format!("the helper cannot be reached: {error}")),
            }
        }
        Err("the helper ended at once".into())
    }

    /// Waits for the answer to what was asked last; `None`: not in time, or the helper is gone.
    fn answer(&mut self, patience: Option<Duration>) -> Option<(bool, Vec<u8>)> {
        let end = patience.map(|patience| Instant::now() + patience);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            match self.helper.as_mut()?.channel.receive(left) {
                Ok(Some(received)) => match received.message {
                    Answer::Done { id, succeeded, client_options } if id == self.last_id => {
                        return Some((succeeded, client_options));
                    }
                    // Of a run that nobody waits for any more.
                    _ => {}
                },
                Ok(None) => return None,
                Err(_) => {
                    self.lose_helper();
                    return None;
                }
            }
        }
    }

    /// Forks a helper, in the place of the one there was.
    fn start(&mut self) -> Result<(), String> {
        let (settings, base, openvpn) = (&self.settings, &self.base, Pid::this());
        let failed = |error: &dyn std::fmt::Display| format!("the helper cannot be started: {error}");
        let lines = self.lines.for_helper().map_err(|errno| failed(&errno.desc()))?;
        let started = {
            let _log_stands_still = logging::hold_for_fork();
            Helper::start(|channel| helper::run(settings, base, openvpn, channel, lines))
        };
        let mut helper = started.map_err(|error| failed(&error))?;
        helper.channel.set_buffer(SOCKET_BYTES);
        let error = match helper.channel.receive(Some(START)) {
            Ok(Some(received)) if received.message == Answer::Ready => None,
            Ok(None) => Some(format!("the helper did not come up within {} s", START.as_secs())),
            Ok(Some(_)) | Err(_) => Some("the helper ended while it was starting".into()),
        };
        if let Some(error) = error {
            helper.stop(Duration::ZERO);
            return Err(error);
        }
        self.stop();
        if !self.home.is_root() && !self.started {
            log::warn!("OpenVPN has no root privileges: scripts will be run as user {}", self.home.user());
        }
        log::debug!("the helper is process {}", helper.pid());
        (self.helper, self.started) = (Some(helper), true);
        Ok(())
    }

    /// Notices that the helper has ended.
    fn look_for_helper(&mut self) {
        if let Some(helper) = &mut self.helper {
            if matches!(helper.channel.try_receive(), Err(ChannelError::Closed)) {
                self.lose_helper();
            }
        }
    }

    fn lose_helper(&mut self) {
        if let Some(helper) = self.helper.take() {
            let how =
                helper.reap(std::time::Duration::ZERO).map(|how| format!(" ({how})")).unwrap_or_default();
            log::error!("the helper, process {}, is gone{how}", helper.pid());
            helper.stop(Duration::ZERO);
        }
    }

    fn stop(&mut self) {
        if let Some(helper) = self.helper.take() {
            let pid = helper.pid();
            if !helper.stop(STOP) {
                log::warn!("the helper, process {pid}, did not end within {} s", STOP.as_secs());
            }
        }
    }

    /// OpenVPN is about to die: the helper sees the end of its channel by itself, and is not waited for.
    pub fn abort(&mut self) {
        if let Some(helper) = &self.helper {
            helper.channel.finish();
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stop();
        self.lines.end();
    }
}

const NO_HELPER: &str =
    "the helper is gone, and OpenVPN has no privileges any more to start another one; restart OpenVPN";

/// Writes to a file that OpenVPN has made. Never creates one, never follows a link, never waits.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    OpenOptions::new().append(true).custom_flags(flags).open(path)?.write_all(bytes)
}
