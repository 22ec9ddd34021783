//! The helper, as the front has it: started, sent to, waited for, and lost.

use std::time::{Duration, Instant};

use lines::processes;
use log_lines::UnloggedLine;
use nix::unistd::Pid;
use ovpn_plugin::logging;
use privsep::ChannelError;
use privsep::confine::{Cores, Output};
use privsep::kept_helper::{HelperNews, OpenVpn, Plan};

use super::identity::Identity;
use super::{Failure, Front, HelperLink};
use crate::event::Event;
use crate::helper;
use crate::protocol::{Reply, Request};
use crate::titles;

/// How long the helper may take to come up.
const START: Duration = Duration::from_secs(10);
/// How long it may take to pick up what it is asked. It only reads, so this is never reached unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the helper may take to leave.
const STOP: Duration = Duration::from_secs(5);
/// How long a keeper that is gone may take to be reaped.
const REAP: Duration = Duration::from_millis(100);
/// Room for what the helper has not read yet.
const SOCKET_BYTES: usize = 256 * 1024;

impl Front {
    /// Sends to the helper, which is started if there is none and that may be.
    pub(super) fn send(&mut self, request: Request) -> Result<(), String> {
        // The C plugin has no helper before UP either, and DOWN without UP has nothing to undo.
        if !self.started && request.event == Event::Down {
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
        let sent = helper.send(request, PATIENCE);
        if let Err(ChannelError::Closed) = sent {
            self.lose_helper();
        }
        sent.map_err(|error| processes::unreachable(error).to_string())
    }

    /// Waits for the answer to what was asked last.
    pub(super) fn answer(&mut self, patience: Option<Duration>) -> Result<(bool, Vec<u8>), Failure> {
        let end = patience.map(|patience| Instant::now() + patience);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let Some(helper) = &mut self.helper else { return Err(Failure::HelperDied) };
            match helper.receive(left) {
                Ok(Some(HelperNews::Message(Reply::Done { id, succeeded, client_options }))) => {
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
    pub(super) fn start(&mut self) -> Result<(), UnloggedLine> {
        let failed = |error: &dyn std::fmt::Display| processes::not_started(error).unlogged();
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
            orderly_end: privsep::kept_helper::ORDERLY_END,
            connect: None,
            at_end: None,
            log: UnloggedLine::log,
        };
        let openvpn = Pid::this();
        let started = {
            let _log_stands_still = logging::hold_for_fork();
            let live = |birth| helper::run(settings, base, openvpn, birth);
            HelperLink::start(&plan, START, || helper::prepare(settings, sender), live)
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
    pub(super) fn look_for_helper(&mut self) {
        loop {
            let Some(helper) = &mut self.helper else { return };
            match helper.try_receive() {
                Ok(Some(_)) => {}
                Ok(None) | Err(ChannelError::System(_)) => return,
                Err(_) => self.lose_helper(),
            }
        }
    }

    pub(super) fn lose_helper(&mut self) {
        let Some(helper) = self.helper.take() else { return };
        let keeper = helper.keeper();
        let how = helper.reap(REAP).map(|how| format!(" ({how})")).unwrap_or_default();
        processes::both_gone(keeper, &how).log();
        helper.stop(Duration::ZERO);
    }

    pub(super) fn stop(&mut self) {
        let Some(helper) = self.helper.take() else { return };
        let keeper = helper.keeper();
        if !helper.stop(STOP) {
            processes::did_not_end(keeper, STOP.as_secs()).log();
        }
    }
}
