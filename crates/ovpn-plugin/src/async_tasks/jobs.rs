//! The futures that run, by name, with what each of them is to decide: at the end, whatever is undecided is rejected
//! without them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::{ConnectDecision, Decision};

/// All of one runtime.
#[derive(Default)]
pub(super) struct Jobs {
    table: Mutex<Table>,
    ended: Condvar,
    threads: AtomicUsize,
}

#[derive(Default)]
struct Table {
    next: u64,
    running: BTreeMap<u64, Job>,
}

struct Job {
    name: Arc<str>,
    waiting: Waiting,
    abort: Option<AbortHandle>,
}

/// A future's place in the table, which is free again when this is dropped. What is undecided then is rejected.
pub(super) struct Place {
    jobs: Arc<Jobs>,
    number: u64,
    name: Arc<str>,
    waiting: Waiting,
}

impl Jobs {
    /// `None` if there are `limit` of them.
    pub(super) fn begin(self: &Arc<Self>, limit: usize, name: String, waiting: Waiting) -> Option<Place> {
        let name: Arc<str> = name.into();
        let mut table = self.lock();
        if table.running.len() >= limit {
            return None;
        }
        let number = table.next;
        table.next += 1;
        let job = Job { name: Arc::clone(&name), waiting: waiting.clone(), abort: None };
        table.running.insert(number, job);
        Some(Place { jobs: Arc::clone(self), number, name, waiting })
    }

    /// How to stop it. It may have ended meanwhile.
    pub(super) fn can_be_stopped(&self, number: u64, abort: AbortHandle) {
        if let Some(job) = self.lock().running.get_mut(&number) {
            job.abort = Some(abort);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().running.len()
    }

    /// Rejects whatever is undecided, and has the futures stop where they next wait.
    pub(super) fn stop_all(&self) {
        let stopped: Vec<_> = {
            let table = self.lock();
            table.running.values().map(|job| (job.waiting.clone(), job.abort.clone())).collect()
        };
        for (waiting, abort) in stopped {
            waiting.give_up();
            if let Some(abort) = abort {
                abort.abort();
            }
        }
    }

    /// Waits until none runs any more. Whether that is so.
    pub(super) fn wait_until_none(&self, limit: Duration) -> bool {
        let some = |table: &mut Table| !table.running.is_empty();
        let waited = self.ended.wait_timeout_while(self.lock(), limit, some);
        waited.unwrap_or_else(PoisonError::into_inner).0.running.is_empty()
    }

    /// The names of those that run.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.lock().running.values().map(|job| Arc::clone(&job.name)).collect()
    }

    pub(super) fn thread_started(&self) {
        self.threads.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn thread_ended(&self) {
        self.threads.fetch_sub(1, Ordering::AcqRel);
    }

    /// The runtime's threads, those for calls that block included.
    pub(super) fn threads(&self) -> usize {
        self.threads.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.is_wanted()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.give_up();
        // Dropped after the lock.
        let _job = self.jobs.lock().running.remove(&self.number);
        self.jobs.ended.notify_all();
    }
}

/// Who waits for a future's result, if anybody does.
#[derive(Clone)]
pub(super) struct Waiting(Option<Arc<dyn Undecided>>);

impl Waiting {
    pub(super) fn nobody() -> Self {
        Self(None)
    }

    pub(super) fn for_decision<D: Deferred>(slot: &Arc<Slot<D>>) -> Self {
        Self(Some(Arc::<Slot<D>>::clone(slot)))
    }

    fn is_wanted(&self) -> bool {
        self.0.as_ref().is_none_or(|undecided| undecided.is_wanted())
    }

    fn give_up(&self) {
        if let Some(undecided) = &self.0 {
            undecided.give_up();
        }
    }
}

trait Undecided: Send + Sync {
    fn is_wanted(&self) -> bool;

    /// Drops the decision, which rejects.
    fn give_up(&self);
}

/// A decision, until it is taken or given up.
pub(super) struct Slot<D>(Mutex<Option<D>>);

impl<D> Slot<D> {
    pub(super) fn new(decision: D) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(decision))))
    }

    /// `None` if it was given up.
    pub(super) fn take(&self) -> Option<D> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<D: Deferred> Undecided for Slot<D> {
    fn is_wanted(&self) -> bool {
        let decision = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        decision.as_ref().is_none_or(D::is_wanted)
    }

    fn give_up(&self) {
        drop(self.take());
    }
}

/// What can be decided later.
pub(super) trait Deferred: Send + 'static {
    fn is_wanted(&self) -> bool;
}

impl Deferred for Decision {
    fn is_wanted(&self) -> bool {
        Decision::is_wanted(self)
    }
}

impl Deferred for ConnectDecision {
    fn is_wanted(&self) -> bool {
        ConnectDecision::is_wanted(self)
    }
}
