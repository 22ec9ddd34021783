//! The futures that run, and what each of them is about. At the end, all that is undecided is rejected without them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::future_info::FutureInfo;

/// All of one runtime.
#[derive(Default)]
pub(super) struct FutureTable {
    table: Mutex<Entries>,
    ended: Condvar,
    threads: AtomicUsize,
}

#[derive(Default)]
struct Entries {
    next: u64,
    running: BTreeMap<u64, Entry>,
}

struct Entry {
    info: Arc<FutureInfo>,
    abort: Option<AbortHandle>,
}

/// A future's entry in the table, removed when this is dropped. What is undecided then is rejected.
pub(super) struct TableEntry {
    table: Arc<FutureTable>,
    number: u64,
    info: Arc<FutureInfo>,
}

impl FutureTable {
    /// `None` if there are `limit` of them.
    pub(super) fn begin(self: &Arc<Self>, limit: usize, info: FutureInfo) -> Option<TableEntry> {
        let info = Arc::new(info);
        let mut table = self.lock();
        if table.running.len() >= limit {
            return None;
        }
        let number = table.next;
        table.next += 1;
        table.running.insert(number, Entry { info: Arc::clone(&info), abort: None });
        Some(TableEntry { table: Arc::clone(self), number, info })
    }

    /// How to stop it. It may have ended meanwhile.
    pub(super) fn can_be_stopped(&self, number: u64, abort: AbortHandle) {
        if let Some(entry) = self.lock().running.get_mut(&number) {
            entry.abort = Some(abort);
        }
    }

    /// Rejects all that is undecided, and has the futures stop where they next wait.
    pub(super) fn stop_all(&self) {
        let stopped: Vec<_> = {
            let table = self.lock();
            table.running.values().map(|entry| (Arc::clone(&entry.info), entry.abort.clone())).collect()
        };
        for (info, abort) in stopped {
            info.give_up();
            if let Some(abort) = abort {
                abort.abort();
            }
        }
    }

    /// Waits until none runs any more. Whether that is so.
    pub(super) fn wait_until_none(&self, limit: Duration) -> bool {
        let some = |table: &mut Entries| !table.running.is_empty();
        let waited = self.ended.wait_timeout_while(self.lock(), limit, some);
        waited.unwrap_or_else(PoisonError::into_inner).0.running.is_empty()
    }

    /// Those that run.
    pub(super) fn running(&self) -> Vec<Arc<FutureInfo>> {
        self.lock().running.values().map(|entry| Arc::clone(&entry.info)).collect()
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

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TableEntry {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn info(&self) -> &FutureInfo {
        &self.info
    }
}

impl Drop for TableEntry {
    fn drop(&mut self) {
        self.info.give_up();
        // Dropped after the lock.
        let _entry = self.table.lock().running.remove(&self.number);
        self.table.ended.notify_all();
    }
}
