//! For fuzz targets: the messages of keeper and helper, and a keeper's end without a keeper behind it.

use std::os::fd::OwnedFd;

use super::keeper_link::KeeperLink;
use super::keeper_messages::{ToHelper, ToKeeper, WorkerNumber};
use crate::channel::{self, Channel};
use crate::os::Ended;
use crate::wire::testing;

/// Decodes a frame as every message that keeper and helper exchange.
pub(crate) fn decode_all(frame: &[u8]) {
    testing::check_bytes::<ToKeeper>(frame);
    testing::check_bytes::<ToHelper>(frame);
}

/// What a helper wants of its keeper.
#[derive(Debug)]
pub enum Wanted {
    /// A worker, or the clerk, that gets this end of its channel.
    Fork {
        /// Its number.
        worker: WorkerNumber,
        /// The end of its channel.
        channel: OwnedFd,
        /// It is the clerk.
        clerk: bool,
    },
    /// The end of a worker.
    Kill {
        /// Its number.
        worker: WorkerNumber,
        /// And of its process group.
        group: bool,
    },
    /// The connection of the plan.
    Connect,
}

/// The keeper's end of its dialogue with a helper.
pub struct KeeperEnd(Channel<ToHelper, ToKeeper>);

impl KeeperEnd {
    /// Both ends.
    ///
    /// # Errors
    /// Those of socketpair(2).
    pub fn pair() -> nix::Result<(KeeperLink, Self)> {
        let (helper, keeper) = channel::sockets()?;
        Ok((KeeperLink::from_socket(helper), KeeperEnd(Channel::from_socket(keeper))))
    }

    /// The next thing that the helper wants.
    ///
    /// # Panics
    /// If it is none that a keeper would obey.
    pub fn wanted(&mut self) -> Option<Wanted> {
        let mut received = self.0.try_receive().ok()??;
        let mut channel = || received.descriptors.pop().expect("a fork brings the end of a channel");
        let wanted = match received.message {
            ToKeeper::Fork(worker) => Wanted::Fork { worker, channel: channel(), clerk: false },
            ToKeeper::ForkClerk(worker) => Wanted::Fork { worker, channel: channel(), clerk: true },
            ToKeeper::Kill { worker, group } => Wanted::Kill { worker, group },
            ToKeeper::Connect => Wanted::Connect,
        };
        assert!(received.descriptors.is_empty(), "a descriptor too many");
        Some(wanted)
    }

    /// Says that this worker runs; false if there is no room for it.
    pub fn forked(&mut self, worker: WorkerNumber, process: i32) -> bool {
        self.tell(&ToHelper::Forked(worker, process))
    }

    /// Says that it could not be forked.
    pub fn fork_failed(&mut self, worker: WorkerNumber, errno: i32) -> bool {
        self.tell(&ToHelper::ForkFailed(worker, errno))
    }

    /// Says that it has ended.
    pub fn ended(&mut self, worker: WorkerNumber, how: Ended) -> bool {
        self.tell(&ToHelper::Ended(worker, how))
    }

    fn tell(&mut self, message: &ToHelper) -> bool {
        self.0.try_send(message, &[]).is_ok()
    }
}
