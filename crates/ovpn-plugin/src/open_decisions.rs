//! How many decisions are open: each holds two of the files that OpenVPN itself may have open, and OpenVPN cannot even take a
//! connection without one.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::DeferError;
use crate::boundary::open_files_limit;

static OPEN: AtomicU64 = AtomicU64::new(0);

/// Files that a decision holds.
const FILES: u64 = 2;

/// One more, as long as this lives.
pub(crate) struct OpenDecision(());

impl OpenDecision {
    /// Up to three quarters of the files that OpenVPN may have open; where there is no such limit, any number.
    pub(crate) fn begin() -> Result<Self, DeferError> {
        let this = Self(());
        let open = OPEN.fetch_add(1, Ordering::Relaxed) + 1;
        match open_files_limit() {
            Some(limit) if !leaves_room(open, limit) => Err(DeferError::TooManyFiles { limit }),
            _ => Ok(this),
        }
    }
}

/// The first one always goes: with the fewest descriptors a single login can be decided.
fn leaves_room(open: u64, limit: u64) -> bool {
    open == 1 || open.saturating_mul(FILES) <= limit / 4 * 3
}

impl Drop for OpenDecision {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_left_to_openvpn() {
        assert!(leaves_room(96, 256) && !leaves_room(97, 256));
        assert!(leaves_room(1, 4) && !leaves_room(2, 4));
    }
}
