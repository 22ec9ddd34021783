//! Log lines of a privileged process, on their way to the unprivileged one that writes them.
//!
//! The privileged side never waits for a log, because the reader of the log may be stuck. Lines that find no room are
//! counted, and the count is the next line.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use log::Level;

use crate::channel::{Channel, ChannelError, Message, pair};
use crate::lines;
use crate::wire::{Reader, WireError, Writer};

/// Longest line in bytes; longer ones are cut at a character.
pub const MAX_LINE_BYTES: usize = 2048;
/// Room for lines that are not read yet, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// What the level means is up to the two sides.
    pub level: u8,
    /// The text.
    pub text: String,
}

impl Message for LogLine {
    const MAX_BYTES: usize = 1 + 4 + MAX_LINE_BYTES;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u8(self.level);
        to.bytes_field("line", cut(&self.text).as_bytes(), MAX_LINE_BYTES)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let level = from.u8()?;
        let text = String::from_utf8_lossy(from.bytes_field("line", MAX_LINE_BYTES)?).into_owned();
        from.end().map(|()| LogLine { level, text })
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A direction in which nothing is sent.
pub struct Silence;

impl Message for Silence {
    const MAX_BYTES: usize = 0;

    fn encode(&self, _to: &mut Writer) -> Result<(), WireError> {
        Ok(())
    }

    fn decode(_from: Reader<'_>) -> Result<Self, WireError> {
        Err(WireError::Short)
    }
}

/// Makes both ends.
///
/// # Errors
/// `EMFILE` and `ENFILE` (descriptors), `ENOMEM`.
pub fn line_log() -> nix::Result<(LineSender, LineReceiver)> {
    let (channel, receiver) = pair::<LogLine, Silence>()?;
    channel.set_buffer(BUFFER_BYTES);
    Ok((LineSender { channel, lost: 0 }, LineReceiver(receiver)))
}

/// The privileged end.
pub struct LineSender {
    channel: Channel<LogLine, Silence>,
    lost: u64,
}

impl LineSender {
    /// Sends a line, or counts it. `lost_level` is the level of the line with the count. Never waits.
    pub fn send(&mut self, level: u8, lost_level: u8, text: &str) {
        if self.lost > 0 {
            let text = lines::lines_lost(self.lost).to_string();
            if self.channel.try_send(&LogLine { level: lost_level, text }, &[]).is_ok() {
                self.lost = 0;
            }
        }
        let line = LogLine { level, text: text.to_string() };
        if self.lost > 0 || self.channel.try_send(&line, &[]).is_err() {
            self.lost += 1;
        }
    }
}

impl AsFd for LineSender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// Where this process's own lines go. Set once.
static OWN: OnceLock<Mutex<LineSender>> = OnceLock::new();

/// Keeps the way of this process's own lines, and of processes it forks, for [`send`].
pub fn keep(lines: LineSender) {
    let _ = OWN.set(Mutex::new(lines));
}

/// The way that was kept; nothing is sent as long as this is held.
pub fn kept() -> Option<MutexGuard<'static, LineSender>> {
    OWN.get().map(|lines| lines.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Sends a line of this process, for a logger. Never waits: a helper that panics while it holds the way would wait for itself.
/// Its line is lost then.
pub fn send(level: Level, line: &str) {
    let lines = OWN.get().map(Mutex::try_lock);
    let lines = match lines {
        Some(Ok(lines)) => Some(lines),
        Some(Err(TryLockError::Poisoned(poisoned))) => Some(poisoned.into_inner()),
        Some(Err(TryLockError::WouldBlock)) | None => None,
    };
    if let Some(mut lines) = lines {
        lines.send(level as u8, Level::Warn as u8, line);
    }
}

/// The end that reads.
pub struct LineReceiver(Channel<Silence, LogLine>);

impl LineReceiver {
    /// One that reads from this.
    #[cfg(test)]
    pub(crate) fn over(descriptor: std::os::fd::OwnedFd) -> Self {
        Self(Channel::from_socket(descriptor))
    }

    /// The next line if there is one.
    ///
    /// # Errors
    /// [`ChannelError::Closed`] when the other side is gone, and those of a channel.
    pub fn next_line(&mut self) -> Result<Option<LogLine>, ChannelError> {
        Ok(self.0.try_receive()?.map(|received| received.message))
    }
}

impl AsFd for LineReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_in_order_and_long_ones_are_cut_at_a_character() {
        let (mut sender, mut receiver) = line_log().unwrap();
        sender.send(3, 1, "one");
        sender.send(4, 1, &"\u{fc}".repeat(MAX_LINE_BYTES));
        assert_eq!(receiver.next_line().unwrap(), Some(LogLine { level: 3, text: "one".into() }));
        let long = receiver.next_line().unwrap().unwrap();
        assert_eq!((long.level, long.text), (4, "\u{fc}".repeat(MAX_LINE_BYTES / 2)));
        assert_eq!(receiver.next_line().unwrap(), None);
        drop(sender);
        assert!(matches!(receiver.next_line(), Err(ChannelError::Closed)));
    }

    #[test]
    fn who_holds_the_way_does_not_wait_for_itself() {
        let (sender, mut receiver) = line_log().unwrap();
        keep(sender);
        let held = kept();
        send(Level::Error, "lost");
        drop(held);
        send(Level::Error, "told");
        assert_eq!(receiver.next_line().unwrap().unwrap().text, "told");
    }

    #[test]
    fn lines_without_room_are_counted_and_nobody_waits() {
        let (mut sender, mut receiver) = line_log().unwrap();
        let mut sent = 0;
        while sender.lost == 0 {
            sender.send(3, 1, &"x".repeat(MAX_LINE_BYTES));
            sent += 1;
        }
        for _ in 0..9 {
            sender.send(3, 1, "lost");
        }
        let mut read = 0;
        while receiver.next_line().unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, sent - 1);
        sender.send(3, 1, "next");
        let count = receiver.next_line().unwrap().unwrap();
        assert_eq!(
            (count.level, count.text.as_str()),
            (1, "10 lines of the log were lost: they were not read in time")
        );
        assert_eq!(receiver.next_line().unwrap().unwrap().text, "next");
    }
}
