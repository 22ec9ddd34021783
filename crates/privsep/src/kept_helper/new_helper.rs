//! What a helper has at its start.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::envelope::{News, Numbered};
use super::keeper_link::KeeperLink;
use crate::channel::{Channel, ChannelError, Message};

/// A helper that has just been forked: its number, and its ways to the others.
pub struct NewHelper<Out, In> {
    /// Its number, from 1.
    pub number: u32,
    /// The channel to the front, the same for all generations.
    pub front: Channel<News<Out>, Numbered<In>>,
    /// The way to the keeper.
    pub keeper: KeeperLink,
    /// Its memory is locked, as OpenVPN's is.
    pub memory_locked: bool,
    /// If it has workers.
    pub for_workers: Option<ForWorkers>,
}

/// What a helper needs for workers that the keeper forks.
pub struct ForWorkers {
    /// What they and their programs print.
    pub output: OwnedFd,
    /// Nobody else has it: when it is closed, the kernel kills all of them.
    pub parent_death_pipe: OwnedFd,
}

impl<Out: Message, In: Message> NewHelper<Out, In> {
    /// Tells the front that the helper is up: the first thing it sends. What the helper before has told waits until it is
    /// read, so there may be no room yet.
    ///
    /// # Errors
    /// Those of [`Channel::send`].
    pub fn announce(&mut self, patience: Duration) -> Result<(), ChannelError> {
        self.front.send(&News::Ready(self.number), &[], patience)
    }
}
