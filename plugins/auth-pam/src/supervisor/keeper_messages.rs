//! What the keeper says: that workers were forked or have ended, that there is a connection to the system log, or that
//! OpenVPN is gone.

use std::os::fd::OwnedFd;
use std::time::Instant;

use privsep::kept_helper::KeeperNews;

use super::events::{EventSource, Interest};
use super::{Exit, Supervisor};

/// News taken at once.
const BATCH: usize = 256;

impl Supervisor {
    /// Hears the keeper.
    pub(super) fn hear_keeper(&mut self, now: Instant) -> Result<(), Exit> {
        self.workers.keeper().flush();
        for _ in 0..BATCH {
            match self.workers.keeper().read() {
                KeeperNews::Nothing => return Ok(()),
                KeeperNews::Forked(worker, process) => {
                    self.workers.forked(worker, process);
                    self.counters.totals.workers_forked += 1;
                    self.fork_failure_logged = false;
                }
                KeeperNews::ForkFailed(worker, errno) if self.writer_not_forked(now, worker, errno) => {}
                KeeperNews::WorkerEnded(worker, how) if self.writer_ended(now, worker, how) => {}
                KeeperNews::ForkFailed(worker, errno) => {
                    self.workers.remove(worker);
                    self.fork_failed(now, errno);
                }
                KeeperNews::WorkerEnded(worker, how) => self.worker_ended(now, worker, how),
                KeeperNews::Connected(socket) => self.connected(socket),
                KeeperNews::End => return Err(Exit::FrontGone),
                KeeperNews::Gone => {
                    lines::processes::keeper_gone().log();
                    return Err(Exit::Failed);
                }
            }
        }
        Ok(())
    }

    /// The keeper has connected to the system log, or could not.
    pub(super) fn connected(&mut self, socket: Option<OwnedFd>) {
        if let Some(audit) = &mut self.audit {
            audit.connected(socket);
        }
    }

    /// What the keeper has no room for is sent when it has.
    pub(super) fn watch_keeper(&mut self) {
        if let Some(audit) = self.audit.as_mut().filter(|audit| audit.asks_for_connection()) {
            audit.asked();
            self.workers.keeper().connect();
        }
        let unsent = self.workers.keeper().has_unsent();
        if unsent != self.keeper_has_no_room {
            let interest = if unsent { Interest::MessagesAndRoom } else { Interest::Messages };
            let _ = self.events.change(&*self.workers.keeper(), EventSource::Keeper, interest);
            self.keeper_has_no_room = unsent;
        }
    }
}
