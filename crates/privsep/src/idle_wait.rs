//! Waiting: a helper that has had nothing to do for a second gives memory back.

use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollTimeout};

use crate::{code_pages, os};

/// A helper that has had nothing to do for this long gives memory back.
const IDLE: Duration = Duration::from_secs(1);

/// Gives memory back: what is free of what was inherited at the fork and of what the last piece of work needed, and pages
/// of code. It costs some 200 microseconds now, and some page faults later.
pub fn release_memory() {
    // First, for it needs memory itself.
    let code = code_pages::find();
    os::trim_heap();
    code_pages::release(&code);
}

/// Waits for an event until a time (`None`: as long as it takes) by means of `wait`, which says `None` when the time is
/// over. Where nothing happens for a second memory is given back, see [`release_memory`], and nothing but `wait` is run
/// afterwards: all other code stays where it was let go.
pub fn wait<T>(until: Option<Instant>, mut wait: impl FnMut(Option<Instant>) -> Option<T>) -> Option<T> {
    let idle_from = Instant::now() + IDLE;
    if until.is_some_and(|until| until <= idle_from) {
        return wait(until);
    }
    wait(Some(idle_from)).or_else(|| {
        release_memory();
        wait(until)
    })
}

/// The same with poll(2); zero when the time is over.
///
/// # Errors
/// Those of poll(2), `EINTR` among them.
pub fn poll(polled: &mut [PollFd<'_>], until: Option<Instant>) -> nix::Result<i32> {
    let happened = wait(until, |until| {
        Some(nix::poll::poll(polled, timeout(until))).filter(|happened| *happened != Ok(0))
    });
    happened.unwrap_or(Ok(0))
}

/// What poll(2) takes for a time (`None`: as long as it takes).
pub(crate) fn timeout(until: Option<Instant>) -> PollTimeout {
    until.map_or(PollTimeout::NONE, |until| {
        // Rounded up: a wait that rounds to zero would spin.
        let left = until.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
    })
}
