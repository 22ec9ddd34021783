//! The runtime and its threads, which take none of OpenVPN's signals.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use super::Limits;
use super::future_info::FutureInfo;
use super::future_table::FutureTable;
use super::guarded_future::{Body, GuardedFuture};
use crate::boundary::{make_room, without_signals};
use crate::panic_guard::drop_payload;
use crate::{lines, logging, testing};

/// At most 15 bytes, or the kernel cuts it.
const THREAD_NAME: &str = "plugin-async";

/// A runtime with what runs in it.
pub(super) struct StartedRuntime {
    pub(super) runtime: Runtime,
    pub(super) table: Arc<FutureTable>,
    /// Whose threads they are.
    pub(super) process_id: u32,
}

/// Starts futures in it, and holds no lock meanwhile.
pub(super) struct Spawner {
    handle: Handle,
    pub(super) table: Arc<FutureTable>,
}

impl StartedRuntime {
    pub(super) fn new(limits: &Limits) -> io::Result<Self> {
        // A deferred login holds two open files.
        make_room();
        let table = Arc::new(FutureTable::default());
        let (at_start, at_end, test) = (Arc::clone(&table), Arc::clone(&table), testing::current_test());
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(limits.workers)
            .max_blocking_threads(limits.blocking)
            .thread_name(THREAD_NAME)
            .enable_all()
            .on_thread_start(move || {
                at_start.thread_started();
                testing::join_test(test);
            })
            .on_thread_stop(move || at_end.thread_ended());
        // It panics if there are no threads to be had. Threads started later are started by these.
        let built = without_signals(|| catch_unwind(AssertUnwindSafe(|| builder.build())));
        let runtime = built.unwrap_or_else(|payload| {
            drop_payload("the start of AsyncTasks", payload);
            Err(io::Error::other("the system has no threads to give"))
        })?;
        Ok(Self { runtime, table, process_id: std::process::id() })
    }

    pub(super) fn spawner(&self) -> Spawner {
        Spawner { handle: self.runtime.handle().clone(), table: Arc::clone(&self.table) }
    }

    pub(super) fn is_of_another_process(&self) -> bool {
        self.process_id != std::process::id()
    }

    /// In a forked child: the parent's threads never end, and may have left locks taken.
    pub(super) fn forget(self) {
        std::mem::forget(self);
        logging::say(lines::futures_before_daemon());
    }
}

impl Spawner {
    pub(super) fn enter<R>(&self, body: impl FnOnce() -> R) -> R {
        without_signals(|| {
            let _inside = self.handle.enter();
            body()
        })
    }

    pub(super) fn launch(&self, limit: usize, info: FutureInfo, body: Body) -> io::Result<()> {
        let Some(entry) = self.table.begin(limit, info) else {
            return Err(io::Error::other(format!("{limit} futures are running, which is the limit")));
        };
        let number = entry.number();
        let task = {
            // For the clock.
            let _inside = self.handle.enter();
            self.handle.spawn(GuardedFuture::new(body, entry))
        };
        self.table.can_be_stopped(number, task.abort_handle());
        Ok(())
    }
}
