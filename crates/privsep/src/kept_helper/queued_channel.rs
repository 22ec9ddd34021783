//! One end of the dialogue between a helper and its keeper. Neither ever waits for the other: what finds no room is sent
//! when there is some.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;

use crate::channel::{Channel, ChannelError, Message, Received};

/// One end.
pub(super) struct QueuedChannel<Out, In> {
    channel: Channel<Out, In>,
    /// In order, each with its descriptor.
    unsent: VecDeque<(Out, Option<OwnedFd>)>,
}

impl<Out: Message, In: Message> QueuedChannel<Out, In> {
    pub(super) fn new(channel: Channel<Out, In>) -> Self {
        QueuedChannel { channel, unsent: VecDeque::new() }
    }

    /// Sends, now or later.
    ///
    /// # Errors
    /// [`ChannelError::Closed`]: the other side is gone.
    pub(super) fn send(&mut self, message: Out, pass: Option<OwnedFd>) -> Result<(), ChannelError> {
        self.unsent.push_back((message, pass));
        self.flush()
    }

    /// Sends what there is room for.
    ///
    /// # Errors
    /// As [`QueuedChannel::send`].
    pub(super) fn flush(&mut self) -> Result<(), ChannelError> {
        while let Some((message, pass)) = self.unsent.front() {
            let pass: Vec<BorrowedFd<'_>> = pass.iter().map(AsFd::as_fd).collect();
            match self.channel.try_send(message, &pass) {
                Ok(()) => drop(self.unsent.pop_front()),
                // Of the last ones: too many descriptors are on their way.
                Err(ChannelError::System(
                    Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM | Errno::ETOOMANYREFS,
                )) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether something waits for room.
    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    pub(super) fn try_receive(&mut self) -> Result<Option<Received<In>>, ChannelError> {
        self.channel.try_receive()
    }
}

impl<Out, In> AsFd for QueuedChannel<Out, In> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}
