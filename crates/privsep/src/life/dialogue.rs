//! What a helper and its keeper say to each other: messages of fixed size. The helper has no rights of its own to fork, to
//! signal or to connect, and names a worker by the number it has given it, never by a process.

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::channel::Message;
use crate::os::Ended;
use crate::wire::{Reader, WireError, Writer};

/// Number of a worker, given by its helper; never used twice within a generation.
pub type WorkerNumber = u64;

const TAG_FORK: u8 = 1;
const TAG_KILL: u8 = 2;
const TAG_CONNECT: u8 = 3;

/// Helper to keeper.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ToKeeper {
    /// Fork a worker of this number, which is higher than any before. Brings the worker's end of its channel, and is the only
    /// message that brings a descriptor.
    Fork(WorkerNumber),
    /// Kill this worker. One that has ended meanwhile is no error.
    Kill {
        /// Which.
        worker: WorkerNumber,
        /// With its process group.
        group: bool,
    },
    /// Connect to what the plan names, see [`Plan::connect`](super::Plan::connect).
    Connect,
}

const TAG_FORKED: u8 = 17;
const TAG_FORK_FAILED: u8 = 18;
const TAG_ENDED: u8 = 19;
const TAG_CONNECTED: u8 = 20;
const TAG_END: u8 = 21;

/// Keeper to helper.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ToHelper {
    /// This worker runs. Its process is for the log only.
    Forked(WorkerNumber, Pid),
    /// It could not be forked.
    ForkFailed(WorkerNumber, Errno),
    /// It has ended.
    Ended(WorkerNumber, Ended),
    /// Brings the connection that was asked for; without a descriptor: that failed.
    Connected,
    /// OpenVPN is gone: the helper is to end in order.
    End,
}

/// A tag and a number, and for `Kill` a flag.
impl Message for ToKeeper {
    const MAX_BYTES: usize = 1 + 8 + 1;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            ToKeeper::Fork(worker) => {
                to.u8(TAG_FORK);
                to.u64(*worker);
            }
            ToKeeper::Kill { worker, group } => {
                to.u8(TAG_KILL);
                to.u64(*worker);
                to.flag(*group);
            }
            ToKeeper::Connect => to.u8(TAG_CONNECT),
        }
        Ok(())
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let message = match from.u8()? {
            TAG_FORK => ToKeeper::Fork(from.u64()?),
            TAG_KILL => ToKeeper::Kill { worker: from.u64()?, group: from.flag("group")? },
            TAG_CONNECT => ToKeeper::Connect,
            other => return Err(WireError::Unknown { field: "tag", value: other.into() }),
        };
        from.end().map(|()| message)
    }
}

/// A tag, a number, and four bytes more.
impl Message for ToHelper {
    const MAX_BYTES: usize = 1 + 8 + 1 + 4;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            ToHelper::Forked(worker, process) => {
                to.u8(TAG_FORKED);
                to.u64(*worker);
                to.u32(unsigned(process.as_raw()));
            }
            ToHelper::ForkFailed(worker, errno) => {
                to.u8(TAG_FORK_FAILED);
                to.u64(*worker);
                to.u32(unsigned(*errno as i32));
            }
            ToHelper::Ended(worker, how) => {
                let (killed, number) = match how {
                    Ended::Exited(status) => (false, status),
                    Ended::Killed(signal) => (true, signal),
                };
                to.u8(TAG_ENDED);
                to.u64(*worker);
                to.flag(killed);
                to.u32(unsigned(*number));
            }
            ToHelper::Connected => to.u8(TAG_CONNECTED),
            ToHelper::End => to.u8(TAG_END),
        }
        Ok(())
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let message = match from.u8()? {
            TAG_FORKED => ToHelper::Forked(from.u64()?, Pid::from_raw(signed(from.u32()?))),
            TAG_FORK_FAILED => ToHelper::ForkFailed(from.u64()?, Errno::from_raw(signed(from.u32()?))),
            TAG_ENDED => {
                let (worker, killed) = (from.u64()?, from.flag("kind of end")?);
                let number = signed(from.u32()?);
                ToHelper::Ended(worker, if killed { Ended::Killed(number) } else { Ended::Exited(number) })
            }
            TAG_CONNECTED => ToHelper::Connected,
            TAG_END => ToHelper::End,
            other => return Err(WireError::Unknown { field: "tag", value: other.into() }),
        };
        from.end().map(|()| message)
    }
}

fn unsigned(number: i32) -> u32 {
    u32::from_ne_bytes(number.to_ne_bytes())
}

fn signed(number: u32) -> i32 {
    i32::from_ne_bytes(number.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::there_and_back;

    #[test]
    fn what_is_sent_is_received() {
        for worker in [0, 1, u64::MAX] {
            for message in [
                ToKeeper::Fork(worker),
                ToKeeper::Kill { worker, group: false },
                ToKeeper::Kill { worker, group: true },
                ToKeeper::Connect,
            ] {
                assert_eq!(there_and_back(&message), Ok(message));
            }
            for message in [
                ToHelper::Forked(worker, Pid::from_raw(4_000_000)),
                ToHelper::ForkFailed(worker, Errno::EAGAIN),
                ToHelper::Ended(worker, Ended::Exited(255)),
                ToHelper::Ended(worker, Ended::Killed(64)),
                ToHelper::Connected,
                ToHelper::End,
            ] {
                assert_eq!(there_and_back(&message), Ok(message));
            }
        }
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        let number = 7u64.to_le_bytes();
        let fork = [&[TAG_FORK][..], &number].concat();
        for bytes in [
            vec![],
            vec![0],
            vec![TAG_FORK],
            fork[..8].to_vec(),
            [&fork[..], &[0]].concat(),
            [&[TAG_KILL][..], &number].concat(),
            [&[TAG_KILL][..], &number, &[2]].concat(),
            vec![TAG_CONNECT, 0],
            vec![TAG_END],
            [&[TAG_FORKED][..], &number, &[0; 4]].concat(),
        ] {
            assert!(ToKeeper::decode(Reader::new(&bytes)).is_err(), "{bytes:?}");
        }
        for bytes in [vec![], vec![TAG_END, 0], fork, [&[TAG_ENDED][..], &number, &[2], &[0; 4]].concat()] {
            assert!(ToHelper::decode(Reader::new(&bytes)).is_err(), "{bytes:?}");
        }
    }
}
