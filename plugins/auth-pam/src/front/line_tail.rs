//! The end of a line of the log about something that is not over yet: what it took is known when the line is written.

use std::fmt;
use std::time::Instant;

use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::time_taken::TimeTaken;

/// As [`AttemptOrigin::line_tail_with_time`].
#[derive(Debug, Clone)]
pub struct LineTail {
    /// The client, and the reference.
    pub origin: AttemptOrigin,
    /// Name of OpenVPN's configuration.
    pub config: Option<String>,
    /// When it came.
    pub arrived: Instant,
}

impl fmt::Display for LineTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = TimeTaken::of(self.arrived.elapsed());
        f.write_str(&self.origin.line_tail_with_time(self.config.as_deref(), Some(took)))
    }
}
