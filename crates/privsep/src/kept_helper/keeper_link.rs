//! The helper's side of its dialogue with the keeper.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::Pid;

use super::keeper_messages::{ToHelper, ToKeeper, WorkerNumber};
use super::queued_channel::QueuedChannel;
use crate::channel::{Channel, ChannelError};
use crate::os::Ended;

/// A helper's way to its keeper. Nothing here waits.
pub struct KeeperLink(pub(super) QueuedChannel<ToKeeper, ToHelper>);

/// What the keeper has to say.
#[derive(Debug)]
pub enum KeeperNews {
    /// Nothing yet.
    Nothing,
    /// This worker runs. Its process is for the log: only the keeper may signal it.
    Forked(WorkerNumber, Pid),
    /// It could not be forked.
    ForkFailed(WorkerNumber, Errno),
    /// It has ended.
    WorkerEnded(WorkerNumber, Ended),
    /// The connection that was asked for; `None`: that failed.
    Connected(Option<OwnedFd>),
    /// OpenVPN is gone: the helper is to end in order.
    End,
    /// The keeper was killed. Nobody takes over when the helper dies, and nobody forks workers.
    Gone,
}

impl KeeperLink {
    /// A way over this socket.
    #[must_use]
    pub fn from_socket(socket: OwnedFd) -> Self {
        KeeperLink(QueuedChannel::new(Channel::from_socket(socket)))
    }

    /// Looks.
    pub fn read(&mut self) -> KeeperNews {
        match self.0.try_receive() {
            Ok(None) | Err(ChannelError::System(_)) => KeeperNews::Nothing,
            Ok(Some(received)) => match received.message {
                ToHelper::Forked(worker, process) => KeeperNews::Forked(worker, Pid::from_raw(process)),
                ToHelper::ForkFailed(worker, errno) => KeeperNews::ForkFailed(worker, Errno::from_raw(errno)),
                ToHelper::Ended(worker, how) => KeeperNews::WorkerEnded(worker, how),
                ToHelper::Connected => KeeperNews::Connected(received.descriptors.into_iter().next()),
                ToHelper::End => KeeperNews::End,
            },
            Err(ChannelError::Closed | ChannelError::Malformed(_) | ChannelError::TooMuch) => {
                KeeperNews::Gone
            }
        }
    }

    /// Has a worker forked that gets this end of its channel.
    pub fn fork(&mut self, worker: WorkerNumber, channel: OwnedFd) {
        self.send(ToKeeper::Fork(worker), Some(channel));
    }

    /// Has the clerk of the plan forked; there is one at a time.
    pub fn fork_clerk(&mut self, number: WorkerNumber, channel: OwnedFd) {
        self.send(ToKeeper::ForkClerk(number), Some(channel));
    }

    /// Has a worker killed, alone or with its process group.
    pub fn kill(&mut self, worker: WorkerNumber, group: bool) {
        self.send(ToKeeper::Kill { worker, group }, None);
    }

    /// Asks for the connection of the plan.
    pub fn connect(&mut self) {
        self.send(ToKeeper::Connect, None);
    }

    /// If the keeper is gone, [`KeeperLink::read`] says so.
    fn send(&mut self, message: ToKeeper, pass: Option<OwnedFd>) {
        let _ = self.0.send(message, pass);
    }

    /// Sends what found no room before, if there is some.
    pub fn flush(&mut self) {
        let _ = self.0.flush();
    }

    /// Whether something waits for room.
    pub fn has_unsent(&self) -> bool {
        self.0.has_unsent()
    }
}

impl AsFd for KeeperLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
