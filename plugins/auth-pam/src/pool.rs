//! Which login runs in which worker, as a state machine without processes and without a clock of its own: the
//! supervisor tells it what happened and when, and does what it says.

mod terms;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

pub use terms::{Expired, Full, Limits, Pending, Step, WorkerId};

/// Waiting this long for a worker is not worth a fork.
const SOON: Duration = Duration::from_millis(20);
/// A login that takes no longer than this is not slow, however quick others are.
const QUICK: Duration = Duration::from_millis(1);

#[derive(Debug)]
struct Waiting<J> {
    login: J,
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Worker<J> {
    born: Instant,
    served: u32,
    busy_since: Instant,
    idle_since: Instant,
    running: Option<Waiting<J>>,
}

/// The workers and the logins that wait for them.
#[derive(Debug)]
pub struct Pool<J> {
    limits: Limits,
    workers: BTreeMap<WorkerId, Worker<J>>,
    waiting: VecDeque<Waiting<J>>,
    waiting_by_address: HashMap<Vec<u8>, usize>,
    next_worker: WorkerId,
    fork_again: Option<Instant>,
    fork_held: Option<Instant>,
    lingering: usize,
    usual_time: Option<Duration>,
}

impl<J: Pending> Pool<J> {
    /// A pool without workers.
    pub fn new(limits: Limits) -> Self {
        Pool {
            limits,
            workers: BTreeMap::new(),
            waiting: VecDeque::new(),
            waiting_by_address: HashMap::new(),
            next_worker: 1,
            fork_again: None,
            fork_held: None,
            lingering: 0,
            usual_time: None,
        }
    }

    /// Takes a login; gives it back when too many wait already.
    pub fn submit(&mut self, now: Instant, login: J) -> Result<(), (J, Full)> {
        // Logins that a worker, or a fork, is about to take do not count as waiting.
        let (idle, forks) = (self.idle(), self.possible_forks(now));
        let waiting = self.waiting.len();
        if waiting >= idle + forks && waiting - (idle + forks) >= self.limits.max_pending {
            return Err((login, Full::Queue));
        }
        // A fork that is put off is not about to take one: a single address must not get so far.
        let put_off = || self.fork_held.is_some_and(|time| time > now) || self.soon_idle(now);
        if waiting >= idle && (waiting >= idle + forks || put_off()) {
            let same = self.waiting_by_address.get(login.address()).copied().unwrap_or(0);
            if !login.address().is_empty() && same >= self.limits.max_pending_per_address {
                return Err((login, Full::Address));
            }
        }
        let deadline = self.limits.time_limit.map(|limit| now + limit);
        self.push(Waiting { login, deadline }, false);
        Ok(())
    }

    /// The next thing to do, if there is one. A worker that was idle last is taken first, so that the others get old.
    pub fn step(&mut self, now: Instant) -> Option<Step> {
        if self.waiting.is_empty() {
            return None;
        }
        let idle = self.workers.iter().filter(|(_, worker)| worker.running.is_none());
        if let Some(id) = idle.max_by_key(|(_, worker)| worker.idle_since).map(|(id, _)| *id) {
            let login = self.pop();
            let worker = self.workers.get_mut(&id)?;
            (worker.running, worker.busy_since) = (login, now);
            return Some(Step::Run(id));
        }
        if self.fork_again.is_some_and(|time| time <= now) {
            self.fork_again = None;
        }
        if self.fork_held.is_some_and(|time| time <= now) {
            self.fork_held = None;
        }
        let pauses = self.fork_again.is_some() || self.fork_held.is_some();
        let may_fork = !pauses && self.processes() < self.limits.max_workers;
        (may_fork && !self.soon_idle(now)).then_some(Step::Fork)
    }

    /// Whether the workers there are will be through with the waiting logins sooner than it would pay to fork more: the
    /// stack is a quick one, and none of its logins takes longer than they usually do.
    fn soon_idle(&self, now: Instant) -> bool {
        let (Some(usual), false) = (self.usual_time, self.workers.is_empty()) else { return false };
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let workers = u32::try_from(self.workers.len()).unwrap_or(u32::MAX).max(1);
        let slow = |worker: &Worker<J>| {
            now.saturating_duration_since(worker.busy_since) > usual.saturating_mul(4).max(QUICK)
        };
        usual.saturating_mul(waiting) / workers < SOON && !self.workers.values().any(slow)
    }

    /// The login a worker runs.
    pub fn running(&self, worker: WorkerId) -> Option<&J> {
        Some(&self.workers.get(&worker)?.running.as_ref()?.login)
    }

    /// The login a worker runs, to take from it what the worker is sent.
    pub fn running_mut(&mut self, worker: WorkerId) -> Option<&mut J> {
        Some(&mut self.workers.get_mut(&worker)?.running.as_mut()?.login)
    }

    /// The logins that wait: a forked child takes from them what it must not have. To drop them there would close their
    /// files one by one, thousands of them in a burst.
    pub fn waiting(&mut self) -> impl Iterator<Item = &mut J> {
        self.waiting.iter_mut().map(|waiting| &mut waiting.login)
    }

    /// The number the next worker will get.
    pub fn next_worker(&self) -> WorkerId {
        self.next_worker
    }

    /// A fork succeeded: a new idle worker, numbered [`Pool::next_worker`].
    pub fn forked(&mut self, now: Instant) -> WorkerId {
        let id = self.next_worker;
        self.next_worker += 1;
        self.fork_again = None;
        self.workers
            .insert(id, Worker { born: now, served: 0, busy_since: now, idle_since: now, running: None });
        id
    }

    /// Instead of the fork that [`Pool::step`] asked for: there is no processor for a further worker, look again soon.
    pub fn hold_fork(&mut self, now: Instant) {
        self.fork_held = Some(now + self.limits.fork_hold);
    }

    /// The workers forked last among those that run a login they were given after `since`, at most `count`.
    pub fn newest_running(&self, count: usize, since: Instant) -> impl Iterator<Item = WorkerId> {
        let runs = move |worker: &Worker<J>| worker.running.is_some() && worker.busy_since > since;
        let running = self.workers.iter().rev().filter(move |(_, worker)| runs(worker));
        running.map(|(id, _)| *id).take(count)
    }

    /// The worker that runs the login for which `is` holds.
    pub fn runner(&self, is: impl Fn(&J) -> bool) -> Option<WorkerId> {
        let runs = |worker: &Worker<J>| worker.running.as_ref().is_some_and(|running| is(&running.login));
        self.workers.iter().find(|(_, worker)| runs(worker)).map(|(id, _)| *id)
    }

    /// A fork failed. No other is tried for a while. When there is no worker at all, the waiting logins are given
    /// back: nobody can say when they would run.
    pub fn fork_failed(&mut self, now: Instant) -> Vec<J> {
        self.fork_again = Some(now + self.limits.fork_pause);
        if !self.workers.is_empty() {
            return Vec::new();
        }
        std::iter::from_fn(|| self.pop()).map(|waiting| waiting.login).collect()
    }

    /// A worker has finished its login, which is given back. True when the worker has served its time: the pool has
    /// forgotten it and it must be told to leave.
    pub fn finished(&mut self, now: Instant, worker: WorkerId) -> Option<(J, bool)> {
        let entry = self.workers.get_mut(&worker)?;
        let done = entry.running.take()?;
        entry.served += 1;
        entry.idle_since = now;
        let took = now.saturating_duration_since(entry.busy_since);
        // A moving average; the first login, which also loads the modules, counts until there are others.
        self.usual_time = Some(self.usual_time.map_or(took, |usual| (usual * 7 + took) / 8));
        let leave = entry.served >= self.limits.max_served
            || now.saturating_duration_since(entry.born) >= self.limits.max_age;
        if leave {
            self.workers.remove(&worker);
        }
        Some((done.login, leave))
    }

    /// A worker is gone; its login, if it ran one, is given back.
    pub fn died(&mut self, worker: WorkerId) -> Option<J> {
        self.workers.remove(&worker)?.running.map(|running| running.login)
    }

    /// A worker turned out to be gone before it got its login: the login waits again, as the first.
    pub fn not_started(&mut self, worker: WorkerId) {
        if let Some(login) = self.workers.remove(&worker).and_then(|worker| worker.running) {
            self.push(login, true);
        }
    }

    /// The logins over their time.
    pub fn expired(&mut self, now: Instant) -> Vec<Expired<J>> {
        let over = |waiting: &Waiting<J>| waiting.deadline.is_some_and(|deadline| deadline <= now);
        let late: Vec<WorkerId> = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.running.as_ref().is_some_and(over))
            .map(|(id, _)| *id)
            .collect();
        let mut result = Vec::new();
        for id in late {
            result.extend(self.died(id).map(|login| Expired::Running(id, login)));
        }
        while self.waiting.front().is_some_and(over) {
            result.extend(self.pop().map(|waiting| Expired::Waiting(waiting.login)));
        }
        result
    }

    /// Idle workers that are too old or have had nothing to do for too long; the pool has forgotten them and they must
    /// be told to leave. For want of work, the last one stays.
    pub fn retired(&mut self, now: Instant) -> Vec<WorkerId> {
        let old = |worker: &Worker<J>| now.saturating_duration_since(worker.born) >= self.limits.max_age;
        let idle = self.workers.iter().filter(|(_, worker)| worker.running.is_none());
        let mut result: Vec<WorkerId> = idle.filter(|(_, worker)| old(worker)).map(|(id, _)| *id).collect();
        for id in &result {
            self.workers.remove(id);
        }
        while self.workers.len() > 1 {
            let Some((id, since)) = self.longest_idle() else { break };
            if now.saturating_duration_since(since) < self.limits.idle_time {
                break;
            }
            self.workers.remove(&id);
            result.push(id);
        }
        result
    }

    /// When [`Pool::expired`], [`Pool::retired`] or [`Pool::step`] will have something to say without anything else
    /// happening.
    pub fn next_event(&self) -> Option<Instant> {
        let running = self.workers.values().filter_map(|worker| worker.running.as_ref()?.deadline);
        let first_waiting = self.waiting.front().and_then(|waiting| waiting.deadline);
        let retire = (self.workers.len() > 1).then(|| self.longest_idle()).flatten();
        let retire = retire.map(|(_, since)| since + self.limits.idle_time);
        let fork = self.fork_again.max(self.fork_held).filter(|_| !self.waiting.is_empty());
        let idle = self.workers.values().filter(|worker| worker.running.is_none());
        let old = idle.map(|worker| worker.born + self.limits.max_age);
        // Logins that wait for a worker that is usually quick: look again whether it still is.
        let again =
            self.waiting.front().and_then(|_| self.workers.values().map(|worker| worker.busy_since).min());
        let again =
            again.and_then(|since| Some(since + self.usual_time?.saturating_mul(4).max(QUICK) + QUICK));
        let again = again.filter(|_| self.processes() < self.limits.max_workers && self.fork_again.is_none());
        let again = again.filter(|_| self.fork_held.is_none());
        running.chain(again).chain(first_waiting).chain(retire).chain(fork).chain(old).min()
    }

    #[cfg(test)]
    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Tells how many processes there still are of workers the pool has forgotten: they count as workers, so that a
    /// stack that not even SIGKILL ends at once does not fill the machine.
    /// True when that is not what was told before.
    pub fn set_lingering(&mut self, processes: usize) -> bool {
        std::mem::replace(&mut self.lingering, processes) != processes
    }

    fn processes(&self) -> usize {
        self.workers.len() + self.lingering
    }

    fn longest_idle(&self) -> Option<(WorkerId, Instant)> {
        let idle = self.workers.iter().filter(|(_, worker)| worker.running.is_none());
        idle.map(|(id, worker)| (*id, worker.idle_since)).min_by_key(|(_, since)| *since)
    }

    fn idle(&self) -> usize {
        self.workers.values().filter(|worker| worker.running.is_none()).count()
    }

    /// Workers that may still be forked.
    fn possible_forks(&self, now: Instant) -> usize {
        let may_fork = self.fork_again.is_none_or(|time| time <= now);
        if may_fork { self.limits.max_workers.saturating_sub(self.processes()) } else { 0 }
    }

    fn push(&mut self, waiting: Waiting<J>, first: bool) {
        *self.waiting_by_address.entry(waiting.login.address().to_vec()).or_insert(0) += 1;
        if first { self.waiting.push_front(waiting) } else { self.waiting.push_back(waiting) }
    }

    fn pop(&mut self) -> Option<Waiting<J>> {
        let waiting = self.waiting.pop_front()?;
        if let Some(count) = self.waiting_by_address.get_mut(waiting.login.address()) {
            *count -= 1;
            if *count == 0 {
                self.waiting_by_address.remove(waiting.login.address());
            }
        }
        Some(waiting)
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
