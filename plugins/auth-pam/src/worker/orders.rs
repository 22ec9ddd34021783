//! What a worker waits for: orders of the supervisor, for as long as it takes.

use std::time::Duration;

use privsep::{Channel, ChannelError, confine};

use crate::protocol::{Order, Report};

/// A worker that has had nothing to do for this long gives memory back.
const QUIET: Duration = Duration::from_secs(1);
/// Pause when the system is short of something, and how many of them there are before the worker gives up.
const SHORTAGE: Duration = Duration::from_millis(10);
const SHORTAGES: u32 = 100;

/// The next order.
///
/// # Errors
/// Those of the channel; [`ChannelError::Closed`] is the supervisor's way to say that there will be none.
pub fn receive(channel: &mut Channel<Report, Order>) -> Result<Order, ChannelError> {
    let mut received = channel.receive(Some(QUIET));
    if matches!(received, Ok(None)) {
        confine::release_memory();
        received = channel.receive(None);
    }
    for _ in 0..SHORTAGES {
        if !matches!(received, Err(ChannelError::System(_))) {
            break;
        }
        // Out of memory, most likely, and no event tells when that is over. The order is still there.
        std::thread::sleep(SHORTAGE);
        received = channel.receive(None);
    }
    received.and_then(|received| received.map(|received| received.message).ok_or(ChannelError::Closed))
}
