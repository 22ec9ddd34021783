//! The metrics on their way to the file: every few seconds the writer gets a text, if it has done with the one before. Nobody
//! waits for it.

mod families;
mod text;

use std::time::{Duration, Instant};

use nix::errno::Errno;
use privsep::directory_sandbox::Missing;
use privsep::{Channel, ChannelError, Ended};

use super::Supervisor;
use super::events::WorkerId;
use crate::metrics::file::MetricsFile;
use crate::metrics::messages::{WriterOrder, WriterReport};

/// Between two texts. Collectors read every 10 to 60 seconds.
const INTERVAL: Duration = Duration::from_secs(5);
/// A disk that takes longer than this for a text is worth a line.
const SLOW: Duration = Duration::from_secs(30);

/// The file, and who writes it.
pub struct Metrics {
    file: MetricsFile,
    writer: Option<Writer>,
    /// When there is something to do again.
    next: Instant,
    trouble: Option<Trouble>,
}

struct Writer {
    number: WorkerId,
    /// `None`: nothing more is heard from it.
    channel: Option<Channel<WriterOrder, WriterReport>>,
    /// Since when it is waited for.
    busy: Option<Instant>,
}

/// Why the file is not written. Each is logged once, and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    Failed(Errno),
    Another,
    Slow,
    Gone(String),
}

impl Metrics {
    /// Nothing is written yet.
    pub fn new(file: MetricsFile, now: Instant) -> Self {
        Metrics { file, writer: None, next: now, trouble: None }
    }

    /// When there is something to do although nothing happens.
    pub fn next_event(&self) -> Option<Instant> {
        match &self.writer {
            Some(Writer { channel: None, .. }) => None,
            Some(Writer { busy: Some(since), .. }) => {
                (self.trouble != Some(Trouble::Slow)).then_some(*since + SLOW)
            }
            _ => Some(self.next),
        }
    }

    /// Whether there is a writer.
    pub fn runs(&self) -> bool {
        self.writer.is_some()
    }

    /// Whether this is the writer.
    pub fn is_writer(&self, number: WorkerId) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.number == number)
    }

    /// The writer is no more, or was never there.
    pub fn ended(&mut self, now: Instant, why: &str) {
        self.writer = None;
        self.next = now + INTERVAL;
        self.is_in_trouble(Trouble::Gone(why.to_string()));
    }

    fn is_in_trouble(&mut self, trouble: Trouble) {
        if self.trouble.as_ref() == Some(&trouble) {
            return;
        }
        let path = self.file.path();
        let path = path.display();
        let every = INTERVAL.as_secs();
        match &trouble {
            Trouble::Failed(errno @ Errno::ENOENT) => {
                lines::metrics::directory_gone(path, errno.desc()).log();
            }
            Trouble::Failed(errno) => lines::metrics::not_written(path, errno.desc(), every).log(),
            Trouble::Another => lines::metrics::another(path).log(),
            Trouble::Slow => lines::metrics::slow(path, SLOW.as_secs()).log(),
            Trouble::Gone(how) => lines::metrics::writer_gone(path, how, every).log(),
        }
        self.trouble = Some(trouble);
    }

    fn is_written(&mut self) {
        if self.trouble.take().is_some() {
            lines::metrics::again(self.file.path().display()).log();
        }
    }

    /// The writer is up.
    fn is_up(&self, missing: &Missing, debug: bool) {
        let path = self.file.path();
        if let Some(errno) = missing.user {
            lines::metrics::not_the_owner(path.display(), errno.desc()).log();
        }
        if let Some(errno) = missing.capabilities {
            lines::metrics::keeps_capabilities(path.display(), errno.desc()).log();
        }
        if let Some(errno) = missing.root.filter(|_| debug) {
            lines::metrics::reaches_others(path.display(), errno.desc()).log();
        }
        if let Some(errno) = missing.filter.filter(|_| debug) {
            lines::metrics::no_filter(path.display(), errno.desc()).log();
        }
    }
}

impl Supervisor {
    /// Does what it is time for.
    pub(super) fn keep_metrics(&mut self, now: Instant) {
        let Some(metrics) = &self.metrics else { return };
        if metrics.next_event().is_none_or(|next| now < next) {
            return;
        }
        match &metrics.writer {
            None => self.start_writer(now),
            Some(Writer { busy: Some(_), .. }) => {
                self.metrics.iter_mut().for_each(|metrics| metrics.is_in_trouble(Trouble::Slow));
            }
            Some(_) => self.write_metrics(now),
        }
    }

    fn start_writer(&mut self, now: Instant) {
        let started = self.workers.fork_clerk(&self.events);
        let Some(metrics) = &mut self.metrics else { return };
        match started {
            Ok((number, socket)) => {
                // It says when it is up, and gets its first text then.
                metrics.writer =
                    Some(Writer { number, channel: Some(Channel::from_socket(socket)), busy: Some(now) });
            }
            Err(errno) => metrics.ended(now, &format!("cannot be started ({})", errno.desc())),
        }
    }

    fn write_metrics(&mut self, now: Instant) {
        let snapshot = self.snapshot(now);
        let Some(text) =
            self.metrics.as_ref().map(|metrics| families::render(metrics.file.server(), &snapshot))
        else {
            return;
        };
        let Some(metrics) = &mut self.metrics else { return };
        metrics.next = now + INTERVAL;
        let Some(writer) = &mut metrics.writer else { return };
        // If it is gone, its end is heard from the keeper. There is room: it has read all it got.
        if writer
            .channel
            .as_mut()
            .is_some_and(|channel| channel.try_send(&WriterOrder::Write(text.into_bytes()), &[]).is_ok())
        {
            writer.busy = Some(now);
        }
    }

    /// Hears the writer.
    pub(super) fn hear_writer(&mut self, now: Instant) {
        let debug = self.settings.debug;
        let Some(metrics) = &mut self.metrics else { return };
        let Some(Writer { number, channel: Some(channel), busy }) = &mut metrics.writer else { return };
        let received = match channel.try_receive() {
            Ok(None) | Err(ChannelError::System(_)) => return,
            Ok(Some(received)) => received.message,
            // It is as good as gone; the keeper says when it is.
            Err(_) => {
                self.events.remove(&*channel);
                let number = *number;
                metrics.writer = Some(Writer { number, channel: None, busy: None });
                return self.workers.keeper().kill(number, false);
            }
        };
        *busy = None;
        match received {
            WriterReport::Ready(missing) => {
                metrics.next = now;
                metrics.is_up(&missing.into(), debug);
            }
            WriterReport::Written => metrics.is_written(),
            WriterReport::Another => metrics.is_in_trouble(Trouble::Another),
            WriterReport::Failed(errno) => metrics.is_in_trouble(Trouble::Failed(Errno::from_raw(errno))),
        }
    }

    /// The keeper says that a process could not be forked; whether it is the writer.
    pub(super) fn writer_not_forked(&mut self, now: Instant, number: WorkerId, errno: Errno) -> bool {
        let Some(metrics) = self.metrics.as_mut().filter(|metrics| metrics.is_writer(number)) else {
            return false;
        };
        metrics.ended(now, &format!("cannot be started ({})", errno.desc()));
        true
    }

    /// The keeper says that a process has ended; whether it is the writer.
    pub(super) fn writer_ended(&mut self, now: Instant, number: WorkerId, how: Ended) -> bool {
        let Some(metrics) = self.metrics.as_mut().filter(|metrics| metrics.is_writer(number)) else {
            return false;
        };
        metrics.ended(now, &how.to_string());
        true
    }

    /// The server ends, and with it its file: numbers that nobody writes any more must not look like those of now.
    pub(super) fn remove_metrics(&mut self) {
        let writer = self.metrics.as_mut().and_then(|metrics| metrics.writer.as_mut());
        if let Some(channel) = writer.and_then(|writer| writer.channel.as_mut()) {
            let _ = channel.try_send(&WriterOrder::Remove, &[]);
        }
    }
}
