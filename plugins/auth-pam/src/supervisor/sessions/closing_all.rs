//! OpenVPN has ended: the sessions that are open are closed, as far as the time allows.

use std::time::{Duration, Instant};

use privsep::kept_helper::Numbered;

use crate::protocol::session::{CloseReason, Usage};
use crate::supervisor::events::{EventSource, WorkerId};
use crate::supervisor::{Exit, Supervisor};

/// For how long is read what OpenVPN has still said.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long all sessions may take to be closed when OpenVPN has ended.
pub const CLOSE_ALL: Duration = Duration::from_secs(10);

impl Supervisor {
    /// OpenVPN has ended: closes all sessions, as far as the time allows, before anybody is killed.
    pub(in crate::supervisor) fn close_all_sessions(&mut self) {
        if self.sessions.all().is_empty() {
            return;
        }
        self.events.remove(&self.front);
        let now = Instant::now();
        let workers: Vec<WorkerId> = self.sessions.all().iter().map(|session| session.worker).collect();
        for worker in workers {
            self.close_session(now, worker, Usage::unknown(CloseReason::OpenVpnEnded));
        }
        let end = now + CLOSE_ALL;
        while !self.sessions.all().is_empty() && Instant::now() < end {
            self.watch_keeper();
            let until = self.sessions.next_event().map_or(end, |late| late.min(end));
            let Ok(happened) = self.events.wait(Some(until)) else { break };
            let now = Instant::now();
            for source in happened {
                match source {
                    EventSource::Worker(worker) => self.hear(now, worker),
                    EventSource::ModuleOutput => self.output.read(),
                    EventSource::Writer => self.hear_writer(now),
                    // It says that OpenVPN has ended, or is gone itself: then nobody else ends workers.
                    EventSource::Keeper => {
                        if let Err(Exit::Failed) = self.hear_keeper(now) {
                            return;
                        }
                    }
                    EventSource::Front | EventSource::StatusSocket | EventSource::StatusCaller(_) => {}
                }
            }
            self.end_late_sessions(now);
        }
        let late: Vec<WorkerId> = self.sessions.all().iter().map(|session| session.worker).collect();
        for worker in late {
            let seconds = CLOSE_ALL.as_secs();
            let why = lines::sessions::not_closed_in_time(seconds).to_string();
            self.session_lost(Instant::now(), worker, &why);
        }
    }

    /// What OpenVPN has said of its clients before it ended. Somebody who has taken it over could go on for ever.
    pub(in crate::supervisor) fn receive_last_reports(&mut self) {
        if self.sessions.all().is_empty() {
            return;
        }
        let end = Instant::now() + LAST_WORDS;
        while let (Ok(Some(received)), true) = (self.front.try_receive(), Instant::now() < end) {
            if !received.descriptors.is_empty() {
                // Not closed here: closing a file of FUSE can block on its server.
                std::mem::forget(received.descriptors);
                return;
            }
            let Numbered { generation, message } = received.message;
            if generation == self.generation {
                self.asked_about_session(Instant::now(), message);
            }
        }
    }
}
