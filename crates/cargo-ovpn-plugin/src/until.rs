//! Waiting for what comes first: something was logged, a signal, or the time is over.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use terminal::Signals;

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    Rung,
    Signal(Signal),
    TimeIsOver,
}

/// Rung by threads that read logs.
#[derive(Debug)]
pub(crate) struct Bell {
    heard: UnixStream,
    rope: Arc<UnixStream>,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let (heard, rope) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        rope.set_nonblocking(true)?;
        Ok(Self { heard, rope: Arc::new(rope) })
    }

    /// What rings it. A bell that was rung and not heard yet needs no more.
    pub(crate) fn rope(&self) -> impl Fn() + Send + Sync + 'static {
        let rope = Arc::clone(&self.rope);
        move || _ = (&*rope).write(&[0])
    }

    /// Waits, at most until `end`; for ever if there is none.
    pub(crate) fn wait(&self, signals: &Signals, end: Option<Instant>) -> Came {
        loop {
            if let Some(signal) = signals.came() {
                return Came::Signal(signal);
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Came::TimeIsOver;
            }
            // Not less than what is left, for which it would wake too early.
            let limit = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX)
            });
            let mut wanted = [
                PollFd::new(self.heard.as_fd(), PollFlags::POLLIN),
                PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            ];
            let _ = poll(&mut wanted, limit);
            let mut rung = false;
            let mut buffer = [0; 256];
            while (&self.heard).read(&mut buffer).is_ok_and(|count| count > 0) {
                rung = true;
            }
            if rung {
                return Came::Rung;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_bell_is_heard_once_and_time_ends() {
        let (bell, signals) = (Bell::new().unwrap(), Signals::hold().unwrap());
        let ring = bell.rope();
        ring();
        ring();
        assert_eq!(bell.wait(&signals, None), Came::Rung);
        let soon = Instant::now() + Duration::from_millis(10);
        assert_eq!(bell.wait(&signals, Some(soon)), Came::TimeIsOver);
        assert!(Instant::now() >= soon);
    }
}
