//! What a worker waits for: orders of the supervisor, for as long as it takes.

use std::time::{Duration, Instant};

use privsep::{Channel, ChannelError, idle_wait};

use crate::protocol::{Order, Report};

/// Pause when the system is out of a resource, and how many of them there are before the worker gives up.
const SHORTAGE: Duration = Duration::from_millis(10);
const SHORTAGES: u32 = 100;

/// The next order.
///
/// # Errors
/// Those of the channel; [`ChannelError::Closed`] is the supervisor's way to say that there will be none.
pub fn receive(channel: &mut Channel<Report, Order>) -> Result<Order, ChannelError> {
    let wait = |until: Option<Instant>| {
        channel.receive(until.map(|until| until.saturating_duration_since(Instant::now()))).transpose()
    };
    let mut received = idle_wait::wait(None, wait).transpose();
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
