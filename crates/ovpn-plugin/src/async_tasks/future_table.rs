//! The futures that run, and what each of them is about: at the end, whatever is undecided is rejected without them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::future_info::About;

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
    about: Arc<About>,
    abort: Option<AbortHandle>,
}

/// A future's place in the table, which is free again when this is dropped. What is undecided then is rejected.
pub(super) struct Place {
    jobs: Arc<Jobs>,
    number: u64,
    about: Arc<About>,
}

impl Jobs {
    /// `None` if there are `limit` of them.
    pub(super) fn begin(self: &Arc<Self>, limit: usize, about: About) -> Option<Place> {
        let about = Arc::new(about);
        let mut table = self.lock();
        if table.running.len() >= limit {
            return None;
        }
        let number = table.next;
        table.next += 1;
        table.running.insert(number, Job { about: Arc::clone(&about), abort: None });
        Some(Place { jobs: Arc::clone(self), number, about })
    }

    /// How to stop it. It may have ended meanwhile.
    pub(super) fn can_be_stopped(&self, number: u64, abort: AbortHandle) {
        if let Some(job) = self.lock().running.get_mut(&number) {
            job.abort = Some(abort);
        }
    }

    /// Rejects whatever is undecided, and has the futures stop where they next wait.
    pub(super) fn stop_all(&self) {
        let stopped: Vec<_> = {
            let table = self.lock();
            table.running.values().map(|job| (Arc::clone(&job.about), job.abort.clone())).collect()
        };
        for (about, abort) in stopped {
            about.give_up();
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

    /// Those that run.
    pub(super) fn running(&self) -> Vec<Arc<About>> {
        self.lock().running.values().map(|job| Arc::clone(&job.about)).collect()
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

    pub(super) fn about(&self) -> &About {
        &self.about
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.about.give_up();
        // Dropped after the lock.
        let _job = self.jobs.lock().running.remove(&self.number);
        self.jobs.ended.notify_all();
    }
}
