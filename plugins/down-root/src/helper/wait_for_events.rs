//! The helper's waiting: for OpenVPN, for what scripts print, and for a script to end.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use lines::{processes, scripts};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::Signal;
use privsep::kept_helper::{KeeperLink, KeeperNews};
use privsep::{Ended, idle_wait};

use super::client_options::{ClientOptions, LOOK};
use super::script::Script;
use super::{Exit, Helper, KILL_TO_GONE, TERM_TO_KILL, log_failure};
use crate::settings::Command;

/// How long the helper stays for a script that was killed because OpenVPN is gone. One that waits for a device can take
/// for ever.
const FAREWELL: Duration = Duration::from_millis(500);
/// A descriptor that will never have anything to say again.
const BROKEN: PollFlags = PollFlags::POLLHUP.union(PollFlags::POLLERR).union(PollFlags::POLLNVAL);

/// Whether OpenVPN is there.
pub(super) enum FrontState {
    There,
    Gone,
}

impl Helper<'_> {
    /// Waits for something to happen and takes care of what is printed; the rest is for the caller to find out.
    pub(super) fn wait(&mut self, from_front: PollFlags, until: Option<Instant>) -> Result<FrontState, Exit> {
        let news = [Some(self.child_exits.as_fd()), self.keeper.as_ref().map(AsFd::as_fd)];
        let outputs = self.scripts.iter().filter_map(|script| script.output.polled());
        let mut polled = vec![PollFd::new(self.front.as_fd(), from_front)];
        polled.extend(
            news.into_iter()
                .flatten()
                .chain(outputs)
                .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)),
        );
        match idle_wait::poll(&mut polled, until) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => {
                processes::cannot_wait(errno.desc()).log();
                return Err(Exit::Failed);
            }
        }
        let happened: Vec<PollFlags> =
            polled.iter().map(|end| end.revents().unwrap_or(PollFlags::empty())).collect();
        let mut happened = happened.into_iter();
        let (front, child_exits) = (happened.next(), happened.next());
        let keeper = self.keeper.as_ref().and_then(|_| happened.next());
        let polled = self.scripts.iter_mut().filter(|script| script.output.polled().is_some());
        for (script, flags) in polled.zip(happened) {
            script.output.happened(flags);
        }
        let child_exits = child_exits.unwrap_or(PollFlags::empty());
        if child_exits.intersects(BROKEN) {
            processes::cannot_wait_for_scripts().log();
            return Err(Exit::Failed);
        }
        if child_exits.contains(PollFlags::POLLIN) {
            self.child_exits.clear();
            self.reap_left_behind();
        }
        let told = keeper.is_some_and(|flags| !flags.is_empty()) && self.hear_keeper();
        let gone = told || front.is_some_and(|flags| flags.intersects(BROKEN));
        Ok(if gone { FrontState::Gone } else { FrontState::There })
    }

    /// The keeper has something to say, or is gone; whether it says that OpenVPN is.
    fn hear_keeper(&mut self) -> bool {
        match self.keeper.as_mut().map(KeeperLink::read) {
            Some(KeeperNews::End) => return true,
            Some(KeeperNews::Gone) => {
                self.keeper = None;
                processes::keeper_gone().log();
            }
            // It has no workers, and has asked for nothing.
            Some(_) | None => {}
        }
        false
    }

    /// Waits until a script has ended, or makes it end. `None`: it did not end by itself, or could not be ended.
    pub(super) fn watch(
        &mut self,
        script: Script,
        command: &Command,
        mut options: Option<&mut ClientOptions>,
    ) -> Result<Option<Ended>, Exit> {
        let program = &command.program;
        let mut until = self.time_limit.map(|limit| Instant::now() + limit);
        let mut sent = None;
        while !script.has_ended() {
            if until.is_some_and(|until| Instant::now() >= until) {
                let next = match sent {
                    None => (Signal::SIGTERM, TERM_TO_KILL),
                    Some(Signal::SIGTERM) => (Signal::SIGKILL, KILL_TO_GONE),
                    Some(_) => {
                        scripts::cannot_kill(program).log();
                        self.left_behind.push(script);
                        return Ok(None);
                    }
                };
                if sent.is_none() {
                    let seconds = self.time_limit.unwrap_or_default().as_secs();
                    scripts::ran_too_long(program, seconds).log();
                }
                script.signal(next.0);
                (sent, until) = (Some(next.0), Some(Instant::now() + next.1));
            }
            let look = options.as_ref().map(|_| Instant::now() + LOOK);
            let wake = until.into_iter().chain(look).min();
            if matches!(self.wait(PollFlags::empty(), wake)?, FrontState::Gone) {
                scripts::openvpn_gone(program).log();
                script.signal(Signal::SIGKILL);
                script.wait(&self.child_exits, FAREWELL);
                return Err(Exit::FrontGone);
            }
            if options.as_mut().is_some_and(|options| options.has_become_too_long()) {
                scripts::too_many_options(program).log();
            }
        }
        if sent.is_some() {
            // What it has started may have outlived its SIGTERM.
            script.signal(Signal::SIGKILL);
        }
        match (script.reap(), sent) {
            (Ok(how), None) => Ok(Some(how)),
            (Ok(how), Some(_)) => {
                log_failure(program, how);
                Ok(None)
            }
            (Err(error), _) => {
                scripts::end_unknown(program, error).log();
                Ok(None)
            }
        }
    }

    fn reap_left_behind(&mut self) {
        let (ended, running): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left_behind).into_iter().partition(Script::has_ended);
        self.left_behind = running;
        for script in ended {
            if let Ok(how) = script.reap() {
                scripts::left_behind_ended(how).log();
            }
        }
    }
}
