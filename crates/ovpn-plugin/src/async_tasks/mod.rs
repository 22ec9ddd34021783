//! Futures of a plugin (feature `tokio`): a runtime that starts after OpenVPN has become a daemon and ends with the
//! plugin.

mod answer_async;
mod future_info;
mod future_table;
mod guarded_future;
mod runtime;
mod shutdown;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use future_info::FutureInfo;
use runtime::{Spawner, StartedRuntime};

/// Futures that end with the plugin: dropping this stops them and waits for them. Make it a field of the plugin.
///
/// It is a runtime of the crate [`tokio`] with few threads, which take none of OpenVPN's signals. They are started when
/// they are needed first, or by [`AsyncTasks::start`] in [`Plugin::start`](crate::Plugin::start): not in `open`, since
/// threads do not survive the fork by which OpenVPN becomes a daemon. Futures that were started too early are named in
/// the log as an error.
///
/// ```
/// use ovpn_plugin::{AsyncTasks, AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result};
///
/// # async fn ask(name: &[u8]) -> std::io::Result<bool> { Ok(name == b"joe") }
/// struct MyPlugin {
///     tasks: AsyncTasks,
/// }
///
/// #[ovpn_plugin::plugin]
/// impl Plugin for MyPlugin {
///     const NAME: &'static str = "MINE";
///
///     fn open(_: &OpenArgs<'_>) -> Result<Self> {
///         Ok(Self { tasks: AsyncTasks::new(1000) })
///     }
///
///     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
///         let name = event.username().unwrap_or_default().to_vec();
///         event.answer_async(&self.tasks, async move {
///             if ask(&name).await? { Ok(()) } else { Err(Rejection::because("unknown user").into()) }
///         })
///     }
/// }
/// ```
///
/// # The end
///
/// When this is dropped, every login and client that is still undecided is rejected at once. Futures are dropped where
/// they next wait for something. One that does not get there, because it computes or makes a call that blocks, is named in the log every
/// two seconds. After [`AsyncTasks::close_limit`] it is left alone: its thread runs on, and the plugin's
/// code stays in memory for it. Where code cannot be kept (elsewhere than on Linux), the end is waited for without limit.
///
/// A panic in a future is one line in the log; it costs the login it decides and nothing else.
///
/// # What a future must not do
///
/// Block: the threads are few. What blocks goes to [`tokio::task::spawn_blocking`]. Programs are started there with
/// [`command`](crate::command); tokio's own way to start them would take the signal SIGCHLD from OpenVPN.
pub struct AsyncTasks {
    limits: Limits,
    started: Mutex<Option<StartedRuntime>>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    futures: usize,
    workers: usize,
    blocking: usize,
    close: Duration,
}

impl AsyncTasks {
    /// At most `limit` futures at the same time. Two threads run them, at most four more the calls that block, and the
    /// end is waited for ten seconds.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limits = Limits { futures: limit, workers: 2, blocking: 4, close: Duration::from_secs(10) };
        Self { limits, started: Mutex::new(None) }
    }

    /// How many threads run the futures; at least one. OpenVPN's unit for systemd has room for few (`TasksMax=`,
    /// `LimitNPROC=`).
    #[must_use]
    pub fn workers(mut self, threads: usize) -> Self {
        self.limits.workers = threads.max(1);
        self
    }

    /// How many threads there are at most for calls that block; at least one. Further calls wait for one of them.
    #[must_use]
    pub fn blocking_threads(mut self, threads: usize) -> Self {
        self.limits.blocking = threads.max(1);
        self
    }

    /// How long the end is waited for. OpenVPN stands still meanwhile.
    #[must_use]
    pub fn close_limit(mut self, limit: Duration) -> Self {
        self.limits.close = limit;
        self
    }

    /// Starts the threads now. Without this the first future does.
    ///
    /// # Errors
    /// If the system has no threads to give.
    pub fn start(&self) -> io::Result<()> {
        self.spawner().map(drop)
    }

    /// Starts a future that answers nobody.
    ///
    /// # Errors
    /// If there are as many futures as allowed, or the threads cannot be started. The future is dropped.
    pub fn spawn(&self, name: &str, future: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        self.launch(FutureInfo::nobody(name), future)
    }

    /// Runs `body` inside the runtime, for libraries that look for one: those that start futures of their own, or
    /// [`tokio::task::spawn_blocking`]. What is started so has no name and counts for no limit. `body` cannot wait for
    /// a future.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn enter<R>(&self, body: impl FnOnce() -> R) -> io::Result<R> {
        Ok(self.spawner()?.enter(body))
    }

    fn launch(&self, info: FutureInfo, future: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        self.spawner()?.launch(self.limits.futures, info, Box::pin(future))
    }

    /// Starts the runtime unless it runs.
    fn spawner(&self) -> io::Result<Spawner> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = started.take_if(|started| started.is_of_another_process()) {
            lost.forget();
        }
        match &*started {
            Some(started) => Ok(started.spawner()),
            None => Ok(started.insert(StartedRuntime::new(&self.limits)?).spawner()),
        }
    }
}

impl Drop for AsyncTasks {
    fn drop(&mut self) {
        let started = self.started.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        match started {
            Some(started) if started.is_of_another_process() => started.forget(),
            Some(started) => shutdown::end(started, self.limits.close),
            None => {}
        }
    }
}

impl fmt::Debug for AsyncTasks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AsyncTasks").field("limits", &self.limits).finish_non_exhaustive()
    }
}
