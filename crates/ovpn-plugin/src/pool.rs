//! Threads that take jobs from one bounded queue: for a backend that makes logins wait.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::panic_guard::job_guard;
use crate::{Stop, Tasks, lines, logging};

/// What a [`Pool`] made with [`Pool::new`] runs.
pub type Job = Box<dyn FnOnce(&Stop) + Send>;

/// What is done for a job.
type Work<J> = dyn Fn(J, &Stop) + Send + Sync;

/// A few threads that run jobs, and a queue for those that have to wait.
///
/// - *Bounded*: `workers` jobs run at a time and `queue` more wait. One more is given back at once ([`Refused`]).
/// - *A panic costs one job*: the log says so, and the next one runs.
/// - *Started when needed*: the first job starts the first thread, so a pool may be made in
///   [`Plugin::open`](crate::Plugin::open). Jobs belong into events and [`Plugin::start`](crate::Plugin::start), as tasks do.
/// - *Ends by itself*: when the pool is dropped, running jobs are asked to stop and waited for, and waiting ones are
///   dropped; a [`Decision`](crate::Decision) in a job rejects then. It does not matter in which order fields of the
///   plugin are dropped.
///
/// It does not look at whom a job is for: all wait in one queue, in their order. One source that floods it with logins has
/// others told to come again. If that must not be, bound sources yourself: count the undecided logins of each IPv4 address
/// or IPv6 /64 ([`AuthUserPassVerify::untrusted_address`](crate::AuthUserPassVerify::untrusted_address)), and reject one more from a source that
/// has half of the queue with [`Rejection::temporary`](crate::Rejection::temporary). Let a value that the job owns count down
/// when it is dropped, which happens in every case.
///
/// Jobs are closures:
///
/// ```
/// use ovpn_plugin::Pool;
///
/// let pool = Pool::new("backend", 4, 100);
/// pool.run(|stop| {
///     // Ask the backend; give up when `stop` says so.
///     assert!(!stop.is_set());
/// })?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// Or values of one type, which come back if there is no room: [`Tasks::pool`].
///
/// ```
/// use std::time::Duration;
/// use ovpn_plugin::{Decision, Pool, Rejection, Retry};
///
/// struct Login {
///     decision: Decision,
///     username: Vec<u8>,
/// }
///
/// /// The login is decided later, or OpenVPN's client has to come again.
/// fn decide_later(pool: &Pool<Login>, login: Login) -> std::io::Result<()> {
///     match pool.submit(login) {
///         Ok(()) => Ok(()),
///         Err(refused) => {
///             let busy = Rejection::temporary("busy", Duration::from_secs(10), Retry::SameServer);
///             refused.into_job().decision.reject_with(&busy)
///         }
///     }
/// }
/// ```
pub struct Pool<J: Send + 'static = Job> {
    name: String,
    workers: usize,
    /// Jobs there may be, running or waiting.
    most: usize,
    work: Arc<Work<J>>,
    /// Whose threads they are.
    process_id: AtomicU32,
    inner: Mutex<Inner<J>>,
}

struct Inner<J> {
    tasks: Tasks,
    queue: Arc<Queue<J>>,
    /// That the system gives no further thread was said.
    said_no_thread: bool,
}

/// What the threads share.
struct Queue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    waiting: VecDeque<J>,
    running: usize,
    threads: usize,
    closed: bool,
}

/// A job that a [`Pool`] did not take, and why.
pub struct Refused<J> {
    job: J,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Full { name: String, most: usize },
    NoThread { name: String, error: io::Error },
    OtherProcess { name: String },
}

impl Pool {
    /// At most `workers` closures run at a time, at least one, and `queue` more wait. `name` is for the log and for the
    /// names of the threads.
    #[must_use]
    pub fn new(name: &str, workers: usize, queue: usize) -> Self {
        Self::for_jobs(name, workers, queue, |job: Job, stop: &Stop| job(stop))
    }

    /// Has a closure run as soon as a thread is free.
    ///
    /// # Errors
    /// As [`Pool::submit`]. The closure is dropped, and with it a [`Decision`](crate::Decision) it holds, which rejects.
    pub fn run(&self, job: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()> {
        self.submit(Box::new(job)).map_err(io::Error::from)
    }
}

impl Tasks {
    /// A pool of threads that do `work` for each job: at most `workers` at a time, at least one, and `queue` more jobs
    /// wait. See [`Pool`].
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use ovpn_plugin::Tasks;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let pool = Tasks::pool("double", 2, 10, move |number: u32, _| tell.send(number * 2).unwrap_or_default());
    /// pool.submit(21)?;
    /// assert_eq!(told.recv(), Ok(42));
    /// # Ok::<(), ovpn_plugin::Refused<u32>>(())
    /// ```
    #[must_use]
    pub fn pool<J: Send + 'static>(
        name: &str,
        workers: usize,
        queue: usize,
        work: impl Fn(J, &Stop) + Send + Sync + 'static,
    ) -> Pool<J> {
        Pool::for_jobs(name, workers, queue, work)
    }
}

impl<J: Send + 'static> Pool<J> {
    fn for_jobs(
        name: &str,
        workers: usize,
        queue: usize,
        work: impl Fn(J, &Stop) + Send + Sync + 'static,
    ) -> Self {
        let workers = workers.max(1);
        Self {
            name: name.to_owned(),
            workers,
            most: workers.saturating_add(queue),
            work: Arc::new(work),
            process_id: AtomicU32::new(std::process::id()),
            inner: Mutex::new(Inner {
                tasks: Tasks::new(workers),
                queue: Arc::new(Queue::new()),
                said_no_thread: false,
            }),
        }
    }

    /// Hands a job over; it runs as soon as a thread is free.
    ///
    /// # Errors
    /// If as many jobs run and wait as may, or the system has no thread to give. The job comes back.
    pub fn submit(&self, job: J) -> Result<(), Refused<J>> {
        let Some(mut inner) = self.lock() else {
            return Err(Refused { job, why: Why::OtherProcess { name: self.name.clone() } });
        };
        let (threads, free) = {
            let state = inner.queue.lock();
            let jobs = state.running + state.waiting.len();
            if jobs >= self.most {
                return Err(Refused { job, why: Why::Full { name: self.name.clone(), most: self.most } });
            }
            (state.threads, state.threads > jobs)
        };
        if !free && threads < self.workers {
            if let Err(error) = self.start_thread(&mut inner, threads) {
                if threads == 0 {
                    return Err(Refused { job, why: Why::NoThread { name: self.name.clone(), error } });
                }
                if !std::mem::replace(&mut inner.said_no_thread, true) {
                    logging::say(lines::pool_stays_small(&self.name, threads, self.workers, error));
                }
            }
        }
        inner.queue.lock().waiting.push_back(job);
        inner.queue.changed.notify_one();
        Ok(())
    }

    /// Whether [`Pool::submit`] would find no room now. Where only OpenVPN's thread hands jobs over, room that is there
    /// stays until it does: ask before a login is deferred.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.lock().is_none_or(|inner| {
            let state = inner.queue.lock();
            state.running + state.waiting.len() >= self.most
        })
    }

    /// `None` in a process that was forked while another thread held the lock, which nobody opens there.
    fn lock(&self) -> Option<MutexGuard<'_, Inner<J>>> {
        if self.process_id.load(Ordering::Relaxed) == std::process::id() {
            return Some(self.inner.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let mut inner = self.inner.try_lock().ok()?;
        self.process_id.store(std::process::id(), Ordering::Relaxed);
        // A thread of the parent's may have left its lock taken, and its jobs are the parent's. `Tasks` says what is lost.
        std::mem::forget(std::mem::replace(&mut inner.queue, Arc::new(Queue::new())));
        Some(inner)
    }

    fn start_thread(&self, inner: &mut Inner<J>, number: usize) -> io::Result<()> {
        let (queue, work, pool) = (Arc::clone(&inner.queue), Arc::clone(&self.work), self.name.clone());
        let name = format!("{}-{number}", self.name);
        inner.tasks.spawn(&name, move |stop| queue.serve(&pool, |job| work(job, stop)))?;
        inner.queue.lock().threads += 1;
        Ok(())
    }
}

impl<J> Queue<J> {
    fn new() -> Self {
        let state = State { waiting: VecDeque::new(), running: 0, threads: 0, closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's life.
    fn serve(&self, pool: &str, work: impl Fn(J)) {
        while let Some(job) = self.next() {
            job_guard(pool, || work(job));
            self.lock().running -= 1;
        }
    }

    /// Waits for a job; nothing when the pool ends.
    fn next(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                state.running += 1;
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No job is begun any more. Those that wait come back.
    fn close(&self) -> VecDeque<J> {
        let mut state = self.lock();
        state.closed = true;
        self.changed.notify_all();
        std::mem::take(&mut state.waiting)
    }
}

impl<J: Send + 'static> Drop for Pool<J> {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        let Some(mut inner) = self.lock() else { return };
        // First: a thread whose job ends when it is asked to must not begin another one.
        let waiting = inner.queue.close();
        inner.tasks.tell_to_stop();
        for job in waiting {
            // Each rejects by itself, whatever the one before does.
            job_guard(&name, || drop(job));
        }
        // The field with the threads is dropped next, which waits for them.
    }
}

impl<J: Send + 'static> fmt::Debug for Pool<J> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Pool");
        out.field("name", &self.name).field("workers", &self.workers).field("most", &self.most);
        out.finish_non_exhaustive()
    }
}

impl<J> Refused<J> {
    /// The job.
    #[must_use]
    pub fn into_job(self) -> J {
        self.job
    }

    /// Whether there was no room. Else the system had no thread to give.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.why, Why::Full { .. })
    }
}

impl<J> fmt::Display for Refused<J> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(out)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { name, most } => {
                write!(out, "the pool '{name}' is full: {most} jobs run or wait, which is the limit")
            }
            Self::NoThread { name, error } => write!(out, "the pool '{name}' gets no thread: {error}"),
            Self::OtherProcess { name } => write!(out, "the pool '{name}' belongs to another process"),
        }
    }
}

/// Shows no job: a password may be in it.
impl<J> fmt::Debug for Refused<J> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Refused").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<J> std::error::Error for Refused<J> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            Why::NoThread { error, .. } => Some(error),
            Why::Full { .. } | Why::OtherProcess { .. } => None,
        }
    }
}

impl<J> From<Refused<J>> for io::Error {
    fn from(refused: Refused<J>) -> Self {
        let kind = if refused.is_full() { io::ErrorKind::WouldBlock } else { io::ErrorKind::Other };
        Self::new(kind, refused.why.to_string())
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
