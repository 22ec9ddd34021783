//! What the keeper ends when OpenVPN is gone: all processes. When only a helper has died: what it left running.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::reaper::{self, ChildrenLeft};
use super::workers::WorkerProcesses;
use super::{Keeper, RunningHelper};
use crate::children::Children;
use crate::orphans::GRACE;

/// How long workers that were killed may take to die, when everything ends.
const REAP: Duration = Duration::from_millis(1500);
/// How long what a dead helper has left may take to be gone before the next one is started.
const LEFTOVERS: Duration = Duration::from_secs(1);

impl Keeper<'_> {
    /// OpenVPN is gone, and the helper has ended or does not end. Reaper the workers and what they left running, as far as the
    /// kernel allows.
    pub(super) fn end(&self, mut current: RunningHelper<'_>) {
        if current.workers.is_none() {
            return;
        }
        current.workers.iter().for_each(WorkerProcesses::kill_all);
        let started = Instant::now();
        loop {
            let now = Instant::now();
            let (ended, left) = current.reaper.reap(now);
            for (process, _) in ended {
                current.workers.as_mut().and_then(|workers| workers.reaped(process));
            }
            if left == ChildrenLeft::None {
                return;
            }
            self.end_orphans(&mut current, now);
            let time = if current.reaper.no_orphans() { REAP } else { GRACE + REAP };
            let end = started + time;
            if now >= end {
                return current.workers.iter().for_each(WorkerProcesses::kill_all_groups);
            }
            let until = current.reaper.next_event(now).map_or(end, |next| next.min(end));
            self.wait_for_child(until.saturating_duration_since(now));
        }
    }

    fn wait_for_child(&self, patience: Duration) {
        let timeout = PollTimeout::try_from(patience.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut [PollFd::new(self.child_exits.as_fd(), PollFlags::POLLIN)], timeout);
        while let Ok(Some(_)) = self.child_exits.read_signal() {}
    }

    /// The helper is dead. Kills what it left running and waits for that to end, so that the next helper does not meet it.
    pub(super) fn clear_leftovers(&self) {
        if self.plan.workers.is_none() {
            return;
        }
        let end = Instant::now() + LEFTOVERS;
        let mut children = Children::open();
        while !reaper::kill_everything(&mut children) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.wait_for_child(left);
        }
    }
}
