//! How workers end: by themselves, because they are too old or idle, or killed.

use std::time::Instant;

use privsep::ChannelError;

use super::{EndReason, MAX_AGE, Worker, WorkerState, Workers};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::events::{Events, WorkerId};

/// A worker that is no more.
#[derive(Debug)]
pub struct Gone {
    /// What it ran.
    pub attempt: Option<Box<Attempt>>,
    /// Why it has ended.
    pub why: EndReason,
    /// Whether it had started.
    pub ready: bool,
}

impl Workers {
    /// A worker's channel has ended or cannot be trusted: kills it. What it ran is concluded when it is dead.
    pub fn hung_up(&mut self, now: Instant, events: &Events, id: WorkerId, error: &ChannelError) {
        let trusted = matches!(error, ChannelError::Closed);
        if !trusted {
            let pid = self.pid(id);
            lines::workers::no_report(pid, error).log();
        }
        let Some(worker) = self.table.get_mut(&id) else { return };
        self.keeper.kill(id, false);
        if let Some(channel) = worker.channel.take() {
            events.remove(&channel);
            worker.unheard = Some(channel);
        }
        worker.end(now, if trusted { EndReason::Own } else { EndReason::Distrusted });
    }

    /// Kills a worker; the attempt it ran. What it has started becomes an orphan when it is gone.
    pub fn kill(&mut self, now: Instant, id: WorkerId) -> Option<Box<Attempt>> {
        let worker = self.table.get_mut(&id)?;
        self.keeper.kill(id, false);
        let WorkerState::Ending(attempt) = worker.end(now, EndReason::Told) else { return None };
        attempt.take()
    }

    /// Closes a worker's channel, on which it leaves; one that waits for an answer ends its transaction first.
    pub fn dismiss(&mut self, now: Instant, id: WorkerId) {
        if let Some(worker) = self.table.get_mut(&id) {
            worker.end(now, EndReason::Told);
        }
    }

    /// Kills those that have not ended in time, now with their process groups: the kernel does not let them go, or they do
    /// not leave.
    pub fn kill_late(&mut self, now: Instant) {
        for (id, worker) in &mut self.table {
            if worker.end_by.is_some_and(|end| end <= now) {
                worker.end_by = None;
                self.keeper.kill(*id, true);
            }
        }
    }

    /// Dismisses idle workers that are too old or have had nothing to do for too long. For want of work, the last one
    /// stays.
    pub fn retire(&mut self, now: Instant) {
        let mut idle: Vec<_> = self.idle_ones().collect();
        idle.sort_by_key(|(_, _, since)| *since);
        let mut alive = self.alive();
        for (id, born, since) in idle {
            let old = now.saturating_duration_since(born) >= MAX_AGE;
            if old || (alive > 1 && now.saturating_duration_since(since) >= self.idle_time) {
                self.dismiss(now, id);
                alive -= 1;
            }
        }
    }

    /// The running ones whose attempts are over their time, and those that take too long to be ready.
    pub fn late(&self, now: Instant) -> Vec<WorkerId> {
        let late = |worker: &Worker| worker.deadline().is_some_and(|deadline| deadline <= now);
        self.table.iter().filter(|(_, worker)| late(worker)).map(|(id, _)| *id).collect()
    }

    /// A worker that has ended counts no more.
    pub fn remove(&mut self, id: WorkerId) -> Option<Gone> {
        let worker = self.table.remove(&id)?;
        let attempt = worker.state.into_attempt();
        Some(Gone { attempt, why: worker.why, ready: worker.ready })
    }

    /// Kills all workers except those that wait for an answer or are in a session. Those end their transactions first, and
    /// count until they have.
    pub fn kill_all(&mut self, now: Instant) {
        for (id, worker) in &mut self.table {
            if matches!(worker.state, WorkerState::Suspended { .. } | WorkerState::InSession { .. }) {
                worker.end(now, EndReason::Told);
            } else {
                self.keeper.kill(*id, false);
            }
        }
    }
}
