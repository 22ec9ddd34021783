//! Waiting for what comes first: something was logged, a signal, or the time is over.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use terminal::Signals;

/// What has ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    Woken,
    Signal(Signal),
    TimeIsOver,
}

/// Woken by threads that read logs.
#[derive(Debug)]
pub(crate) struct Wait {
    reader: UnixStream,
    writer: Arc<UnixStream>,
}

impl Wait {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Self { reader, writer: Arc::new(writer) })
    }

    /// What ends the wait. If it was called since the last wait, the next one ends at once.
    pub(crate) fn waker(&self) -> impl Fn() + Send + Sync + 'static {
        let writer = Arc::clone(&self.writer);
        // A full pipe wakes as well.
        move || _ = (&*writer).write(&[0])
    }

    /// Waits, at most until `end`; for ever if there is none.
    pub(crate) fn until(&self, signals: &Signals, end: Option<Instant>) -> WaitEnd {
        loop {
            if let Some(signal) = signals.came() {
                return WaitEnd::Signal(signal);
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return WaitEnd::TimeIsOver;
            }
            // Not less than what is left, for which it would wake too early.
            let limit = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX)
            });
            let mut wanted = [
                PollFd::new(self.reader.as_fd(), PollFlags::POLLIN),
                PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            ];
            let _ = poll(&mut wanted, limit);
            let mut woken = false;
            let mut buffer = [0; 256];
            while (&self.reader).read(&mut buffer).is_ok_and(|count| count > 0) {
                woken = true;
            }
            if woken {
                return WaitEnd::Woken;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn several_calls_wake_once_and_time_ends() {
        let (wait, signals) = (Wait::new().unwrap(), Signals::block().unwrap());
        let wake = wait.waker();
        wake();
        wake();
        assert_eq!(wait.until(&signals, None), WaitEnd::Woken);
        let soon = Instant::now() + Duration::from_millis(10);
        assert_eq!(wait.until(&signals, Some(soon)), WaitEnd::TimeIsOver);
        assert!(Instant::now() >= soon);
    }
}
