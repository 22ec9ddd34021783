//! What the workers do, in numbers and one by one.

use std::time::Instant;

use nix::unistd::Pid;
use privsep::orphans::GRACE;

use super::{Worker, WorkerState, Workers};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::counters::WorkerCounts;
use crate::supervisor::events::WorkerId;

/// What a worker does, for the status.
#[derive(Debug, Clone, Copy)]
pub enum Doing<'a> {
    /// It runs this attempt's transaction.
    Runs(&'a Attempt),
    /// It waits for a person or a client, which other tables know.
    Waits(&'static str),
    /// This, since then.
    Other(&'static str, Instant),
}

impl Workers {
    /// How many processes count against `max-workers`, those that end included. Sessions have a bound of their own, and so have
    /// transactions that have asked, also when they go on with the answer: otherwise the answers of one source would take the
    /// workers of all others. Those beyond that bound count.
    pub fn processes(&self) -> usize {
        let (mut processes, mut asked) = (0, 0usize);
        for worker in self.table.values() {
            asked += usize::from(worker.state.has_asked());
            processes += usize::from(!worker.state.is_apart());
        }
        processes + asked.saturating_sub(self.most_asked)
    }

    /// Whether there is none of any kind.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// How many may run another attempt, now or later.
    pub fn alive(&self) -> usize {
        let alive =
            |worker: &&Worker| !matches!(worker.state, WorkerState::Ending(_)) && !worker.state.is_apart();
        self.table.values().filter(alive).count()
    }

    /// How many run a transaction.
    pub fn running(&self) -> usize {
        self.table.values().filter(|worker| matches!(worker.state, WorkerState::Running { .. })).count()
    }

    /// Those that run a transaction.
    pub fn running_ones(&self) -> impl Iterator<Item = (WorkerId, &Attempt)> {
        self.table.iter().filter_map(|(id, worker)| match &worker.state {
            WorkerState::Running { attempt, .. } => Some((*id, &**attempt)),
            _ => None,
        })
    }

    /// How many do what.
    pub fn counts(&self) -> WorkerCounts {
        let mut counts = WorkerCounts::default();
        for worker in self.table.values() {
            *match worker.state {
                WorkerState::Starting => &mut counts.starting,
                WorkerState::Idle(_) => &mut counts.idle,
                WorkerState::Running { .. } => &mut counts.running,
                WorkerState::LookingAtItself { .. } => &mut counts.looking,
                WorkerState::Suspended { .. } => &mut counts.suspended,
                WorkerState::InSession { .. } => &mut counts.in_session,
                WorkerState::Ending(_) => &mut counts.ending,
            } += 1;
        }
        counts
    }

    /// What each does: its number, its process, and since when there is it. Those that run come first.
    pub fn doing(&self) -> impl Iterator<Item = (WorkerId, Option<Pid>, Instant, Doing<'_>)> {
        let all = self.table.iter().map(|(id, worker)| {
            let doing = match &worker.state {
                WorkerState::Running { attempt, .. } => Doing::Runs(attempt),
                WorkerState::Suspended { .. } => Doing::Waits("suspended"),
                WorkerState::InSession { .. } => Doing::Waits("in_session"),
                WorkerState::Starting => Doing::Other("starting", worker.born),
                WorkerState::Idle(since) => Doing::Other("idle", *since),
                WorkerState::LookingAtItself { since, .. } => Doing::Other("looking", *since),
                WorkerState::Ending(_) => {
                    Doing::Other("ending", worker.end_by.map_or(worker.born, |end| end - GRACE))
                }
            };
            (*id, worker.pid, worker.born, doing)
        });
        let (running, others): (Vec<_>, Vec<_>) =
            all.partition(|(.., doing)| matches!(doing, Doing::Runs(_)));
        running.into_iter().chain(others)
    }

    /// When the first attempt came of those that run.
    pub fn first_arrival(&self) -> Option<Instant> {
        let arrivals = self.table.values().filter_map(|worker| match &worker.state {
            WorkerState::Running { attempt, .. } => Some(attempt.arrived),
            _ => None,
        });
        arrivals.min()
    }

    /// How many are free: idle, or about to be.
    pub fn free(&self) -> usize {
        let free = |worker: &&Worker| {
            matches!(
                worker.state,
                WorkerState::Starting
                    | WorkerState::LookingAtItself { slow: false, .. }
                    | WorkerState::Idle(_)
            )
        };
        self.table.values().filter(free).count()
    }
}
