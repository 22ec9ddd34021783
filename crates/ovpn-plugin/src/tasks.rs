//! Threads of a plugin that end with it: OpenVPN unloads a plugin after closing it, so none may run on.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::boundary::{make_room, without_signals};
use crate::panic_guard::drop_payload;
use crate::{lines, logging, testing};

/// Threads that end with the plugin: dropping this asks them to stop and waits for them. Make it a field of the plugin.
///
/// Once one was started, the C library keeps the plugin's code in memory until OpenVPN ends, and with it the values of
/// its statics across SIGHUP; the plugin itself is dropped at close all the same.
///
/// They take none of OpenVPN's signals; programs they start with [`command`](crate::command) do. Start them in an event or in [`Plugin::start`](crate::Plugin::start), not in
/// `open`: OpenVPN may fork after that to become a daemon, and threads do not survive a fork. Those that were started
/// too early are named in the log as an error, and not waited for. What a task captures is dropped when it ends.
///
/// ```
/// use std::time::Duration;
/// let mut tasks = ovpn_plugin::Tasks::new(4);
/// tasks.spawn("wait", |stop| {
///     if stop.wait(Duration::from_secs(3600)).is_err() {
///         // The plugin is being closed.
///     }
/// })?;
/// drop(tasks);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Tasks that do not end when they are asked to are named in the log every two seconds, since OpenVPN stands still until
/// they have.
///
/// For a backend that logins wait for, a [`Pool`](crate::Pool) is the better place: it queues them, and a panic costs one.
#[derive(Debug)]
pub struct Tasks {
    stop: Stop,
    threads: Vec<Thread>,
    limit: usize,
    /// Whose threads they are.
    process_id: u32,
}

/// A task's thread.
#[derive(Debug)]
struct Thread {
    handle: JoinHandle<()>,
    /// Set when the task has ended.
    ended: Stop,
}

/// Says that a task has ended, however it did.
struct Ends(Stop);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// How often tasks are named that do not end.
const NAMED_EVERY: Duration = Duration::from_secs(2);

/// Tells a task when to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

/// The plugin is being closed: the task must return now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the plugin is being closed")
    }
}

impl std::error::Error for Stopped {}

impl Stop {
    /// Whether to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `time`; if that is more than the clock can count, as `Duration::MAX` is, without end.
    ///
    /// # Errors
    /// At once when the task is to stop.
    pub fn wait(&self, time: Duration) -> Result<(), Stopped> {
        let end = Instant::now().checked_add(time);
        let mut stopped = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(());
            }
            stopped = self.0.1.wait_timeout(stopped, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Stopped)
    }

    fn set(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

impl Tasks {
    /// At most `limit` of them at the same time.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { stop: Stop::default(), threads: Vec::new(), limit, process_id: std::process::id() }
    }

    /// Starts a task. A panic in it is one line in the log.
    ///
    /// # Errors
    /// If there are as many as allowed, or the system has no thread to give. The task is dropped, and with it a
    /// [`Decision`](crate::Decision) it holds, which rejects.
    pub fn spawn(&mut self, name: &str, task: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()> {
        self.forget_those_before_a_fork();
        self.join_finished();
        if self.threads.len() >= self.limit {
            return Err(io::Error::other(format!("{} tasks are running, which is the limit", self.limit)));
        }
        // A deferred login holds two open files.
        make_room();
        let (stop, test) = (self.stop.clone(), testing::current_test());
        let builder = std::thread::Builder::new().name(name.to_owned());
        let ended = Stop::default();
        let ends = Ends(ended.clone());
        let body = move || {
            testing::join_test(test);
            // Dropped after all that the task has captured.
            let _ends = ends;
            task(&stop);
        };
        let handle = without_signals(|| builder.spawn(body))?;
        self.threads.push(Thread { handle, ended });
        Ok(())
    }

    /// Without waiting for them.
    pub(crate) fn tell_to_stop(&mut self) {
        self.forget_those_before_a_fork();
        self.stop.set();
    }

    /// In a forked child, the parent's threads never end, and may have left the lock of their `Stop` taken.
    fn forget_those_before_a_fork(&mut self) {
        if self.process_id == std::process::id() {
            return;
        }
        self.process_id = std::process::id();
        std::mem::forget(std::mem::take(&mut self.stop));
        let lost = std::mem::take(&mut self.threads);
        if !lost.is_empty() {
            let names: Vec<_> = lost.iter().map(Thread::name).collect();
            logging::say(lines::tasks_before_daemon(names.join(", ")));
        }
        std::mem::forget(lost);
    }

    /// Also these are waited for: a thread runs on for a moment after its task has ended.
    fn join_finished(&mut self) {
        let (finished, running) = self.threads.drain(..).partition(|thread| thread.handle.is_finished());
        self.threads = running;
        join(finished);
    }
}

impl Thread {
    fn name(&self) -> &str {
        self.handle.thread().name().unwrap_or("?")
    }
}

fn join(threads: Vec<Thread>) {
    // Asking which thread this is makes the standard library leave a destructor in it. Where there were no threads, the
    // plugin is unloaded, and the destructor with it.
    if threads.is_empty() {
        return;
    }
    let this = std::thread::current().id();
    let (own, others): (Vec<_>, Vec<_>) =
        threads.into_iter().partition(|thread| thread.handle.thread().id() == this);
    for thread in own {
        logging::say(lines::task_holds_itself(thread.name()));
    }
    wait_for(&others, NAMED_EVERY, |time, names| {
        logging::say(lines::tasks_do_not_end(time.as_secs(), names));
    });
    for thread in others {
        let name = thread.name().to_owned();
        // That it panicked the log says already.
        if let Err(payload) = thread.handle.join() {
            drop_payload(&format!("the task '{name}'"), payload);
        }
    }
}

/// Waits until all have ended. Those that have not are named each time `every` has passed.
fn wait_for(threads: &[Thread], every: Duration, name: impl Fn(Duration, &str)) {
    let start = Instant::now();
    let mut next = every;
    while let Some(thread) = threads.iter().find(|thread| !thread.ended.is_set()) {
        if thread.ended.wait(next.saturating_sub(start.elapsed())).is_err() {
            continue;
        }
        let names: Vec<_> =
            threads.iter().filter(|thread| !thread.ended.is_set()).map(Thread::name).collect();
        if !names.is_empty() {
            name(next, &names.join(", "));
        }
        next = next.saturating_add(every);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.tell_to_stop();
        join(std::mem::take(&mut self.threads));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_stops_and_waits() {
        let ended = Arc::new(Mutex::new(false));
        let mut tasks = Tasks::new(1);
        let end = Arc::clone(&ended);
        tasks
            .spawn("long", move |stop| {
                assert_eq!(stop.wait(Duration::from_secs(3600)), Err(Stopped));
                assert!(stop.is_set());
                *end.lock().unwrap() = true;
            })
            .unwrap();
        assert!(tasks.spawn("another", |_| {}).is_err(), "over the limit");
        drop(tasks);
        assert!(*ended.lock().unwrap());
    }

    /// The task ends when it has been named twice, and not before.
    #[test]
    fn a_task_that_does_not_end_is_named_until_it_does() {
        let mut tasks = Tasks::new(2);
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        tasks.spawn("quick", |_| {}).unwrap();
        tasks
            .spawn("stuck", move |_| receiver.recv_timeout(Duration::from_secs(20)).unwrap_or_default())
            .unwrap();
        tasks.threads.iter().filter(|thread| thread.name() == "quick").for_each(|thread| {
            let _ = thread.ended.wait(Duration::MAX);
        });
        let (named, every) = (std::cell::Cell::new(0), Duration::from_millis(1));
        wait_for(&tasks.threads, every, |time, names| {
            named.set(named.get() + 1);
            assert_eq!((time, names), (every * named.get(), "stuck"));
            if named.get() == 2 {
                sender.send(()).unwrap();
            }
        });
        assert!(named.get() >= 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn tasks_take_no_signals() {
        let before = blocked();
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut tasks = Tasks::new(1);
        tasks.spawn("signals", move |_| sender.send(blocked()).unwrap_or_default()).unwrap();
        let in_task = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2, libc::SIGINT] {
            assert_ne!(in_task & (1 << (signal - 1)), 0, "signal {signal}");
        }
        assert_eq!(blocked(), before, "the thread that starts tasks is as before");
    }

    #[test]
    fn a_time_without_end_is_waited_for() {
        let mut tasks = Tasks::new(1);
        let (sender, receiver) = std::sync::mpsc::channel();
        tasks
            .spawn("endless", move |stop| sender.send(stop.wait(Duration::MAX)).unwrap_or_default())
            .unwrap();
        drop(tasks);
        assert_eq!(receiver.recv(), Ok(Err(Stopped)));
    }

    #[test]
    fn a_time_that_is_over_is_no_stop() {
        assert_eq!(Stop::default().wait(Duration::from_millis(1)), Ok(()));
    }

    #[cfg(target_os = "linux")]
    fn blocked() -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap_or_default().trim();
        u64::from_str_radix(mask, 16).unwrap_or(0)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_panic_while_a_task_is_started_leaves_no_signal_blocked() {
        let before = blocked();
        let started = std::panic::catch_unwind(|| Tasks::new(1).spawn("a\0name", |_| {}));
        assert!(started.is_err(), "the standard library panics");
        assert_eq!(blocked(), before);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn programs_of_a_task_have_no_signal_blocked() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut tasks = Tasks::new(1);
        let task = move |_: &Stop| {
            let output = crate::command("grep").args(["SigBlk", "/proc/self/status"]).output();
            let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            sender.send((blocked(), text.unwrap_or_default())).unwrap_or_default();
        };
        tasks.spawn("programs", task).unwrap();
        let (in_task, in_program) = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_ne!(in_task & (1 << (libc::SIGTERM - 1)), 0);
        assert_eq!(in_task & (1 << (libc::SIGCHLD - 1)), 0, "not one of OpenVPN's");
        assert_eq!(in_program.trim(), "SigBlk:\t0000000000000000");
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_stops_here() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        let mut tasks = Tasks::new(1);
        tasks.spawn("bomb", |_| std::panic::panic_any(Bomb)).unwrap();
        drop(tasks);
    }

    #[test]
    fn a_task_that_holds_its_own_tasks_does_not_wait_for_itself() {
        let tasks = Arc::new(Mutex::new(Tasks::new(1)));
        let (sender, receiver) = std::sync::mpsc::channel();
        let (own, go) = (Arc::clone(&tasks), Arc::new((Mutex::new(false), Condvar::new())));
        let gate = Arc::clone(&go);
        let task = move |_: &Stop| {
            let mut open = gate.0.lock().unwrap();
            while !*open {
                open = gate.1.wait(open).unwrap();
            }
            drop(own);
            sender.send(()).unwrap_or_default();
        };
        tasks.lock().unwrap().spawn("own", task).unwrap();
        drop(tasks);
        *go.0.lock().unwrap() = true;
        go.1.notify_all();
        receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}
