//! What a helper and its keeper say to each other: messages of fixed size. The helper has no rights of its own to fork, to
//! signal or to connect, and names a worker by the number it has given it, never by a process.

use crate::os::Ended;

/// Number of a worker, given by its helper; never used twice within a generation.
pub type WorkerNumber = u64;

crate::wire! {
    /// Helper to keeper.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) enum ToKeeper {
        /// Fork a worker of this number, which is higher than any before. Brings the worker's end of its channel. Only this
        /// message and the next one bring a descriptor.
        1 => Fork(worker: WorkerNumber),
        /// The same for the clerk, see [`WorkersPlan::clerk`](super::WorkersPlan::clerk).
        4 => ForkClerk(worker: WorkerNumber),
        /// Kill this worker. One that has ended meanwhile is no error.
        2 => Kill {
            /// Which.
            worker: WorkerNumber,
            /// With its process group.
            group: bool,
        },
        /// Connect to what the plan names, see [`Plan::connect`](super::Plan::connect).
        3 => Connect,
    }
}

crate::wire! {
    /// Keeper to helper.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) enum ToHelper {
        /// This worker runs. Its process is for the log only.
        17 => Forked(worker: WorkerNumber, process: i32),
        /// It could not be forked.
        18 => ForkFailed(worker: WorkerNumber, errno: i32),
        /// It has ended.
        19 => Ended(worker: WorkerNumber, how: Ended),
        /// Brings the connection that was asked for; without a descriptor: that failed.
        20 => Connected,
        /// OpenVPN is gone: the helper is to end in order.
        21 => End,
    }
}

crate::message!(ToKeeper);
crate::message!(ToHelper);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Encoding;
    use crate::wire::{mutated, reference, testing};

    proptest! {
        #[test]
        fn each_message_keeps_its_bounds(seed: u64) {
            testing::check::<ToKeeper>(seed);
            testing::check::<ToHelper>(seed);
        }

        #[test]
        fn arbitrary_bytes_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..20)) {
            testing::check_bytes::<ToKeeper>(&frame);
            testing::check_bytes::<ToHelper>(&frame);
        }

        #[test]
        fn changed_messages_are_refused_or_others(seed: u64) {
            mutated::check_mutated::<ToKeeper>(seed);
            mutated::check_mutated::<ToHelper>(seed);
        }
    }

    #[test]
    fn generated_reference_of_messages() {
        reference::compare(
            "keeper-messages.md",
            "# Messages of keeper and helper\n\nBoth plugins have them; down-root's helper has no workers.\n",
            &[("Helper to keeper", ToKeeper::SHAPE), ("Keeper to helper", ToHelper::SHAPE)],
        );
    }
}
