//! What was decided about an attempt.

use std::time::Duration;

use super::question::Question;

/// When a client should try again after a temporary failure, if nothing says how long that lasts.
pub const BACKOFF: Duration = Duration::from_secs(15);

privsep::wire! {
    /// What was decided about an attempt.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Verdict {
        /// The client may come in.
        1 => Accepted {
            /// Time from the arrival of the attempt.
            took: Duration,
        },
        /// It may not.
        2 => Rejected,
        /// It may not now, through no fault of its own; it should try again.
        3 => Temporary {
            /// Why.
            cause: TemporaryCause,
            /// When to try again, whole seconds.
            backoff: Duration,
        },
        /// It may not yet: the client is to come again with the answer to this.
        4 => Asked(question: Box<Question>),
    }
}

privsep::wire! {
    /// Why an attempt fails for now. None depends on what the client sent.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TemporaryCause {
        /// A limit of our own is reached.
        1 => Busy,
        /// PAM did not answer within the time limit.
        2 => NoAnswer,
        /// The backend is unreachable for all users.
        3 => Away,
        /// Too many failures from the same source.
        4 => Failures,
        /// A signal has ended the worker.
        5 => Crashed,
    }
}

privsep::wire! {
    /// Whose fault a failure of PAM's is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum WhoseFault {
        /// The client, as far as is known.
        0 => Client,
        /// The plugin line or the PAM service: what the client sent was not judged, or was right.
        1 => Configuration,
        /// One of both: a module may have refused what the client sent, before the configuration failed another one.
        2 => Unclear,
    }
}
