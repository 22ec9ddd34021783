//! The unprivileged side of line logs: one thread writes the lines of all helpers, and only that thread ever waits for the
//! reader of the log.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::Level;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::channel::{ChannelError, above_standard};
use crate::line_log::{LineReceiver, LogLine};

/// Lines read before anything else is looked at.
const BATCH: usize = 256;
/// Pause if the kernel has no memory to wait or read with.
const SHORTAGE: Duration = Duration::from_millis(500);

const LINES: u64 = 0;
const STOP: u64 = 1;

/// Reads the lines of helpers and logs them with the crate `log`.
pub struct LineWriter {
    inside: Mutex<Inside>,
    /// A batch has been written.
    progress: Condvar,
    epoll: Epoll,
    /// Its end ends the thread.
    stop: Mutex<Option<OwnedFd>>,
    _stop_reader: OwnedFd,
}

struct Inside {
    receivers: Vec<LineReceiver>,
    /// Lines were taken and are being written.
    writing: bool,
    /// Batches written so far.
    batches: u64,
    /// How many there were when somebody gave up waiting.
    given_up_at: Option<u64>,
}

/// What is known of lines after some were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// There are no more.
    All,
    /// There may be more.
    Many,
    /// There are more, which the system cannot give now.
    Shortage,
}

impl LineWriter {
    /// Reads nothing yet.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE` (descriptors), `ENOMEM`.
    pub fn new() -> nix::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let epoll = Epoll(above_standard(epoll.0)?);
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (reader, writer) = (above_standard(reader)?, above_standard(writer)?);
        // Its end is an event in any case.
        epoll.add(&reader, EpollEvent::new(EpollFlags::empty(), STOP))?;
        let inside = Inside { receivers: Vec::new(), writing: false, batches: 0, given_up_at: None };
        Ok(LineWriter {
            inside: Mutex::new(inside),
            progress: Condvar::new(),
            epoll,
            stop: Mutex::new(Some(writer)),
            _stop_reader: reader,
        })
    }

    fn enter(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the lines of one more helper read, until it ends.
    ///
    /// # Errors
    /// `ENOMEM`, `ENOSPC` (the limit on watched descriptors).
    pub fn add(&self, lines: LineReceiver) -> nix::Result<()> {
        self.epoll.add(&lines, EpollEvent::new(EpollFlags::EPOLLIN, LINES))?;
        self.enter().receivers.push(lines);
        Ok(())
    }

    /// The life of the thread that writes, until [`LineWriter::stop`].
    pub fn run(&self) {
        let mut events = [EpollEvent::empty(); 4];
        loop {
            match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(count) if events[..count].iter().any(|event| event.data() == STOP) => return,
                Ok(_) => {
                    if self.write_some() == Came::Shortage {
                        std::thread::sleep(SHORTAGE);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => std::thread::sleep(SHORTAGE),
            }
        }
    }

    /// Ends the thread.
    pub fn stop(&self) {
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Logs lines that have come; true when there may be more. For callers without a thread for it.
    pub fn write_batch(&self) -> bool {
        self.write_some() == Came::Many
    }

    fn write_some(&self) -> Came {
        let (mut found, mut shortage) = (Vec::new(), false);
        let mut inside = self.enter();
        inside.receivers.retain_mut(|receiver| {
            while found.len() < BATCH {
                match receiver.next_line() {
                    Ok(Some(line)) => found.push(line),
                    Ok(None) => return true,
                    // Out of memory, most likely: the lines are still there.
                    Err(ChannelError::System(_)) => {
                        shortage = true;
                        return true;
                    }
                    Err(_) => {
                        // Before it is closed: if another process has a copy, closing does not take it out.
                        let _ = self.epoll.delete(&*receiver);
                        return false;
                    }
                }
            }
            true
        });
        inside.writing = true;
        drop(inside);
        found.iter().for_each(write);
        let mut inside = self.enter();
        inside.writing = false;
        inside.batches += 1;
        drop(inside);
        self.progress.notify_all();
        match (found.len() >= BATCH, shortage) {
            (true, _) => Came::Many,
            (false, true) => Came::Shortage,
            (false, false) => Came::All,
        }
    }

    /// Waits until the thread has written all lines that have come so far, at most `patience`; whether it has. If it
    /// could not once, it is not waited for again before it has gone on.
    pub fn catch_up(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut inside = self.enter();
        while inside.writing || inside.receivers.iter().any(has_lines) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || inside.given_up_at == Some(inside.batches) {
                inside.given_up_at = Some(inside.batches);
                return false;
            }
            inside = self.progress.wait_timeout(inside, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

fn has_lines(receiver: &LineReceiver) -> bool {
    let mut polled = [PollFd::new(receiver.as_fd(), PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// Logs one line.
fn write(line: &LogLine) {
    let level = match line.level {
        1 => Level::Error,
        2 => Level::Warn,
        3 => Level::Info,
        _ => Level::Debug,
    };
    log::log!(level, "{}", line.text);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Barrier};

    use super::*;
    use crate::line_log::line_log;

    /// A log whose reader is stuck as long as somebody holds the lock.
    struct Stuck(Mutex<Vec<String>>, AtomicU32);
    static LOG: Stuck = Stuck(Mutex::new(Vec::new()), AtomicU32::new(0));

    impl log::Log for Stuck {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &log::Record<'_>) {
            self.1.fetch_add(1, Ordering::SeqCst);
            let line = format!("{} {}", record.level(), record.args());
            self.0.lock().unwrap().push(line);
        }
        fn flush(&self) {}
    }

    #[test]
    fn one_error_gives_up_no_helper() {
        let writer = LineWriter::new().unwrap();
        // No socket: each read fails.
        let (reader, _other_end) = nix::unistd::pipe().unwrap();
        writer.add(LineReceiver::over(reader)).unwrap();
        assert_eq!(writer.write_some(), Came::Shortage);
        assert_eq!(writer.enter().receivers.len(), 1);
    }

    /// One test, since there is one log.
    #[test]
    fn lines_are_written_in_order_and_a_stuck_log_is_not_waited_for_twice() {
        log::set_logger(&LOG).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
        let long = Duration::from_secs(20);
        let writer = Arc::new(LineWriter::new().unwrap());
        let (mut sender, receiver) = line_log().unwrap();
        writer.add(receiver).unwrap();
        // Without a thread.
        sender.send(1, 2, "one");
        assert!(!writer.catch_up(Duration::ZERO));
        assert!(!writer.write_batch());
        assert!(writer.catch_up(Duration::ZERO));
        assert_eq!(*LOG.0.lock().unwrap(), ["ERROR one"]);
        let (thread, started) = (Arc::clone(&writer), Arc::new(Barrier::new(2)));
        let start = Arc::clone(&started);
        let thread = std::thread::spawn(move || {
            start.wait();
            thread.run();
        });
        started.wait();
        for number in 0..300 {
            sender.send(3, 2, &number.to_string());
        }
        assert!(writer.catch_up(long));
        {
            let lines = LOG.0.lock().unwrap();
            assert_eq!(lines.len(), 301);
            assert!(lines[1..].iter().enumerate().all(|(number, line)| *line == format!("INFO {number}")));
        }
        let stuck = LOG.0.lock().unwrap();
        sender.send(2, 2, "stuck");
        assert!(!writer.catch_up(Duration::from_millis(50)));
        let before = Instant::now();
        assert!(!writer.catch_up(long));
        assert!(before.elapsed() < long / 2);
        drop(stuck);
        // It has gone on, so it is waited for again.
        while LOG.0.lock().unwrap().len() < 302 {
            std::thread::yield_now();
        }
        drop(sender);
        assert!(writer.catch_up(long) || writer.catch_up(long));
        assert_eq!(writer.enter().receivers.len(), 0);
        writer.stop();
        thread.join().unwrap();
        assert_eq!(LOG.1.load(Ordering::SeqCst), 302);
    }
}
