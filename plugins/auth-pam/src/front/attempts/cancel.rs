//! Attempts that nobody waits for any more, since their clients are gone or have gone on.

use std::ops::Bound;

use crate::protocol::Request;

use super::{Attempt, Attempts, BATCH};

impl Attempts {
    /// Drops the deferred attempts whose clients are gone, and has the supervisor not run those that still wait. Looks at a
    /// batch, the first after this id; the last id it looked at, unless it came to the end.
    pub fn cancel_unwanted(&mut self, after: u64) -> Option<u64> {
        let rest = self.table.range((Bound::Excluded(after), Bound::Unbounded));
        let looked_at: Vec<u64> = rest.map(|(id, _)| *id).take(BATCH).collect();
        for id in &looked_at {
            if self.table.get(id).is_some_and(Attempt::is_unwanted) {
                self.remove_deferred(*id);
                self.connecting.remove(id);
                self.cancel(*id);
            }
        }
        looked_at.last().copied().filter(|_| looked_at.len() == BATCH)
    }

    /// Has the supervisor not run an attempt that nobody waits for. Without effect on one that runs already.
    pub fn cancel(&mut self, id: u64) {
        if let Some(supervisor) = &mut self.supervisor {
            let _ = supervisor.try_send(Request::Cancel { id });
        }
    }
}
