//! Reaps the keeper's children: the helper, its workers, and what those leave running, which the keeper ends.

use std::time::{Duration, Instant};

use log_lines::UnloggedLine;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::children::Children;
use crate::helper::{Reaped, reap_any};
use crate::lines;
use crate::orphans::{GRACE, Orphans, reap_one};
use crate::os::Ended;

/// Children reaped at once: what forks without end must not keep the keeper from everything else.
const BATCH: usize = 256;
/// Lines about processes that were left running are at least this far apart.
const PAUSE: Duration = Duration::from_secs(1);

/// Reaps children, and knows which orphans are still to be ended or logged.
pub(super) struct Reaper {
    /// Of a keeper that is a subreaper.
    orphans: Option<Orphans>,
    /// There may be more to reap.
    more: bool,
    /// Orphans that no line has told of yet, and one of them.
    untold: Option<(usize, String)>,
    told: Option<Instant>,
}

/// Whether there are children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChildrenLeft {
    /// There may be.
    Perhaps,
    /// There are none.
    None,
}

/// What is to be logged.
pub(super) enum OrphanLine {
    /// So many processes were left running, such as this one.
    LeftRunning(usize, String),
    /// This one cannot be signalled.
    OutOfReach(String),
}

impl Reaper {
    /// None so far. `adopts`: orphans come to this process.
    pub(super) fn new(adopts: bool) -> Self {
        Reaper { orphans: adopts.then(Orphans::new), more: false, untold: None, told: None }
    }

    /// Reaps children that have ended, and whether there are others.
    pub(super) fn reap(&mut self, now: Instant) -> (Vec<(Pid, Ended)>, ChildrenLeft) {
        let mut ended = Vec::new();
        self.more = false;
        for _ in 0..BATCH {
            let reaped = if self.orphans.is_some() { reap_one() } else { reap_any() };
            match reaped {
                Reaped::Child(pid, how) => {
                    self.orphans.iter_mut().for_each(|orphans| orphans.child_ended(now, pid));
                    ended.push((pid, how));
                }
                Reaped::NotYet => return (ended, ChildrenLeft::Perhaps),
                Reaped::NoneLeft => return (ended, ChildrenLeft::None),
            }
        }
        self.more = true;
        (ended, ChildrenLeft::Perhaps)
    }

    /// Reaper orphans; `spare` says which children are none.
    pub(super) fn end_orphans(&mut self, now: Instant, spare: impl Fn(Pid) -> bool) -> Vec<OrphanLine> {
        let Some(orphans) = &mut self.orphans else { return Vec::new() };
        let found = orphans.turn(now, spare);
        let mut lines: Vec<OrphanLine> =
            found.out_of_reach.iter().map(|pid| OrphanLine::OutOfReach(named(*pid))).collect();
        match (&mut self.untold, found.left.first()) {
            (Some((count, _)), _) => *count += found.left.len(),
            (none, Some(pid)) => *none = Some((found.left.len(), named(*pid))),
            (None, None) => {}
        }
        if self.told.is_none_or(|told| now >= told + PAUSE) {
            if let Some((count, one)) = self.untold.take() {
                lines.push(OrphanLine::LeftRunning(count, one));
                self.told = Some(now);
            }
        }
        lines
    }

    /// When there is something to do although nothing happens.
    pub(super) fn next_event(&self, now: Instant) -> Option<Instant> {
        if self.more {
            return Some(now);
        }
        let line = self.untold.as_ref().map(|_| self.told.map_or(now, |told| told + PAUSE));
        let orphans = self.orphans.as_ref().and_then(|orphans| orphans.next_event(now));
        line.into_iter().chain(orphans).min()
    }

    /// Whether no orphan is known.
    pub(super) fn no_orphans(&self) -> bool {
        self.orphans.as_ref().is_none_or(Orphans::is_empty)
    }
}

fn named(pid: Pid) -> String {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    format!("{pid} '{}'", String::from_utf8_lossy(name.trim_ascii_end()).escape_debug())
}

/// Text of a line about `culprits`.
pub(super) fn unlogged(line: &OrphanLine, culprits: &str) -> UnloggedLine {
    match line {
        OrphanLine::LeftRunning(count, one) => {
            lines::left_running(culprits, *count, one, GRACE.as_secs()).unlogged()
        }
        OrphanLine::OutOfReach(one) => lines::out_of_reach(one, culprits).unlogged(),
    }
}

/// Kills all children of this process and reaps what has ended; whether none is left. What they have started becomes a
/// child of this process when they die, and is for the next call.
pub(super) fn kill_everything(children: &mut Children) -> bool {
    for child in children.list().map(|(children, _)| children).unwrap_or_default() {
        let _ = kill(child, Signal::SIGKILL);
    }
    loop {
        match reap_any() {
            Reaped::Child(..) => {}
            Reaped::NotYet => return false,
            Reaped::NoneLeft => return true,
        }
    }
}
