//! Ends what a child leaves running when it ends.
//!
//! A program that a child has started may leave its process group and its session, but not its line of descent: if this
//! process adopts orphans, each of them becomes its child at the moment the parent dies, before that can be reaped. So
//! nobody has to search trees of processes. A child that this process did not start is an orphan; when it
//! ends, its own children come the same way. A child's number stays its own until it is reaped, which only this process
//! does, so that no signal meets a stranger.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid, getpgrp};

use crate::children::Children;
use crate::helper::Reaped;
use crate::os;

/// Time between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(2);
/// SIGKILL, and a look that failed, are tried again after this time.
const RETRY: Duration = Duration::from_secs(1);
/// A look may take one part in so many of the time: among thousands of processes it takes a millisecond.
const SHARE: u32 = 10;

/// Makes this process the parent of every orphan among its descendants.
///
/// # Errors
/// None since Linux 3.4.
pub fn adopt() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Reaps one child that has ended, if there is one. What it has left is for [`Orphans`].
pub fn reap_one() -> Reaped {
    match os::wait_for(Pid::from_raw(-1), false) {
        Ok(Some((pid, how))) => Reaped::Child(pid, how),
        Ok(None) => Reaped::NotYet,
        Err(_) => Reaped::NoneLeft,
    }
}

/// Whether this process has a child that runs. Those that have ended are reaped.
pub fn have_children() -> bool {
    loop {
        match reap_one() {
            Reaped::Child(..) => {}
            Reaped::NotYet => return true,
            Reaped::NoneLeft => return false,
        }
    }
}

/// What one turn has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Orphans that are new, and were sent a signal.
    pub left: Vec<Pid>,
    /// Those that cannot be signalled: they run as another user, and this process lacks `CAP_KILL`. Told once each.
    pub out_of_reach: Vec<Pid>,
}

#[derive(Debug)]
struct Orphan {
    kill_at: Instant,
    /// When it is to be killed, or to be killed again.
    next: Instant,
    out_of_reach: bool,
}

/// The orphans of this process.
#[derive(Debug)]
pub struct Orphans {
    children: Children,
    known: HashMap<Pid, Orphan>,
    /// There may be new ones, which are to be killed at this time.
    heirs: Option<Instant>,
    not_before: Option<Instant>,
}

impl Orphans {
    /// None so far. Call [`adopt`], too.
    pub fn new() -> Self {
        Orphans { children: Children::open(), known: HashMap::new(), heirs: None, not_before: None }
    }

    /// A child was reaped, an orphan or another: what it has left is an orphan now.
    ///
    /// The time that an orphan has is that of the one who left it: a chain of processes that ignore SIGTERM ends as soon as
    /// a single one. If several end at once, nobody knows whose the orphan was, and the shortest time counts.
    pub fn child_ended(&mut self, now: Instant, pid: Pid) {
        let kill_at = self.known.remove(&pid).map_or(now + GRACE, |orphan| orphan.kill_at);
        self.heirs = Some(self.heirs.map_or(kill_at, |others| others.min(kill_at)));
    }

    /// Sends the signals that are due. `spare` says which children are none of its business. Takes a bounded time; what is
    /// left over is for the next turn.
    pub fn turn(&mut self, now: Instant, spare: impl Fn(Pid) -> bool) -> Found {
        let mut found = Found::default();
        let mut groups = Groups { own: getpgrp(), signalled: HashSet::new(), spare: &spare };
        if let Some(kill_at) = self.heirs.filter(|_| self.not_before.is_none_or(|time| time <= now)) {
            let started = Instant::now();
            if let Ok((children, all)) = self.children.list() {
                self.heirs = if all { None } else { Some(kill_at) };
                for pid in children.into_iter().filter(|pid| !spare(*pid)) {
                    if self.known.contains_key(&pid) {
                        continue;
                    }
                    if kill_at > now {
                        let _ = groups.signal(pid, Signal::SIGTERM);
                    }
                    self.known.insert(pid, Orphan { kill_at, next: kill_at, out_of_reach: false });
                    found.left.push(pid);
                }
                self.not_before = Some(now + started.elapsed() * SHARE);
            } else {
                self.not_before = Some(now + RETRY);
            }
        }
        groups.signalled.clear();
        for (pid, orphan) in self.known.iter_mut().filter(|(_, orphan)| orphan.next <= now) {
            orphan.next = now + RETRY;
            if groups.signal(*pid, Signal::SIGKILL) == Err(Errno::EPERM) && !orphan.out_of_reach {
                orphan.out_of_reach = true;
                found.out_of_reach.push(*pid);
            }
        }
        found
    }

    /// Whether none is known that has not ended.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.heirs.is_none()
    }

    /// When [`Orphans::turn`] will have something to do.
    pub fn next_event(&self, now: Instant) -> Option<Instant> {
        let look = self.heirs.map(|_| self.not_before.map_or(now, |time| time.max(now)));
        self.known.values().map(|orphan| orphan.next).chain(look).min()
    }
}

impl Default for Orphans {
    fn default() -> Self {
        Self::new()
    }
}

/// Signals orphans with their process groups: what a program has started gets SIGTERM with it, and what forks without end
/// gets SIGKILL all at once.
struct Groups<'a, S> {
    own: Pid,
    signalled: HashSet<Pid>,
    spare: &'a S,
}

impl<S: Fn(Pid) -> bool> Groups<'_, S> {
    fn signal(&mut self, pid: Pid, signal: Signal) -> nix::Result<()> {
        // The number of its group is taken as long as the group has a member, and this one is not reaped yet.
        let group = getpgid(Some(pid)).ok().filter(|group| *group != self.own && !(self.spare)(*group));
        let Some(group) = group else { return send(pid, signal) };
        if self.signalled.insert(group) {
            let _ = send(Pid::from_raw(-group.as_raw()), signal);
        }
        // The group's signal may have missed it, and says nothing of each member.
        if signal == Signal::SIGKILL { send(pid, signal) } else { Ok(()) }
    }
}

fn send(to: Pid, signal: Signal) -> nix::Result<()> {
    kill(to, signal)?;
    // A stopped process ends only when it continues.
    if signal == Signal::SIGTERM { kill(to, Signal::SIGCONT) } else { Ok(()) }
}
