//! Workers that have ended: what becomes of what they ran. And how the supervisor ends those that are left.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use privsep::Ended;
use privsep::kept_helper::KeeperNews;

use super::Supervisor;
use super::audit::Audit;
use super::events::WorkerId;
use super::metrics::Metrics;
use super::outcome::Outcome;
use super::waiting_questions::WaitingQuestion;
use super::workers::{EndReason, Gone};
use crate::protocol::time_taken::TimeTaken;
use crate::quoted::shown;

/// How long workers that were killed, or have to leave, may take for that when the supervisor ends.
const REAP: Duration = Duration::from_millis(1500);

impl Supervisor {
    /// A worker has ended, whatever it did: it is known now how, so what it ran gets its verdict.
    pub(super) fn worker_ended(&mut self, now: Instant, worker: WorkerId, how: Ended) {
        // Its last words may still be in the channel.
        self.hear(now, worker);
        let pid = self.workers.pid(worker);
        if self.session_worker_ended(now, worker, how) {
            self.workers.remove(worker);
            return;
        }
        let waited = self.waiting_questions.remove(worker);
        match self.workers.remove(worker) {
            Some(Gone { .. }) if waited.is_some() => {
                waited.iter().for_each(|one| self.refuse_pending(now, one));
                let user = waited.iter().map(|one| shown(&one.username)).collect::<String>();
                let took = |one: &WaitingQuestion| TimeTaken::until(now, one.asked, None);
                let tail = waited
                    .iter()
                    .map(|one| self.line_tail_with_time(&one.origin, took(one)))
                    .collect::<String>();
                lines::questions::worker_ended(&user, how, &tail).log();
            }
            Some(Gone { attempt: Some(attempt), why, .. }) => {
                self.ended(&attempt);
                let distrusted = why == EndReason::Distrusted;
                let outcome = if distrusted { Outcome::Distrusted(how) } else { Outcome::WorkerEnded(how) };
                self.counters.totals.workers_ended_by_modules += u64::from(outcome.is_modules_fault());
                if outcome.is_modules_fault() && attempt.options.is_none() {
                    let closed = self.penalties.crashed(now, attempt.source, &attempt.username);
                    self.put_off(now, attempt.source, closed);
                }
                self.conclude(now, *attempt, &outcome);
            }
            Some(Gone { why: EndReason::Own, ready: false, .. }) => {
                // The next one would do the same: none is tried for a while.
                lines::workers::ended_at_start(pid, how).log();
                self.worker_starts.fork_failed(now);
                self.give_up_waiting(now);
            }
            Some(Gone { why: EndReason::Own, .. }) if how != Ended::Exited(0) => {
                lines::workers::idle_ended(pid, how).log();
            }
            _ => {}
        }
    }

    /// Nobody is left to answer to. Workers end first, each alone: what they have started has time to leave, which the keeper
    /// gives it.
    pub(super) fn end_workers(&mut self) {
        let now = Instant::now();
        self.workers.kill_all(now);
        self.watch_keeper();
        let end = now + REAP;
        let goes_on = |supervisor: &Self| {
            !supervisor.workers.is_empty()
                || supervisor.audit.as_ref().is_some_and(Audit::waits)
                || supervisor.metrics.as_ref().is_some_and(Metrics::runs)
        };
        while goes_on(self) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let keeper = self.workers.keeper();
            let room = if keeper.has_unsent() { PollFlags::POLLOUT } else { PollFlags::empty() };
            let timeout = PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX);
            let _ = poll(&mut [PollFd::new(keeper.as_fd(), PollFlags::POLLIN | room)], timeout);
            keeper.flush();
            match keeper.read() {
                KeeperNews::WorkerEnded(worker, _) | KeeperNews::ForkFailed(worker, _) => {
                    self.workers.remove(worker);
                    self.metrics.take_if(|metrics| metrics.is_writer(worker));
                }
                KeeperNews::Connected(socket) => self.connected(socket),
                KeeperNews::Gone => return,
                KeeperNews::Nothing | KeeperNews::Forked(..) | KeeperNews::End => {}
            }
        }
    }
}
