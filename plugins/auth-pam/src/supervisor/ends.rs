//! Children that end: workers, and what they have left running, which ends with them.

use std::time::{Duration, Instant};

use nix::unistd::Pid;
use ovpn_plugin::escape;
use privsep::orphans::{GRACE, Orphans, reap_one};
use privsep::{Ended, Reaped};

use super::Supervisor;
use super::conclude::Outcome;
use super::workers::{Gone, Why};
use crate::quoted::shown;

/// Children reaped at once: what forks without end must not keep the supervisor from everything else.
const BATCH: usize = 256;
/// How long those that were killed may take to die, when the supervisor ends. With the grace it is less than OpenVPN waits.
const REAP: Duration = Duration::from_millis(1500);
/// Lines about processes that were left running are at least this far apart.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known of children that end.
pub struct Ends {
    orphans: Orphans,
    /// There may be more to reap.
    pub more: bool,
    /// Orphans that no line has told of yet, and one of them.
    untold: Option<(usize, String)>,
    told: Option<Instant>,
}

impl Ends {
    /// None so far.
    pub fn new() -> Self {
        Ends { orphans: Orphans::new(), more: false, untold: None, told: None }
    }

    /// When there is something to do.
    pub fn next_event(&self) -> Option<Instant> {
        let now = Instant::now();
        if self.more {
            return Some(now);
        }
        let line = self.untold.as_ref().map(|_| self.told.map_or(now, |told| told + PAUSE));
        line.into_iter().chain(self.orphans.next_event(now)).min()
    }

    fn tell(&mut self, now: Instant, left: &[Pid]) {
        match (&mut self.untold, left.first()) {
            (Some((count, _)), _) => *count += left.len(),
            (none, Some(pid)) => *none = Some((left.len(), format!("{pid} '{}'", name(*pid)))),
            (None, None) => {}
        }
        if self.told.is_some_and(|told| now < told + PAUSE) {
            return;
        }
        if let Some((count, one)) = self.untold.take() {
            log::warn!(
                "PAM modules left {count} process(es) running, such as {one}: sending SIGTERM, and SIGKILL after {} s",
                GRACE.as_secs()
            );
            self.told = Some(now);
        }
    }
}

fn name(pid: Pid) -> String {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    escape(name.trim_ascii_end()).to_string()
}

impl Supervisor {
    /// Reaps children that have ended, and decides what workers among them ran.
    pub(super) fn reap(&mut self, now: Instant) {
        self.child_exits.clear();
        self.ends.more = false;
        for _ in 0..BATCH {
            let Reaped::Child(pid, how) = reap_one() else { return };
            self.ends.orphans.child_ended(now, pid);
            let Some(worker) = self.workers.of_process(pid) else { continue };
            self.workers.mark_reaped(worker);
            // Its last words may still be in the channel.
            self.hear(now, worker);
            let waited = self.suspended.remove(worker);
            match self.workers.remove(worker) {
                Some(Gone { .. }) if waited.is_some() => {
                    waited.iter().for_each(|one| self.refuse_pending(one));
                    let user = waited.iter().map(|one| shown(&one.username)).collect::<String>();
                    let tail = waited.iter().map(|one| self.tail(&one.origin)).collect::<String>();
                    log::warn!("BACKGROUND: user '{user}': the worker that waited for an answer {how}{tail}");
                }
                Some(Gone { attempt: Some(attempt), why, .. }) => {
                    self.ended(&attempt);
                    let distrusted = why == Why::Distrusted;
                    let outcome =
                        if distrusted { Outcome::Distrusted(how) } else { Outcome::WorkerEnded(how) };
                    self.conclude(now, *attempt, &outcome);
                }
                Some(Gone { why: Why::Own, ready: false, .. }) => self.did_not_start(now, pid, how),
                Some(Gone { why: Why::Own, .. }) if how != Ended::Exited(0) => {
                    log::warn!("idle worker {pid} {how}");
                }
                _ => {}
            }
        }
        self.ends.more = true;
    }

    /// The next one would do the same: none is tried for a while.
    fn did_not_start(&mut self, now: Instant, pid: Pid, how: Ended) {
        log::error!("new worker {pid} {how} while it was starting");
        self.ramp.fork_failed(now);
        self.give_up_waiting(now);
    }

    /// Ends what workers have left running.
    pub(super) fn end_orphans(&mut self, now: Instant) {
        let workers = &self.workers;
        let found = self.ends.orphans.turn(now, |pid| workers.of_process(pid).is_some());
        self.ends.tell(now, &found.left);
        for pid in found.out_of_reach {
            log::error!(
                "process {pid} '{}', left by a PAM module, runs as another user and cannot be ended without CAP_KILL",
                name(pid)
            );
        }
    }

    /// Nobody is left to answer to. Workers and what they have left running end too, as far as the kernel lets them go.
    pub(super) fn end_workers(&mut self) {
        self.workers.kill_all();
        let started = Instant::now();
        loop {
            let now = Instant::now();
            self.child_exits.clear();
            let mut left = BATCH;
            while let Reaped::Child(pid, _) = match reap_one() {
                Reaped::NoneLeft => return,
                reaped => reaped,
            } {
                self.ends.orphans.child_ended(now, pid);
                if let Some(worker) = self.workers.of_process(pid) {
                    self.workers.mark_reaped(worker);
                    self.workers.remove(worker);
                }
                left -= 1;
                if left == 0 {
                    break;
                }
            }
            self.end_orphans(now);
            let time = if self.ends.orphans.is_empty() { REAP } else { GRACE + REAP };
            let end = started + time;
            if now >= end {
                return self.workers.kill_all_groups();
            }
            let until = self.ends.orphans.next_event(now).map_or(end, |next| next.min(end));
            if left > 0 {
                self.child_exits.wait(until.saturating_duration_since(now));
            }
        }
    }
}
