//! What a helper is born with.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;

use super::messages::{News, Numbered};
use crate::channel::{Channel, ChannelError, Message};

/// A helper that has just been forked: its number, and its ways to the others.
pub struct Generation<Out, In> {
    /// Its number, from 1.
    pub number: u32,
    /// The channel to the front, the same for all generations.
    pub front: Channel<News<Out>, Numbered<In>>,
    /// Readable when the keeper has something to say or is gone.
    pub keeper: KeeperPipe,
}

impl<Out: Message, In: Message> Generation<Out, In> {
    /// Tells the front that the helper is up: the first thing it sends. What the helper before has told waits until it is
    /// read, so there may be no room yet.
    ///
    /// # Errors
    /// Those of [`Channel::send`].
    pub fn announce(&mut self, patience: Duration) -> Result<(), ChannelError> {
        self.front.send(&News::Ready(self.number), &[], patience)
    }
}

/// A pipe from the keeper, which writes to it once, or never.
pub struct KeeperPipe(pub(super) OwnedFd);

/// What the pipe has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeeperNews {
    /// Nothing yet.
    Nothing,
    /// OpenVPN is gone: the helper is to end in order.
    End,
    /// The keeper was killed. Nobody takes over when the helper dies, which still serves, and ends with the front's end of
    /// the channel.
    Gone,
}

impl KeeperPipe {
    /// Looks.
    pub fn read(&self) -> KeeperNews {
        match nix::unistd::read(&self.0, &mut [0]) {
            Ok(0) => KeeperNews::Gone,
            Ok(_) => KeeperNews::End,
            Err(Errno::EAGAIN | Errno::EINTR) => KeeperNews::Nothing,
            Err(_) => KeeperNews::Gone,
        }
    }
}

impl AsFd for KeeperPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
